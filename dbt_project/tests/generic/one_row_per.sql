{# The grain of a table: one row per key. Only months of this build. #}
{% test one_row_per(model, key, domain) %}
with counted as (
    select
        {{ key | join(', ') }},
        count(*) as row_count
    from {{ model }}
    where {{ in_touched_months('business_month', domain) }}
    group by {{ key | join(', ') }}
)

select * from counted
where counted.row_count > 1
{% endtest %}
