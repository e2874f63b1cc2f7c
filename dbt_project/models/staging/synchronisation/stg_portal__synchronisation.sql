with source as (
    select * from {{ source('raw', 'portal__synchronisation') }}
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
        source.dossier_hash,
        -- attributes
        source.agency_code as source_agency_code,
        source.sync_status,
        source.error_kind,
        source.sent_at,
        source.accepted_at
    from source
)

select * from renamed
