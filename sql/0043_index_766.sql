-- The index of QD 766 by unit and month: what each indicator scores, and what it would take to score more. Indicators
-- whose figure the warehouse does not have stay, without points and with the reason.

create table blue.index_766 (
    period_grain text not null,
    period_start date not null,
    as_of date not null,
    agency_code text not null,
    indicator_code text not null,
    group_of_five text not null,
    group_of_six text not null,
    kpi_code text,
    numerator numeric,
    denominator numeric,
    rate numeric,
    threshold numeric not null,
    max_points numeric not null,
    points numeric,
    points_reason text,
    missing_to_full numeric,
    missing_to_next numeric,
    is_confirmed boolean not null,
    primary key (period_start, period_grain, agency_code, indicator_code)
);

create table blue.index_766_total (
    period_grain text not null,
    period_start date not null,
    as_of date not null,
    agency_code text not null,
    roll_up text not null,
    group_code text not null,
    indicator_count int not null,
    scored_count int not null,
    max_points numeric not null,
    scored_max_points numeric not null,
    points numeric,
    scored_pct numeric,
    band_code text,
    primary key (period_start, period_grain, agency_code, roll_up, group_code)
);

select publish.add_to_green('index_766');
select publish.add_to_green('index_766_total');

select publish.add_to_marts(
    'index_766', 'index_766',
    't.agency_code, t.period_start, t.as_of, t.indicator_code, t.group_of_five, t.group_of_six, t.kpi_code, '
    't.numerator, t.denominator, t.rate, t.threshold, t.max_points, t.points, t.points_reason, t.missing_to_full, '
    't.missing_to_next, t.is_confirmed',
    'Bộ chỉ số 766 theo đơn vị và tháng / The index of QD 766 by unit and month'
);
select publish.add_to_marts(
    'index_766_total', 'index_766_total',
    't.agency_code, t.period_start, t.as_of, t.roll_up, t.group_code, t.indicator_count, t.scored_count, t.max_points, '
    't.scored_max_points, t.points, t.scored_pct, t.band_code',
    'Tổng điểm bộ chỉ số 766, năm nhóm và sáu nhóm / Totals of the index of QD 766, in five groups and in six'
);
