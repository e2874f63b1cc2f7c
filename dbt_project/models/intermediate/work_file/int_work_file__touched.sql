with version as (
    select * from {{ ref('stg_ioffice__work_file') }}
),

touched as (
    select distinct version.file_code
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
