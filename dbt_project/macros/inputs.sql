{# What egov_kpi.publish tells a build: the colour, the day, the loads touched and the months as literals. #}

{% macro refuse_unset_inputs() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- if var('colour') not in ['blue', 'green'] or var('as_of') == '1900-01-01' -%}
            {{ exceptions.raise_compiler_error(
                'A build needs the vars colour (blue or green) and as_of: run egov-kpi build'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro as_of() -%}
    date '{{ var("as_of") }}'
{%- endmacro %}

{# Loads applied to or taken out of the colour by this build. #}
{% macro touched_loads() -%}
    '{ {{- var("touched_loads") | join(",") -}} }'::bigint[]
{%- endmacro %}

{# Loads that may be seen in the result: promoted and not revoked. #}
{% macro counted_loads() -%}
    select c.load_seq from {{ source('build', 'counted_load') }} as c where c.colour = '{{ var("colour") }}'
{%- endmacro %}

{# First days of the months of a domain that this build touches. #}
{% macro touched_months(domain) -%}
    {{ return(var('months').get(domain, [])) }}
{%- endmacro %}

{# The same as a condition on a column, with literals, so that Postgres prunes partitions while planning. #}
{% macro in_touched_months(column, domain) -%}
    {%- set months = touched_months(domain) -%}
    {%- if months -%}
        {{ column }} in ({% for month in months %}date '{{ month }}'{% if not loop.last %}, {% endif %}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{# That a day is not before the first touched month: what ended earlier can't be in a figure of any. #}
{% macro not_before_touched_months(column, domain) -%}
    {%- set months = touched_months(domain) -%}
    {%- if months -%}
        {{ column }} >= date '{{ months | min }}'
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
