-- depends_on: {{ ref('int_dossier__touched') }}
{{ config(affected='int_dossier__touched', unique_key=['source_system', 'dossier_hash'], months_of='dossier') }}

with united as (
    select * from {{ ref('int_dossier__united') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        united.*,
        agency_alias.agency_code,
        -- filed but not accepted, or turned away at the counter: never received
        united.dossier_status not in ('registered', 'refused') as is_received,
        -- withdrawn and stopped dossiers ended without being settled
        united.dossier_status in ('finished', 'returned') as is_settled
    from united
    left join agency_alias on {{ agency_on('united.source_agency_code', 'united.received_date') }}
),

dated as (
    select
        located.*,
        case when located.is_settled then coalesce(located.finished_date, located.returned_date) end as settled_date,
        located.is_received
        and located.dossier_status not in ('withdrawn', 'stopped')
        and located.returned_date is not null as is_returned
    from located
),

final as (
    select
        dated.source_system,
        dated.dossier_hash,
        dated.agency_code,
        dated.procedure_code,
        dated.channel,
        dated.applicant_type,
        dated.dossier_status,
        dated.received_date,
        date_trunc('month', dated.received_date)::date as business_month,
        dated.due_date,
        dated.settled_date,
        date_trunc('month', dated.settled_date)::date as settled_month,
        dated.returned_date,
        date_trunc('month', dated.returned_date)::date as returned_month,
        dated.return_method,
        dated.supplement_request_count,
        dated.is_received,
        dated.is_settled,
        dated.is_returned,
        -- without a due date never on time, and never late either
        coalesce(dated.settled_date <= dated.due_date, false) as is_settled_on_time,
        coalesce(dated.settled_date > dated.due_date, false) as is_settled_late,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
)

select * from final
