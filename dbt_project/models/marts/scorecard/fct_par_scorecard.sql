-- depends_on: {{ ref('int_par_scorecard__touched') }}
{{ config(affected='int_par_scorecard__touched', unique_key=['snapshot_date'], months_of='scorecard') }}

with effective as (
    select * from {{ ref('int_par_scorecard__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.snapshot_date,
        effective.index_code,
        effective.source_agency_code,
        effective.criterion_code,
        date_trunc('month', effective.snapshot_date)::date as business_month,
        agency_alias.agency_code,
        effective.domain_code,
        effective.domain_name,
        effective.criterion_name,
        effective.max_points,
        effective.self_points,
        effective.survey_points_pending,
        effective.projected_points,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.snapshot_date') }}
)

select * from final
