-- depends_on: {{ ref('int_par_scorecard__touched') }}
{{ config(affected='int_par_scorecard__touched', unique_key=['snapshot_date'], months_of='scorecard') }}

with scorecard as (
    select * from {{ ref('fct_par_scorecard') }}
    where {{ in_touched_months('business_month', 'scorecard') }}
),

touched as (
    select * from {{ ref('int_par_scorecard__touched') }}
),

-- per domain, and once more without the domain: the whole index
summed as (
    select
        scorecard.snapshot_date,
        scorecard.index_code,
        scorecard.agency_code,
        scorecard.domain_code,
        scorecard.business_month,
        grouping(scorecard.domain_code) = 1 as is_grand_total,
        case when grouping(scorecard.domain_code) = 0 then min(scorecard.domain_name) end as domain_name,
        count(*)::int as criterion_count,
        sum(scorecard.max_points) as max_points,
        sum(scorecard.self_points) as self_points,
        sum(scorecard.survey_points_pending) as survey_points_pending,
        sum(scorecard.projected_points) as projected_points
    from scorecard
    inner join touched on scorecard.snapshot_date = touched.snapshot_date
    group by grouping sets (
        (
            scorecard.business_month, scorecard.snapshot_date, scorecard.index_code, scorecard.agency_code,
            scorecard.domain_code
        ),
        (scorecard.business_month, scorecard.snapshot_date, scorecard.index_code, scorecard.agency_code)
    )
),

-- a survey's part can't be scored by the unit: what is left of the maximum is what it answers for
scorable as (
    select
        summed.*,
        summed.max_points - summed.survey_points_pending as self_scorable_points
    from summed
),

final as (
    select
        scorable.snapshot_date,
        scorable.index_code,
        scorable.agency_code,
        coalesce(scorable.domain_code, 'all') as domain_code,
        scorable.business_month,
        scorable.domain_name,
        scorable.is_grand_total,
        scorable.criterion_count,
        scorable.max_points,
        scorable.self_points,
        scorable.survey_points_pending,
        scorable.self_scorable_points,
        scorable.projected_points,
        scorable.self_scorable_points - scorable.projected_points as lost_points,
        100 * scorable.self_points / nullif(scorable.self_scorable_points, 0) as self_pct,
        100 * scorable.projected_points / nullif(scorable.self_scorable_points, 0) as projected_pct
    from scorable
)

select * from final
