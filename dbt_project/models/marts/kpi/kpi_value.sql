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

-- every unit that exists in a period has its row, whether it did anything or not; a code that changed hands within the
-- period means two units, whose figures can't stand in one row
existing as (
    select
        period.period_grain,
        period.period_start,
        period.period_end,
        period.reference_date,
        scope.agency_code,
        scope.scope,
        scope.unit_basis,
        count(distinct scope.member_code)::int as agencies_expected,
        count(distinct scope.unit_from) > 1 as is_reused
    from period
    inner join scope on scope.valid_from <= period.reference_date and scope.valid_to >= period.period_start
    group by
        period.period_grain, period.period_start, period.period_end, period.reference_date, scope.agency_code,
        scope.scope, scope.unit_basis
),

-- figures of today's units stand where one of their predecessors reported anything
reported as (
    select distinct period_grain, period_start, agency_code, unit_basis
    from amount
    where unit_basis = 'restated'
),

shown as (
    select existing.*
    from existing
    left join reported using (period_grain, period_start, agency_code, unit_basis)
    where existing.unit_basis = 'as_was' or reported.agency_code is not null
),

level as (
    select distinct on (shown.period_grain, shown.period_start, agency.agency_code, shown.unit_basis)
        shown.period_grain,
        shown.period_start,
        agency.agency_code,
        shown.unit_basis,
        agency.level
    from shown
    inner join agency
        on
            shown.agency_code = agency.agency_code
            and case
                when shown.unit_basis = 'restated' then agency.valid_to is null
                else
                    agency.valid_from <= shown.reference_date
                    and coalesce(agency.valid_to, 'infinity') >= shown.period_start
            end
    order by shown.period_grain, shown.period_start, agency.agency_code, shown.unit_basis, agency.valid_from desc
),

cell as (
    select
        shown.*,
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
    from shown
    inner join level using (period_grain, period_start, agency_code, unit_basis)
    inner join definition
        on
            shown.reference_date between definition.valid_from and coalesce(definition.valid_to, 'infinity')
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
        case
            when cell.is_reused then 'code_reused'
            when numerator.is_split or denominator.is_split then 'split_unit'
        end as untold,
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
            and cell.unit_basis = numerator.unit_basis
            and cell.numerator_measure = numerator.measure_code
            and cell.within_measure = numerator.within_measure
    left join amount as denominator
        on
            cell.period_grain = denominator.period_grain
            and cell.period_start = denominator.period_start
            and cell.agency_code = denominator.agency_code
            and cell.scope = denominator.scope
            and cell.unit_basis = denominator.unit_basis
            and cell.denominator_measure = denominator.measure_code
            and denominator.within_measure = ''
    left join amount as caveat
        on
            cell.period_grain = caveat.period_grain
            and cell.period_start = caveat.period_start
            and cell.agency_code = caveat.agency_code
            and cell.scope = caveat.scope
            and cell.unit_basis = caveat.unit_basis
            and cell.caveat_measure = caveat.measure_code
    left join quarantined as numerator_refused
        on
            cell.period_grain = numerator_refused.period_grain
            and cell.period_start = numerator_refused.period_start
            and cell.agency_code = numerator_refused.agency_code
            and cell.scope = numerator_refused.scope
            and cell.unit_basis = numerator_refused.unit_basis
            and numerator_known.domain = numerator_refused.domain
    left join quarantined as denominator_refused
        on
            cell.period_grain = denominator_refused.period_grain
            and cell.period_start = denominator_refused.period_start
            and cell.agency_code = denominator_refused.agency_code
            and cell.scope = denominator_refused.scope
            and cell.unit_basis = denominator_refused.unit_basis
            and denominator_known.domain = denominator_refused.domain
),

told as (
    select
        counted.*,
        case when counted.untold is null then counted.numerator end as told_numerator,
        case when counted.untold is null then counted.denominator end as told_denominator
    from counted
),

divided as (
    select
        told.*,
        case
            when told.denominator_measure is null then told.told_numerator
            when told.told_denominator > 0
                then
                    case told.unit when 'percent' then 100.0 else 1.0 end
                    * told.told_numerator / told.told_denominator
        end as value
    from told
),

final as (
    select
        divided.kpi_code,
        divided.kpi_version,
        divided.method,
        divided.due_basis,
        divided.agency_code,
        divided.scope,
        divided.unit_basis,
        divided.period_grain,
        divided.period_start,
        divided.told_numerator as numerator,
        divided.told_denominator as denominator,
        divided.value,
        divided.unit,
        case
            when divided.untold is not null then divided.untold
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
