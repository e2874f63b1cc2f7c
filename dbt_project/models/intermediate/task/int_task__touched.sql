with version as (
    select * from {{ ref('stg_ioffice__task') }}
),

touched as (
    select distinct version.task_id
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
