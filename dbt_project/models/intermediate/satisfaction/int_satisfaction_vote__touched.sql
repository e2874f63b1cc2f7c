with version as (
    select * from {{ ref('stg_one_stop__satisfaction_vote') }}
),

touched as (
    select distinct version.vote_code
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
