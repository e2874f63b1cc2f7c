-- depends_on: {{ ref('int_kpi__touched') }}
{{ config(affected='int_kpi__touched', unique_key=['period_grain', 'period_start']) }}

{{ kpis_of_theme('settlement') }}
