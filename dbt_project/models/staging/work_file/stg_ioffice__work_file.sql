with source as (
    select * from {{ source('raw', 'ioffice__work_files') }}
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
        source.file_code,
        -- attributes
        source.agency_code as source_agency_code,
        source.medium,
        source.opened_date,
        source.closed_date,
        source.archive_due_date,
        source.archived_date
    from source
)

select * from renamed
