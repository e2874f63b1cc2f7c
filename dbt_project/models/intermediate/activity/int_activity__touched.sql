with version as (
    select * from {{ ref('stg_communication__activity') }}
),

touched as (
    select distinct version.activity_code
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
