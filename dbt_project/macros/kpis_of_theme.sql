{# The rows of kpi_value that belong to a theme, of the periods that this build recomputes. #}
{% macro kpis_of_theme(theme) %}
with kpi_value as (
    select * from {{ ref('kpi_value') }}
),

definition as (
    select * from {{ ref('kpi_definition') }}
),

period as (
    select * from {{ ref('int_kpi__period') }}
),

final as (
    select
        {% for column in kpi_value_columns() -%}
        kpi_value.{{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from kpi_value
    inner join period
        on kpi_value.period_grain = period.period_grain and kpi_value.period_start = period.period_start
    inner join definition
        on
            kpi_value.kpi_code = definition.kpi_code
            and kpi_value.kpi_version = definition.kpi_version
            and kpi_value.method = definition.method
            and kpi_value.due_basis = definition.due_basis
    where definition.theme = '{{ theme }}'
)

select * from final
{% endmacro %}

{% macro kpi_value_columns() -%}
    {{ return([
        'kpi_code', 'kpi_version', 'method', 'due_basis', 'agency_code', 'scope', 'unit_basis', 'period_grain',
        'period_start', 'numerator', 'denominator', 'value', 'unit', 'value_reason', 'target', 'target_met',
        'data_as_of', 'agencies_reporting', 'agencies_expected', 'quarantined_share',
    ]) }}
{%- endmacro %}
