-- depends_on: {{ ref('int_result__touched') }}
{{ config(affected='int_result__touched', unique_key=['dossier_hash', 'result_no'], months_of='result') }}

with effective as (
    select
        effective.*,
        (effective.issued_at at time zone 'Asia/Ho_Chi_Minh')::date as issued_date
    from {{ ref('int_result__effective') }} as effective
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.dossier_hash,
        effective.result_no,
        agency_alias.agency_code,
        effective.is_written,
        effective.is_attached,
        -- a scan of a paper result is attached too; only a signature makes it electronic
        effective.is_written and effective.is_attached and effective.signed_at is not null as is_electronic,
        effective.issued_date,
        date_trunc('month', effective.issued_date)::date as business_month,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.issued_date') }}
)

select * from final
