-- depends_on: {{ ref('int_certificate__touched') }}
{{ config(affected='int_certificate__touched', unique_key=['snapshot_date'], months_of='certificate') }}

with effective as (
    select * from {{ ref('int_certificate__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

judged as (
    select
        effective.*,
        agency_alias.agency_code,
        coalesce(effective.announced_date <= effective.snapshot_date, false)
        and coalesce(effective.valid_until_date >= effective.snapshot_date, true) as is_announced,
        coalesce(
            effective.internal_audit_date
            between date_trunc('year', effective.snapshot_date) and effective.snapshot_date,
            false
        ) as is_audited,
        coalesce(
            effective.management_review_date
            between date_trunc('year', effective.snapshot_date) and effective.snapshot_date,
            false
        ) as is_reviewed
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.snapshot_date') }}
),

final as (
    select
        judged.snapshot_date,
        judged.source_agency_code,
        judged.certificate_number,
        date_trunc('month', judged.snapshot_date)::date as business_month,
        judged.agency_code,
        judged.is_mandated,
        judged.announced_date,
        judged.internal_audit_date,
        judged.management_review_date,
        judged.valid_until_date,
        judged.procedures_covered_count,
        judged.is_announced,
        judged.is_announced and judged.is_audited and judged.is_reviewed as is_kept_up,
        judged.load_seq,
        judged.file_digest,
        judged.row_no
    from judged
)

select * from final
