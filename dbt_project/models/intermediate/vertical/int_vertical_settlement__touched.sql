with version as (
    select * from {{ ref('stg_forms__vertical_settlement') }}
),

touched as (
    select distinct
        version.source_agency_code,
        version.period_start,
        version.field_name
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
