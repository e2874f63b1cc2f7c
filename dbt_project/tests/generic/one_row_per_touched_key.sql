{# A key has one row, in whatever month: a correction that moved it left nothing behind. Only keys of this build. #}
{% test one_row_per_touched_key(model, touched, key) %}
with fact as (
    select * from {{ model }}
),

touched as (
    select * from {{ ref(touched) }}
)

select
    {% for column in key %}fact.{{ column }}, {% endfor %}
    count(*) as row_count
from fact
inner join touched using ({{ key | join(', ') }})
group by {% for column in key %}fact.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
having count(*) > 1
{% endtest %}
