with version as (
    select * from {{ ref('stg_forms__one_stop_unit') }}
),

touched as (
    select distinct version.snapshot_date
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
