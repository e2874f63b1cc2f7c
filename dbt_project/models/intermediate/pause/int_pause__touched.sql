with version as (
    select * from {{ ref('stg_one_stop__pause') }}
),

touched as (
    select distinct
        version.dossier_hash,
        version.pause_no
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
