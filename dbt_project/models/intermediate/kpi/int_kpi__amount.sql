with period as (
    select * from {{ ref('int_kpi__period') }}
),

component as (
    select * from {{ ref('fct_kpi_component') }}
),

definition as (
    select * from {{ ref('kpi_definition') }}
),

scope as (
    select * from {{ ref('int_agency__scope') }}
),

wanted as (
    select numerator_measure as measure_code, numerator_time_rollup as time_rollup, numerator_unit_rollup as unit_rollup
    from definition
    union
    select denominator_measure, denominator_time_rollup, denominator_unit_rollup
    from definition
    where denominator_measure is not null
    union
    select caveat_measure, 'last', 'sum'
    from definition
    where caveat_measure is not null
),

timed as (
    select distinct wanted.measure_code, wanted.time_rollup
    from wanted
),

-- stocks: of each unit the last snapshot of the period; the row without a key says that the unit was in a snapshot
last_seen as (
    select
        period.period_grain,
        period.period_start,
        period.reference_date,
        component.measure_code,
        component.agency_code,
        max(component.observed_date) as observed_date
    from period
    inner join component on component.business_month between period.period_start and period.period_end
    inner join timed on component.measure_code = timed.measure_code and timed.time_rollup = 'last'
    where component.distinct_key = ''
    group by
        period.period_grain, period.period_start, period.reference_date, component.measure_code, component.agency_code
),

stock as (
    select
        last_seen.period_grain,
        last_seen.period_start,
        last_seen.measure_code,
        last_seen.agency_code,
        component.distinct_key,
        -- what ran out between the snapshot and the day of looking no longer counts
        case
            when component.valid_until < last_seen.reference_date then 0
            else component.amount
        end as amount,
        last_seen.observed_date as member_date,
        last_seen.observed_date
    from last_seen
    inner join component
        on
            component.business_month = date_trunc('month', last_seen.observed_date)::date
            and last_seen.measure_code = component.measure_code
            and last_seen.agency_code = component.agency_code
            and last_seen.observed_date = component.observed_date
),

-- flows: everything within the period, under the units as they were in its month; of what was pending at month-ends
-- only what was so on the day of looking
flow as (
    select
        period.period_grain,
        period.period_start,
        component.measure_code,
        component.agency_code,
        component.distinct_key,
        component.amount,
        component.observed_date as member_date,
        null::date as observed_date
    from period
    inner join component on component.business_month between period.period_start and period.period_end
    inner join timed on component.measure_code = timed.measure_code and timed.time_rollup <> 'last'
    where component.valid_until is null or component.valid_until >= period.reference_date
),

own as (
    select * from stock
    union all
    select * from flow
),

-- of the denominator's things those for which the same unit has the numerator's thing
matching as (
    select distinct definition.numerator_measure, definition.denominator_measure
    from definition
    where definition.numerator_unit_rollup = 'distinct_in_denominator'
),

matched as (
    select
        offered.period_grain,
        offered.period_start,
        matching.numerator_measure as measure_code,
        matching.denominator_measure as within_measure,
        offered.agency_code,
        offered.distinct_key,
        offered.member_date,
        offered.observed_date
    from matching
    inner join own as offered on matching.denominator_measure = offered.measure_code
    where exists (
        select from own as asked
        where
            asked.measure_code = matching.numerator_measure
            and asked.period_grain = offered.period_grain
            and asked.period_start = offered.period_start
            and asked.agency_code = offered.agency_code
            and asked.distinct_key = split_part(offered.distinct_key, '|', 1)
    )
),

added as (
    select
        own.period_grain,
        own.period_start,
        scope.agency_code,
        scope.scope,
        scope.unit_basis,
        own.measure_code,
        '' as within_measure,
        sum(own.amount * scope.share) as amount,
        -- a unit was divided, and nobody has declared by which shares
        coalesce(bool_or(scope.share is null and own.amount <> 0), false) as is_split,
        count(distinct own.agency_code)::int as agencies_reporting,
        min(own.observed_date) as observed_date
    from own
    inner join wanted on own.measure_code = wanted.measure_code and wanted.unit_rollup = 'sum'
    inner join scope
        on own.agency_code = scope.member_code and own.member_date between scope.valid_from and scope.valid_to
    group by own.period_grain, own.period_start, scope.agency_code, scope.scope, scope.unit_basis, own.measure_code
),

keyed as (
    select
        own.period_grain,
        own.period_start,
        own.measure_code,
        '' as within_measure,
        own.agency_code,
        own.distinct_key,
        own.member_date,
        own.observed_date
    from own
    inner join wanted on own.measure_code = wanted.measure_code and wanted.unit_rollup = 'distinct'
    union all
    select
        matched.period_grain,
        matched.period_start,
        matched.measure_code,
        matched.within_measure,
        matched.agency_code,
        matched.distinct_key,
        matched.member_date,
        matched.observed_date
    from matched
),

counted as (
    select
        keyed.period_grain,
        keyed.period_start,
        scope.agency_code,
        scope.scope,
        scope.unit_basis,
        keyed.measure_code,
        keyed.within_measure,
        count(distinct keyed.distinct_key) filter (where keyed.distinct_key <> '') as amount,
        -- things can't be had in part
        coalesce(bool_or(scope.share is distinct from 1 and keyed.distinct_key <> ''), false) as is_split,
        count(distinct keyed.agency_code)::int as agencies_reporting,
        min(keyed.observed_date) as observed_date
    from keyed
    inner join scope
        on keyed.agency_code = scope.member_code and keyed.member_date between scope.valid_from and scope.valid_to
    group by
        keyed.period_grain, keyed.period_start, scope.agency_code, scope.scope, scope.unit_basis, keyed.measure_code,
        keyed.within_measure
),

final as (
    select * from added
    union all
    select * from counted
)

select * from final
