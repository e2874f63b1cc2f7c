{# The domains of a scorecard add up to its total, and nobody has more than can be scored. Only months of this build. #}
{% test scorecard_identities(model, domain) %}
with total as (
    select * from {{ model }}
    where {{ in_touched_months('business_month', domain) }}
),

compared as (
    select
        total.snapshot_date,
        total.index_code,
        total.agency_code,
        sum(total.max_points * case when total.is_grand_total then 1 else -1 end) as max_points,
        sum(total.self_points * case when total.is_grand_total then 1 else -1 end) as self_points,
        sum(total.projected_points * case when total.is_grand_total then 1 else -1 end) as projected_points,
        sum(total.lost_points * case when total.is_grand_total then 1 else -1 end) as lost_points
    from total
    group by total.snapshot_date, total.index_code, total.agency_code
)

select snapshot_date, index_code, agency_code, 'domains and grand total' as fault
from compared
where (max_points, self_points, projected_points, lost_points) <> (0, 0, 0, 0)
union all
select snapshot_date, index_code, agency_code, 'more than can be scored'
from total
where self_points > self_scorable_points or projected_points > self_scorable_points
{% endtest %}
