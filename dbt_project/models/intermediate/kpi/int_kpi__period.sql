with component as (
    select * from {{ ref('fct_kpi_component') }}
),

definition as (
    select * from {{ ref('kpi_definition') }}
),

touched as (
    select * from {{ ref('int_kpi__touched') }}
),

-- the series begins with the first figure, and not before the first definition
first_month as (
    select greatest(min(component.business_month), (select min(definition.valid_from) from definition)) as month_start
    from component
    having count(component.business_month) > 0
),

month as (
    select series.month_start::date as month_start
    from first_month
    cross join lateral generate_series(
        date_trunc('month', first_month.month_start), date_trunc('month', {{ as_of() }}), interval '1 month'
    ) as series (month_start)
),

period as (
    select distinct
        grain.period_grain,
        date_trunc(grain.period_grain, month.month_start)::date as period_start,
        (date_trunc(grain.period_grain, month.month_start) + grain.length - interval '1 day')::date as period_end
    from month
    cross join (
        values ('month', interval '1 month'), ('quarter', interval '3 months'), ('year', interval '1 year')
    ) as grain (period_grain, length)
),

final as (
    select
        period.period_grain,
        period.period_start,
        period.period_end,
        -- the day on which the period is looked at
        least(period.period_end, {{ as_of() }}) as reference_date
    from period
    {% if not var('rebuild') -%}
    inner join touched
        on period.period_grain = touched.period_grain and period.period_start = touched.period_start
    {%- endif %}
)

select * from final
