{#
    The one way in which published tables change: delete the affected keys from the months named, insert the new rows.
    Rows only, never structure: a BI reader may hold both colours locked for an hour. dbt's own incremental way asks the
    database six times per table what its columns are, to change them; here the model's contract says it, and a table that
    a migration made otherwise refuses the insert.

    Config of a model:
      affected    name of the model that lists the keys to delete; without it all rows are replaced
      unique_key  columns of that key
      months_of   domain whose months (a var, literals) the rows lie in; without it the table has no partitions

    A key that moved from January to February is deleted from both, since both are among the months. A row outside the
    months would be a second row of its key some day: refused.
#}
{% materialization published_table, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set new_rows = make_temp_relation(target_relation) -%}
    {%- set domain = config.get('months_of') -%}
    {%- set columns = adapter.dispatch('get_column_names', 'dbt')() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {# under an enforced contract this compares the columns of the query with the contract's first #}
    {%- do run_query(get_create_table_as_sql(True, new_rows, sql)) -%}
    {%- if domain -%}
        {{ refuse_rows_outside_months(new_rows, target_relation, domain) }}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ delete_affected(target_relation, config.get('affected'), domain) }};

        insert into {{ target_relation }} ({{ columns }})
        select {{ columns }} from {{ new_rows }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro delete_affected(target_relation, affected, domain) -%}
    {%- if var('rebuild') or not affected -%}
    delete from {{ target_relation }}
    {%- else -%}
    delete from {{ target_relation }} as target
    using {{ ref(affected) }} as affected
    where
        {%- for key in config.require('unique_key') %}
        {% if not loop.first %}and {% endif %}target.{{ key }} = affected.{{ key }}
        {%- endfor %}
        {%- if domain %}
        and {{ in_touched_months('target.business_month', domain) }}
        {%- endif %}
    {%- endif %}
{%- endmacro %}

{% macro refuse_rows_outside_months(temp_relation, target_relation, domain) -%}
    {%- set query -%}
        select distinct business_month from {{ temp_relation }}
        where not ({{ in_touched_months('business_month', domain) }}) order by 1 limit 5
    {%- endset -%}
    {%- set outside = run_query(query).columns[0].values() -%}
    {%- if outside -%}
        {{ exceptions.raise_compiler_error(
            target_relation ~ ': rows of months that are not among the months of ' ~ domain ~ ': ' ~ outside | join(', ')
        ) }}
    {%- endif -%}
{%- endmacro %}

{# After a table was filled from nothing the planner knows nothing of it, and dbt is not its owner. #}
{% macro refresh_statistics() -%}
    {%- if var('rebuild') -%}
        select publish.refresh_statistics('{{ this.schema }}', '{{ this.identifier }}')
    {%- endif -%}
{%- endmacro %}
