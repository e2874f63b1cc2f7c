-- depends_on: {{ ref('int_incoming_document__touched') }}
{{ config(affected='int_incoming_document__touched', unique_key=['document_id'], months_of='incoming') }}

{{ newest_counted(ref('stg_ioffice__incoming_document'), ref('int_incoming_document__touched'), ['document_id']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

numbered_day as (
    {{ numbered_days() }}
),

located as (
    select
        newest.*,
        agency_alias.agency_code,
        agency_alias.valid_to as unit_last_date,
        (newest.routed_at at time zone 'Asia/Ho_Chi_Minh')::date as routed_date,
        (newest.completed_at at time zone 'Asia/Ho_Chi_Minh')::date as completed_date,
        {{ working_day_limit("'incoming_routed'", 'newest.arrival_date') }} as routing_limit
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.arrival_date') }}
),

dated as (
    select
        located.*,
        due.calendar_date as routing_due_date
    from located
    left join numbered_day as arrived on located.arrival_date = arrived.calendar_date
    left join numbered_day as due
        on due.is_working and arrived.working_day_no + located.routing_limit = due.working_day_no
),

final as (
    select
        dated.document_id,
        dated.agency_code,
        dated.arrival_date,
        date_trunc('month', dated.arrival_date)::date as business_month,
        dated.sender_kind,
        dated.routed_date,
        date_trunc('month', dated.routed_date)::date as routed_month,
        dated.routing_due_date,
        -- a unit that is dissolved has nothing to route any more
        least(dated.routed_date - 1, dated.unit_last_date) as last_unrouted_date,
        dated.due_date,
        date_trunc('month', dated.due_date)::date as due_month,
        dated.completed_date,
        dated.document_status,
        dated.document_status = 'received' as is_counted,
        coalesce(dated.routed_date <= dated.routing_due_date, false) as is_routed_in_time,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
)

select * from final
