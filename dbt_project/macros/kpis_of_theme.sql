{# The rows of kpi_value that belong to a theme. #}
{% macro kpis_of_theme(theme) %}
with kpi_value as (
    select * from {{ ref('kpi_value') }}
),

dim_kpi as (
    select * from {{ ref('dim_kpi') }}
),

final as (
    select kpi_value.*
    from kpi_value
    inner join dim_kpi using (kpi_code, kpi_version, method, due_basis)
    where dim_kpi.theme = '{{ theme }}'
)

select * from final
{% endmacro %}
