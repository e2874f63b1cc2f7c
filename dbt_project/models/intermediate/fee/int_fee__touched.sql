with version as (
    select * from {{ ref('stg_portal__fee') }}
),

touched as (
    select distinct version.snapshot_date
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
