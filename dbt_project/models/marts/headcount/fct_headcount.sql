-- depends_on: {{ ref('int_headcount__touched') }}
{{ config(affected='int_headcount__touched', unique_key=['snapshot_date'], months_of='headcount') }}

with effective as (
    select * from {{ ref('int_headcount__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.snapshot_date,
        effective.source_agency_code,
        date_trunc('month', effective.snapshot_date)::date as business_month,
        agency_alias.agency_code,
        effective.headcount,
        effective.headcount_basis,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.snapshot_date') }}
)

select * from final
