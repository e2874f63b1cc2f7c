with touched as (
    select unnest('{ {{- touched_months("kpi") | join(",") -}} }'::date[]) as business_month
)

select * from touched
