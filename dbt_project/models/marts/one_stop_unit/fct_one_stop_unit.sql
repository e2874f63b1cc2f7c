-- depends_on: {{ ref('int_one_stop_unit__touched') }}
{{ config(affected='int_one_stop_unit__touched', unique_key=['snapshot_date'], months_of='one_stop_unit') }}

{{ newest_snapshot(
    ref('stg_forms__one_stop_unit'), ref('int_one_stop_unit__touched'), 'forms.one_stop_units',
    ['stg.reporting_agency_code', 'stg.source_agency_code'],
    parts=['reporting_agency_code']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        newest.*,
        agency_alias.agency_code
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.snapshot_date') }}
),

-- a unit that two compilers list counts once, as the later of the two forms says
once as (
    select distinct on (located.snapshot_date, located.agency_code) located.*
    from located
    order by
        located.snapshot_date, located.agency_code,
        located.source_version_at desc, located.row_digest desc, located.load_seq, located.row_no
),

final as (
    select
        once.snapshot_date,
        once.agency_code,
        date_trunc('month', once.snapshot_date)::date as business_month,
        once.reporting_agency_code,
        once.is_consolidated,
        once.decision_number,
        once.decision_date,
        once.official_count,
        once.account_count,
        once.load_seq,
        once.file_digest,
        once.row_no
    from once
)

select * from final
