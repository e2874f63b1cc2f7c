{# A unit's parent is a unit that is valid whenever the unit is. #}
{% test parents_exist(model) %}
select child.agency_code
from {{ model }} as child
where
    child.parent_code is not null
    and not exists (
        select from {{ model }} as parent
        where
            parent.agency_code = child.parent_code
            and parent.valid_from <= child.valid_from
            and coalesce(parent.valid_to, 'infinity') >= coalesce(child.valid_to, 'infinity')
    )
{% endtest %}
