{#
    A view in both colours that a migration made (publish.add_theme) and no build touches: a reader may hold it locked for
    an hour. The model's text is its definition; a test compares the rows of both.
#}
{% materialization standing_view, adapter='postgres' %}
    {%- set standing = load_relation(this) -%}
    {%- if standing is none or standing.type != 'view' -%}
        {{ exceptions.raise_compiler_error(this ~ ': no such view; a migration has to make it, with publish.add_theme') }}
    {%- endif -%}
    {%- call statement('main') -%}
        select 1
    {%- endcall -%}
    {{ return({'relations': [standing]}) }}
{% endmaterialization %}
