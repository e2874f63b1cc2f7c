{# The days of the calendar, each with the number of working days up to it, itself included: the difference of two
   numbers is the number of working days between them. #}
{% macro numbered_days() %}
    select
        calendar_day.calendar_date,
        calendar_day.is_working,
        sum(calendar_day.is_working::int) over (order by calendar_day.calendar_date) as working_day_no
    from {{ ref('calendar_day') }} as calendar_day
{% endmacro %}

{# The limit of a code on a day, in working days. #}
{% macro working_day_limit(code, day) -%}
    (
        select working_day_limit.working_days
        from {{ ref('working_day_limit') }} as working_day_limit
        where
            working_day_limit.limit_code = {{ code }}
            and {{ day }} between working_day_limit.valid_from and coalesce(working_day_limit.valid_to, 'infinity')
    )
{%- endmacro %}
