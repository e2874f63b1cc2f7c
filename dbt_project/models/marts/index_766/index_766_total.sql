-- depends_on: {{ ref('int_kpi__touched') }}
{{ config(
    affected='int_kpi__touched', unique_key=['period_grain', 'period_start'], post_hook="{{ refresh_statistics() }}"
) }}

with scored as (
    select index_766.*
    from {{ ref('index_766') }} as index_766
    inner join {{ ref('int_kpi__period') }} as period
        on index_766.period_grain = period.period_grain and index_766.period_start = period.period_start
),

band as (
    select * from {{ ref('index_766_band') }}
),

grouped as (
    select
        scored.period_grain,
        scored.period_start,
        scored.as_of,
        scored.agency_code,
        roll_up.roll_up,
        roll_up.group_code,
        count(*)::int as indicator_count,
        count(scored.points)::int as scored_count,
        sum(scored.max_points) as max_points,
        coalesce(sum(scored.max_points) filter (where scored.points is not null), 0) as scored_max_points,
        sum(scored.points) as points
    from scored
    cross join lateral (
        values ('five', scored.group_of_five), ('six', scored.group_of_six), ('all', 'all')
    ) as roll_up (roll_up, group_code)
    group by
        scored.period_grain, scored.period_start, scored.as_of, scored.agency_code, roll_up.roll_up, roll_up.group_code
),

rated as (
    select
        grouped.*,
        100 * grouped.points / nullif(grouped.scored_max_points, 0) as scored_pct
    from grouped
),

final as (
    select
        rated.period_grain,
        rated.period_start,
        rated.as_of,
        rated.agency_code,
        rated.roll_up,
        rated.group_code,
        rated.indicator_count,
        rated.scored_count,
        rated.max_points,
        rated.scored_max_points,
        rated.points,
        rated.scored_pct,
        band.band_code
    from rated
    -- a part is not rated, only the index
    left join band
        on
            rated.roll_up = 'all'
            and rated.scored_pct >= band.from_pct
            and rated.scored_pct < coalesce(band.below_pct, 'infinity')
)

select * from final
