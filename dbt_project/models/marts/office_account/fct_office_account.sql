-- depends_on: {{ ref('int_office_account__touched') }}
{{ config(affected='int_office_account__touched', unique_key=['snapshot_date'], months_of='office_account') }}

{# Not confirmed against a text: an account is in use when it acted on one of so many days before the snapshot. #}
{% set in_use_days = 30 %}

{{ newest_snapshot(
    ref('stg_ioffice__office_account'), ref('int_office_account__touched'), 'ioffice.accounts', ['stg.account_hash']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        newest.snapshot_date,
        newest.account_hash,
        date_trunc('month', newest.snapshot_date)::date as business_month,
        agency_alias.agency_code,
        newest.account_kind,
        newest.account_status,
        newest.issued_date,
        newest.last_action_date,
        newest.account_kind = 'person'
        and newest.account_status = 'active'
        and coalesce(newest.last_action_date >= newest.snapshot_date - {{ in_use_days }}, false) as is_used,
        newest.load_seq,
        newest.file_digest,
        newest.row_no
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.snapshot_date') }}
)

select * from final
