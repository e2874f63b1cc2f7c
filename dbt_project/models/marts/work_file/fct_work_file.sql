-- depends_on: {{ ref('int_work_file__touched') }}
{{ config(affected='int_work_file__touched', unique_key=['file_code'], months_of='work_file') }}

{{ newest_counted(ref('stg_ioffice__work_file'), ref('int_work_file__touched'), ['file_code']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        newest.file_code,
        agency_alias.agency_code,
        newest.opened_date,
        date_trunc('month', newest.opened_date)::date as business_month,
        newest.medium,
        newest.closed_date,
        newest.archive_due_date,
        date_trunc('month', newest.archive_due_date)::date as archive_due_month,
        newest.archived_date,
        newest.load_seq,
        newest.file_digest,
        newest.row_no
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.opened_date') }}
)

select * from final
