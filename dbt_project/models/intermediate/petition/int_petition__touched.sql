with version as (
    select * from {{ ref('stg_feedback__petition') }}
),

touched as (
    select distinct version.petition_hash
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
