{# The unit behind the code that a source wrote, on a day. An unknown code gives NULL, which no fact accepts. #}
{% macro agency_on(source_code, day) -%}
    agency_alias.source_code = {{ source_code }}
    and {{ day }} between agency_alias.valid_from and coalesce(agency_alias.valid_to, 'infinity'::date)
{%- endmacro %}
