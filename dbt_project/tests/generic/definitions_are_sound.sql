{# Known measures and roll-ups that fit their kind; a ratio has a denominator; versions of one KPI don't overlap. #}
{% test definitions_are_sound(model) %}
with definition as (
    select * from {{ model }}
),

measure as (
    select * from {{ ref('kpi_measure') }}
),

part as (
    select kpi_code, numerator_measure as measure_code, numerator_time_rollup as time_rollup from definition
    union all
    select kpi_code, denominator_measure, denominator_time_rollup
    from definition
    where denominator_measure is not null
    union all
    select kpi_code, caveat_measure, 'last'
    from definition
    where caveat_measure is not null
)

select part.kpi_code, 'measure or roll-up' as fault
from part
left join measure using (measure_code)
where
    measure.kind is null
    or (measure.kind = 'stock') <> (part.time_rollup = 'last')
    or (measure.kind = 'pending') <> (part.time_rollup = 'pending')
union all
select definition.kpi_code, 'unit and denominator'
from definition
where
    -- a count with a denominator is a count for each one of those
    (definition.unit in ('percent', 'days') and definition.denominator_measure is null)
    or (definition.unit = 'points' and definition.denominator_measure is not null)
union all
select definition.kpi_code, 'versions overlap'
from definition
inner join definition as other
    on
        definition.kpi_code = other.kpi_code
        and definition.method = other.method
        and definition.due_basis = other.due_basis
        and definition.kpi_version < other.kpi_version
        and definition.valid_from <= coalesce(other.valid_to, 'infinity')
        and other.valid_from <= coalesce(definition.valid_to, 'infinity')
{% endtest %}
