-- depends_on: {{ ref('int_kpi__touched') }}
{{ config(
    affected='int_kpi__touched', unique_key=['period_grain', 'period_start'], post_hook="{{ refresh_statistics() }}"
) }}

with period as (
    select * from {{ ref('int_kpi__period') }} where period_grain = 'month'
),

indicator as (
    select * from {{ ref('index_766_indicator') }}
),

value as (
    select kpi_value.*
    from {{ ref('kpi_value') }} as kpi_value
    inner join period
        on kpi_value.period_grain = period.period_grain and kpi_value.period_start = period.period_start
    where kpi_value.scope = 'tree' and kpi_value.unit_basis = 'as_was'
),

-- every unit that has figures in a month has every indicator that holds in it, known or not
asked as (
    select
        unit.period_grain,
        unit.period_start,
        period.reference_date,
        unit.agency_code,
        indicator.*
    from (select distinct period_grain, period_start, agency_code from value) as unit
    inner join period on unit.period_start = period.period_start
    inner join indicator
        on period.reference_date between indicator.valid_from and coalesce(indicator.valid_to, 'infinity')
),

told as (
    select
        asked.*,
        value.numerator,
        value.denominator,
        value.value as rate,
        case
            when value.kpi_code is null then 'kpi_missing'
            when value.value is null then value.value_reason
        end as points_reason,
        -- multiplied first, divided last: an exact half stays one
        case
            when value.value is not null
                then least(
                    100 * value.numerator * asked.max_points / (value.denominator * asked.threshold), asked.max_points
                )
        end as points
    from asked
    left join value
        on
            asked.period_start = value.period_start
            and asked.agency_code = value.agency_code
            and asked.kpi_code = value.kpi_code
            and asked.method = value.method
            and asked.due_basis = value.due_basis
),

aimed as (
    select
        told.*,
        least(told.max_points, (floor(told.points * 2) + 1) / 2) as next_points
    from told
),

final as (
    select
        aimed.period_grain,
        aimed.period_start,
        aimed.reference_date as as_of,
        aimed.agency_code,
        aimed.indicator_code,
        aimed.group_of_five,
        aimed.group_of_six,
        aimed.kpi_code,
        aimed.numerator,
        aimed.denominator,
        aimed.rate,
        aimed.threshold::numeric as threshold,
        aimed.max_points::numeric as max_points,
        aimed.points,
        aimed.points_reason,
        -- how many more of the denominator's things would have to count
        case
            when aimed.points is not null
                then greatest(ceil(aimed.threshold * aimed.denominator / 100) - aimed.numerator, 0)
        end as missing_to_full,
        case
            when aimed.points is not null
                then greatest(
                    ceil(aimed.next_points * aimed.threshold * aimed.denominator / (100 * aimed.max_points))
                    - aimed.numerator, 0
                )
        end as missing_to_next,
        aimed.is_points_confirmed and aimed.is_threshold_confirmed as is_confirmed
    from aimed
)

select * from final
