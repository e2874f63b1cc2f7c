with version as (
    select * from {{ ref('stg_portal__publication') }}
),

touched as (
    select distinct
        version.source_agency_code,
        version.procedure_code,
        version.decision_number
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
