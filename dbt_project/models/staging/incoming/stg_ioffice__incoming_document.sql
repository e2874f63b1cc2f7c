with source as (
    select * from {{ source('raw', 'ioffice__incoming_documents') }}
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
        source.document_id,
        -- attributes
        source.agency_code as source_agency_code,
        source.arrival_number,
        source.sender_kind,
        source.arrival_date,
        source.routed_at,
        source.due_date,
        source.completed_at,
        source.document_status
    from source
)

select * from renamed
