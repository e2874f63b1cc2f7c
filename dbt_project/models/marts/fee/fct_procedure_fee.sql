-- depends_on: {{ ref('int_fee__touched') }}
{{ config(affected='int_fee__touched', unique_key=['snapshot_date'], months_of='fee') }}

{{ newest_snapshot(
    ref('stg_portal__fee'), ref('int_fee__touched'), 'portal.fees',
    ['stg.source_agency_code', 'stg.procedure_code']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        newest.snapshot_date,
        newest.source_agency_code,
        newest.procedure_code,
        date_trunc('month', newest.snapshot_date)::date as business_month,
        agency_alias.agency_code,
        newest.competent_level,
        newest.has_fee,
        newest.synced_date,
        newest.has_fee and newest.synced_date is not null as is_payable,
        newest.load_seq,
        newest.file_digest,
        newest.row_no
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.snapshot_date') }}
)

select * from final
