-- depends_on: {{ ref('int_survey_result__touched') }}
{{ config(affected='int_survey_result__touched', unique_key=['snapshot_date'], months_of='survey') }}

{{ newest_snapshot(
    ref('stg_forms__survey_result'), ref('int_survey_result__touched'), 'forms.survey_results',
    ['stg.index_code', 'stg.source_agency_code', 'stg.domain_code'],
    parts=['index_code']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        newest.snapshot_date,
        newest.index_code,
        newest.source_agency_code,
        newest.domain_code,
        date_trunc('month', newest.snapshot_date)::date as business_month,
        agency_alias.agency_code,
        newest.survey_year,
        newest.domain_name,
        newest.score,
        newest.max_score,
        newest.unit_rank,
        newest.sample_size,
        newest.load_seq,
        newest.file_digest,
        newest.row_no
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.snapshot_date') }}
)

select * from final
