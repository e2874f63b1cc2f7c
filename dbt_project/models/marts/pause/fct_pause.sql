-- depends_on: {{ ref('int_pause__touched') }}
{{ config(affected='int_pause__touched', unique_key=['dossier_hash', 'pause_no'], months_of='pause') }}

{{ newest_counted(ref('stg_one_stop__pause'), ref('int_pause__touched'), ['dossier_hash', 'pause_no']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

dated as (
    select
        newest.*,
        (newest.paused_at at time zone 'Asia/Ho_Chi_Minh')::date as paused_date
    from newest
),

final as (
    select
        dated.dossier_hash,
        dated.pause_no,
        agency_alias.agency_code,
        dated.pause_kind,
        dated.reason_code,
        dated.paused_at,
        dated.resumed_at,
        dated.paused_date,
        date_trunc('month', dated.paused_date)::date as business_month,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
    left join agency_alias on {{ agency_on('dated.source_agency_code', 'dated.paused_date') }}
)

select * from final
