with version as (
    select * from {{ ref('stg_one_stop__apology') }}
),

touched as (
    select distinct
        version.dossier_hash,
        version.letter_no
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
