-- depends_on: {{ ref('int_apology__touched') }}
{{ config(affected='int_apology__touched', unique_key=['dossier_hash', 'letter_no'], months_of='apology') }}

with effective as (
    select
        effective.*,
        (effective.issued_at at time zone 'Asia/Ho_Chi_Minh')::date as issued_date
    from {{ ref('int_apology__effective') }} as effective
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.dossier_hash,
        effective.letter_no,
        agency_alias.agency_code,
        effective.issued_date,
        date_trunc('month', effective.issued_date)::date as business_month,
        (effective.old_due_at at time zone 'Asia/Ho_Chi_Minh')::date as old_due_date,
        (effective.new_due_at at time zone 'Asia/Ho_Chi_Minh')::date as new_due_date,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.issued_date') }}
)

select * from final
