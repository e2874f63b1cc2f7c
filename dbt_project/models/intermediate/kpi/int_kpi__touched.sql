with month as (
    select unnest('{ {{- touched_months("kpi") | join(",") -}} }'::date[]) as month_start
),

grain as (
    select unnest(array['month', 'quarter', 'year']) as period_grain
),

touched as (
    select distinct
        grain.period_grain,
        date_trunc(grain.period_grain, month.month_start)::date as period_start
    from month
    cross join grain
)

select * from touched
