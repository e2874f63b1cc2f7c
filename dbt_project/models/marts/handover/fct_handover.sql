-- depends_on: {{ ref('int_handover__touched') }}
{{ config(affected='int_handover__touched', unique_key=['dossier_hash', 'step_no'], months_of='handover') }}

{{ newest_counted(ref('stg_one_stop__handover'), ref('int_handover__touched'), ['dossier_hash', 'step_no']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

dated as (
    select
        newest.*,
        (newest.received_at at time zone 'Asia/Ho_Chi_Minh')::date as received_date,
        (newest.internal_due_at at time zone 'Asia/Ho_Chi_Minh')::date as due_date,
        (newest.handed_on_at at time zone 'Asia/Ho_Chi_Minh')::date as handed_on_date
    from newest
),

final as (
    select
        dated.dossier_hash,
        dated.step_no,
        agency_alias.agency_code,
        dated.from_agency_code as source_from_agency_code,
        dated.received_date,
        date_trunc('month', dated.received_date)::date as business_month,
        dated.due_date,
        date_trunc('month', dated.due_date)::date as due_month,
        dated.handed_on_date,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
    left join agency_alias on {{ agency_on('dated.source_agency_code', 'dated.received_date') }}
)

select * from final
