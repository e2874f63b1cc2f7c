with source as (
    select * from {{ source('raw', 'ioffice__outgoing_documents') }}
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
        source.agency_code as source_agency_code,
        -- attributes
        source.document_type,
        source.urgency_level,
        source.recipient_scope,
        source.is_sent_via_axis,
        source.medium,
        source.document_status,
        -- times
        source.issued_date,
        source.personal_signed_at,
        source.organisation_signed_at
    from source
)

select * from renamed
