with source as (
    select * from {{ source('raw', 'one_stop__pauses') }}
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
        source.pause_no,
        -- attributes
        source.agency_code as source_agency_code,
        source.pause_kind,
        source.reason_code,
        source.paused_at,
        source.resumed_at
    from source
)

select * from renamed
