-- depends_on: {{ ref('int_synchronisation__touched') }}
{{ config(affected='int_synchronisation__touched', unique_key=['dossier_hash'], months_of='synchronisation') }}

{{ newest_counted(ref('stg_portal__synchronisation'), ref('int_synchronisation__touched'), ['dossier_hash']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

dated as (
    select
        newest.*,
        (newest.sent_at at time zone 'Asia/Ho_Chi_Minh')::date as sent_date
    from newest
),

final as (
    select
        dated.dossier_hash,
        agency_alias.agency_code,
        dated.sent_date,
        date_trunc('month', dated.sent_date)::date as business_month,
        (dated.accepted_at at time zone 'Asia/Ho_Chi_Minh')::date as accepted_date,
        dated.error_kind,
        dated.sync_status = 'accepted' as is_synced,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
    left join agency_alias on {{ agency_on('dated.source_agency_code', 'dated.sent_date') }}
)

select * from final
