-- depends_on: {{ ref('int_data_use__touched') }}
{{ config(affected='int_data_use__touched', unique_key=['dossier_hash'], months_of='data_use') }}

{{ newest_counted(ref('stg_one_stop__data_use'), ref('int_data_use__touched'), ['dossier_hash']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

dated as (
    select
        newest.*,
        (newest.recorded_at at time zone 'Asia/Ho_Chi_Minh')::date as recorded_date
    from newest
),

final as (
    select
        dated.dossier_hash,
        agency_alias.agency_code,
        dated.is_population_used,
        dated.is_taken_from_store or dated.is_result_stored as is_personal_store,
        dated.certified_copy <> 'none' as is_copy_certified,
        dated.certified_copy = 'electronic' as is_copy_electronic,
        dated.recorded_date,
        date_trunc('month', dated.recorded_date)::date as business_month,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
    left join agency_alias on {{ agency_on('dated.source_agency_code', 'dated.recorded_date') }}
)

select * from final
