with source as (
    select * from {{ source('raw', 'forms__vertical_settlement') }}
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
        source.agency_code as source_agency_code,
        source.period_start,
        source.field_name,
        -- attributes
        source.received_count,
        source.settled_count,
        source.on_time_count,
        source.late_count
    from source
)

select * from renamed
