{# A unit's parent is a unit that is valid on the first day of the unit and on its last. #}
{% test parents_exist(model) %}
select child.agency_code
from {{ model }} as child
cross join lateral (values (child.valid_from), (coalesce(child.valid_to, 'infinity'))) as day (day)
where
    child.parent_code is not null
    and not exists (
        select from {{ model }} as parent
        where
            parent.agency_code = child.parent_code
            and day.day between parent.valid_from and coalesce(parent.valid_to, 'infinity')
    )
{% endtest %}
