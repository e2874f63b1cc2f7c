{#
    Rows of measures in a lateral join, `kind` the type of their second column. A build asks for all of them. A trace asks
    for one or two of a hundred (egov_kpi.trace.component): rows among which none of those is are no rows there, and Postgres
    doesn't read the fact behind them.
#}
{% macro asked(kind) -%}
    {{ caller() }}
{%- endmacro %}
