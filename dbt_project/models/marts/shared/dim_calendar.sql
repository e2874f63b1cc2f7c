with calendar_day as (
    select * from {{ ref('calendar_day') }}
),

final as (
    select
        calendar_day.calendar_date,
        date_trunc('month', calendar_day.calendar_date)::date as month_start,
        date_trunc('quarter', calendar_day.calendar_date)::date as quarter_start,
        date_trunc('year', calendar_day.calendar_date)::date as year_start,
        calendar_day.is_working,
        calendar_day.reason_vi,
        calendar_day.decision,
        calendar_day.is_confirmed
    from calendar_day
)

select * from final
