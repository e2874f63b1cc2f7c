-- depends_on: {{ ref('int_component__touched') }}
{{ config(affected='int_component__touched', unique_key=['dossier_hash', 'component_no'], months_of='component') }}

with effective as (
    select
        effective.*,
        (effective.submitted_at at time zone 'Asia/Ho_Chi_Minh')::date as submitted_date
    from {{ ref('int_component__effective') }} as effective
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.dossier_hash,
        effective.component_no,
        agency_alias.agency_code,
        effective.is_digitised,
        effective.is_reused,
        effective.submitted_date,
        date_trunc('month', effective.submitted_date)::date as business_month,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.submitted_date') }}
)

select * from final
