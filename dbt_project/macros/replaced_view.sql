{#
    A view that is replaced where it stands. dbt's own way drops the old one with everything that depends on it; two threads
    that do so at once can wait for each other, and Postgres then ends the build of one of them as a deadlock. Views of other
    columns, which can't be replaced, are those of other models: these are built from nothing, after drop_replaced_views.
#}
{% materialization replaced_view, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        create or replace view {{ target_relation }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The views of whatever models were built last, before a build from nothing; by one session, so that none waits. #}
{% macro drop_replaced_views() -%}
    {%- if execute and var('rebuild') and flags.WHICH in ['build', 'run'] -%}
        {%- set found = run_query(
            "select string_agg(format('%I.%I', schemaname, viewname), ', ') from pg_views"
            " where schemaname in ('staging', 'intermediate')"
        ) -%}
        {%- if found[0][0] -%}
            drop view {{ found[0][0] }} cascade
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
