-- depends_on: {{ ref('int_payment__touched') }}
{{ config(affected='int_payment__touched', unique_key=['dossier_hash', 'fee_no'], months_of='payment') }}

with effective as (
    select
        effective.*,
        (effective.charged_at at time zone 'Asia/Ho_Chi_Minh')::date as charged_date
    from {{ ref('int_payment__effective') }} as effective
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.dossier_hash,
        effective.fee_no,
        agency_alias.agency_code,
        effective.fee_kind,
        effective.amount_due,
        effective.amount_paid,
        effective.payment_method,
        effective.charged_date,
        date_trunc('month', effective.charged_date)::date as business_month,
        effective.paid_at,
        effective.is_refunded,
        -- what was given back is paid in no way
        coalesce(
            effective.amount_paid > 0 and not effective.is_refunded and effective.payment_method = 'online', false
        ) as is_paid_online,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.charged_date') }}
)

select * from final
