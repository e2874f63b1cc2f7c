with version as (
    select * from {{ ref('stg_forms__paper_dossier') }}
),

touched as (
    select distinct
        version.source_agency_code,
        version.register_year,
        version.register_number
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
