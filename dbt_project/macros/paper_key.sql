{# One text for the three columns that identify a line of a paper register. #}
{% macro paper_key(alias) -%}
    concat_ws('/', {{ alias }}.source_agency_code, {{ alias }}.register_year, {{ alias }}.register_number)
{%- endmacro %}
