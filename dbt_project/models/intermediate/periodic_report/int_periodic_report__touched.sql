with version as (
    select * from {{ ref('stg_forms__periodic_report') }}
),

touched as (
    select distinct
        version.source_agency_code,
        version.report_code,
        version.reporting_period
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
