-- depends_on: {{ ref('int_petition__touched') }}
{{ config(affected='int_petition__touched', unique_key=['petition_hash'], months_of='petition') }}

with effective as (
    select * from {{ ref('int_petition__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

numbered_day as (
    {{ numbered_days() }}
),

located as (
    select
        effective.*,
        agency_alias.agency_code,
        agency_alias.valid_to as unit_last_date,
        -- while nobody knows how it ends, the longest limit: that of an answer
        {{ working_day_limit("'petition_' || coalesce(effective.outcome, 'answered')", 'effective.received_date') }}
            as working_days,
        {{ working_day_limit("'petition_answered'", 'effective.received_date') }} as most_working_days
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.received_date') }}
),

dated as (
    select
        located.*,
        due.calendar_date as due_date,
        longest.calendar_date as longest_due_date
    from located
    left join numbered_day as received on located.received_date = received.calendar_date
    left join numbered_day as due
        on due.is_working and received.working_day_no + located.working_days = due.working_day_no
    left join numbered_day as longest
        on longest.is_working and received.working_day_no + located.most_working_days = longest.working_day_no
),

final as (
    select
        dated.petition_hash,
        date_trunc('month', dated.received_date)::date as business_month,
        dated.agency_code,
        dated.channel,
        dated.received_date,
        dated.due_date,
        dated.longest_due_date,
        dated.outcome,
        dated.handled_date,
        date_trunc('month', dated.handled_date)::date as handled_month,
        -- a unit that is dissolved has nothing pending any more
        least(dated.handled_date - 1, dated.unit_last_date) as last_pending_date,
        coalesce(dated.handled_date <= dated.due_date, false) as is_in_time,
        dated.is_disliked,
        dated.is_petitioned_again,
        dated.is_first,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
)

select * from final
