with source as (
    select * from {{ source('raw', 'communication__activities') }}
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
        source.activity_code,
        -- attributes
        source.agency_code as source_agency_code,
        source.activity_kind,
        source.has_par_content,
        source.held_date,
        source.attendee_count,
        source.activity_status
    from source
)

select * from renamed
