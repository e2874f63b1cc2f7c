with version as (
    select * from {{ ref('stg_one_stop__data_use') }}
),

touched as (
    select distinct version.dossier_hash
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
