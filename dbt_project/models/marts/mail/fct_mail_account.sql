-- depends_on: {{ ref('int_mail__touched') }}
{{ config(affected='int_mail__touched', unique_key=['snapshot_date'], months_of='mail') }}

with effective as (
    select * from {{ ref('int_mail__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        effective.*,
        agency_alias.agency_code
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.snapshot_date') }}
),

final as (
    select
        located.snapshot_date,
        located.mailbox_hash,
        date_trunc('month', located.snapshot_date)::date as business_month,
        located.agency_code,
        located.account_status,
        located.issued_date,
        located.last_used_at,
        located.sent_30d_count,
        located.read_30d_count,
        located.account_status in ('active', 'locked') as is_issued,
        located.account_status = 'active'
        and (coalesce(located.sent_30d_count, 0) > 0 or coalesce(located.read_30d_count, 0) > 0) as is_used,
        located.load_seq,
        located.file_digest,
        located.row_no
    from located
)

select * from final
