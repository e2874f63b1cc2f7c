-- depends_on: {{ ref('int_document__touched') }}
{{ config(affected='int_document__touched', unique_key=['document_id'], months_of='document') }}

with effective as (
    select * from {{ ref('int_document__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

judged as (
    select
        effective.*,
        agency_alias.agency_code,
        effective.medium = 'electronic' and effective.document_status = 'issued' as is_in_scope,
        effective.organisation_signed_at is not null as is_signed,
        -- a personal signature after the organisation's was put under a document that was already issued
        coalesce(effective.personal_signed_at <= effective.organisation_signed_at, false) as is_signed_dual
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.issued_date') }}
),

final as (
    select
        judged.document_id,
        judged.agency_code,
        judged.issued_date,
        date_trunc('month', judged.issued_date)::date as business_month,
        judged.document_type,
        judged.urgency_level,
        judged.recipient_scope,
        judged.is_sent_via_axis,
        judged.medium,
        judged.document_status,
        judged.personal_signed_at,
        judged.organisation_signed_at,
        judged.is_in_scope,
        judged.is_signed,
        judged.is_signed_dual,
        judged.load_seq,
        judged.file_digest,
        judged.row_no
    from judged
)

select * from final
