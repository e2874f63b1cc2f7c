{# Every unit of a figure is in the dimension on that day: else its amounts are in no KPI. Only months of this build. #}
{% test known_agencies(model) %}
with component as (
    select distinct agency_code, observed_date
    from {{ model }}
    where {{ in_touched_months('business_month', 'kpi') }}
),

agency as (
    select * from {{ ref('dim_agency') }}
)

select component.*
from component
left join agency
    on
        component.agency_code = agency.agency_code
        and component.observed_date between agency.valid_from and coalesce(agency.valid_to, 'infinity')
where
    agency.agency_code is null
    -- before the first definition there are no figures
    and component.observed_date >= (select min(valid_from) from {{ ref('kpi_definition') }})
{% endtest %}
