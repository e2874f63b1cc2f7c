-- depends_on: {{ ref('int_kpi__touched') }}
-- Postgres guesses a handful of cells where there are many thousands and would compare each with each: hash joins only.
{{ config(
    affected='int_kpi__touched', unique_key=['period_grain', 'period_start'],
    pre_hook=["set local enable_nestloop = off", "set local enable_mergejoin = off"], post_hook="{{ refresh_statistics() }}"
) }}

with period as (
    select * from {{ ref('int_kpi__period') }}
),

amount as (
    select * from {{ ref('int_kpi__amount') }}
),

quarantined as (
    select * from {{ ref('int_kpi__quarantined_share') }}
),

scope as (
    select * from {{ ref('int_agency__scope') }}
),

agency as (
    select * from {{ ref('dim_agency') }}
),

definition as (
    select * from {{ ref('kpi_definition') }}
),

measure as (
    select * from {{ ref('kpi_measure') }}
),

freshness as (
    select * from {{ ref('data_freshness') }}
),

-- a flow is known up to the day of its stalest dataset; NULL when one of them was never received
measure_known as (
    select
        measure.measure_code,
        measure.domain,
        measure.kind,
        case when bool_and(freshness.data_as_of is not null) then min(freshness.data_as_of) end as data_as_of
    from measure
    cross join lateral unnest(string_to_array(measure.datasets, ';')) as needed (dataset)
    left join freshness on needed.dataset = freshness.dataset
    group by measure.measure_code, measure.domain, measure.kind
),

-- every unit that exists in a period has its row, whether it did anything or not
existing as (
    select
        period.period_grain,
        period.period_start,
        period.period_end,
        period.reference_date,
        scope.agency_code,
        scope.scope,
        count(distinct scope.member_code)::int as agencies_expected
    from period
    inner join scope on scope.valid_from <= period.reference_date and scope.valid_to >= period.period_start
    group by
        period.period_grain, period.period_start, period.period_end, period.reference_date, scope.agency_code,
        scope.scope
),

level as (
    select distinct on (existing.period_grain, existing.period_start, agency.agency_code)
        existing.period_grain,
        existing.period_start,
        agency.agency_code,
        agency.level
    from existing
    inner join agency
        on
            existing.agency_code = agency.agency_code
            and agency.valid_from <= existing.reference_date
            and coalesce(agency.valid_to, 'infinity') >= existing.period_start
    order by existing.period_grain, existing.period_start, agency.agency_code, agency.valid_from desc
),

cell as (
    select
        existing.*,
        definition.kpi_code,
        definition.kpi_version,
        definition.method,
        definition.due_basis,
        definition.unit,
        definition.target,
        definition.direction,
        definition.numerator_measure,
        definition.denominator_measure,
        definition.caveat_measure,
        case
            when definition.numerator_unit_rollup = 'distinct_in_denominator' then definition.denominator_measure
            else ''
        end as within_measure
    from existing
    inner join level using (period_grain, period_start, agency_code)
    inner join definition
        on
            existing.reference_date between definition.valid_from and coalesce(definition.valid_to, 'infinity')
            and level.level = any(string_to_array(definition.applies_to_levels, ';'))
),

counted as (
    select
        cell.*,
        coalesce(numerator.amount, 0) as numerator,
        case when cell.denominator_measure is not null then coalesce(denominator.amount, 0) end as denominator,
        coalesce(
            case when cell.denominator_measure is null then numerator.agencies_reporting
            else denominator.agencies_reporting end, 0
        ) as agencies_reporting,
        denominator_known.kind = 'stock' and denominator.amount is null as is_unobserved,
        coalesce(caveat.amount, 0) > 0 as has_caveat,
        -- a stock is known on the day of its snapshot, a flow up to the day of the data or the end of the period
        case
            when numerator_known.kind <> 'stock' then least(numerator_known.data_as_of, cell.period_end)
            else numerator.observed_date
        end as numerator_as_of,
        case
            when denominator_known.kind <> 'stock' then least(denominator_known.data_as_of, cell.period_end)
            else denominator.observed_date
        end as denominator_as_of,
        greatest(numerator_refused.quarantined_share, denominator_refused.quarantined_share, 0) as quarantined_share
    from cell
    inner join measure_known as numerator_known on cell.numerator_measure = numerator_known.measure_code
    left join measure_known as denominator_known on cell.denominator_measure = denominator_known.measure_code
    left join amount as numerator
        on
            cell.period_grain = numerator.period_grain
            and cell.period_start = numerator.period_start
            and cell.agency_code = numerator.agency_code
            and cell.scope = numerator.scope
            and cell.numerator_measure = numerator.measure_code
            and cell.within_measure = numerator.within_measure
    left join amount as denominator
        on
            cell.period_grain = denominator.period_grain
            and cell.period_start = denominator.period_start
            and cell.agency_code = denominator.agency_code
            and cell.scope = denominator.scope
            and cell.denominator_measure = denominator.measure_code
            and denominator.within_measure = ''
    left join amount as caveat
        on
            cell.period_grain = caveat.period_grain
            and cell.period_start = caveat.period_start
            and cell.agency_code = caveat.agency_code
            and cell.scope = caveat.scope
            and cell.caveat_measure = caveat.measure_code
    left join quarantined as numerator_refused
        on
            cell.period_grain = numerator_refused.period_grain
            and cell.period_start = numerator_refused.period_start
            and cell.agency_code = numerator_refused.agency_code
            and cell.scope = numerator_refused.scope
            and numerator_known.domain = numerator_refused.domain
    left join quarantined as denominator_refused
        on
            cell.period_grain = denominator_refused.period_grain
            and cell.period_start = denominator_refused.period_start
            and cell.agency_code = denominator_refused.agency_code
            and cell.scope = denominator_refused.scope
            and denominator_known.domain = denominator_refused.domain
),

divided as (
    select
        counted.*,
        case
            when counted.denominator_measure is null then counted.numerator
            when counted.denominator > 0
                then case counted.unit when 'percent' then 100.0 else 1.0 end * counted.numerator / counted.denominator
        end as value
    from counted
),

final as (
    select
        divided.kpi_code,
        divided.kpi_version,
        divided.method,
        divided.due_basis,
        divided.agency_code,
        divided.scope,
        'as_was' as unit_basis,
        divided.period_grain,
        divided.period_start,
        divided.numerator,
        divided.denominator,
        divided.value,
        divided.unit,
        case
            when divided.value is null and divided.is_unobserved then 'denominator_unknown'
            when divided.value is null then 'denominator_zero'
            when divided.has_caveat then 'denominator_synthetic'
        end as value_reason,
        divided.target,
        case divided.direction
            when 'up' then divided.value >= divided.target
            when 'down' then divided.value <= divided.target
        end as target_met,
        case
            when divided.denominator_measure is null then divided.numerator_as_of
            when divided.numerator_as_of is not null and divided.denominator_as_of is not null
                then least(divided.numerator_as_of, divided.denominator_as_of)
        end as data_as_of,
        divided.agencies_reporting,
        divided.agencies_expected,
        divided.quarantined_share
    from divided
)

select * from final
