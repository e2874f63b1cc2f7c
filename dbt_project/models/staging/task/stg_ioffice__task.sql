with source as (
    select * from {{ source('raw', 'ioffice__tasks') }}
),

renamed as (
    select
        -- trace
        source.load_seq,
        source.file_digest,
        source.row_no,
        source.row_digest,
        source.updated_at as source_version_at,
        -- key
        source.task_id,
        -- attributes
        source.agency_code as source_agency_code,
        source.task_kind,
        source.is_in_par_plan,
        source.assigned_date,
        source.due_date,
        source.extended_date,
        source.extended_due_date,
        source.done_date,
        source.task_status
    from source
)

select * from renamed
