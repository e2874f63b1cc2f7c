with version as (
    select * from {{ ref('stg_one_stop__result') }}
),

touched as (
    select distinct
        version.dossier_hash,
        version.result_no
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
