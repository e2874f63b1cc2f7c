{{ config(materialized='standing_view', contract={'enforced': false}) }}

{{ kpis_of_theme('one_stop') }}
