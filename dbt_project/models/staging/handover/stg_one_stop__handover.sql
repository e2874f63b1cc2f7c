with source as (
    select * from {{ source('raw', 'one_stop__handovers') }}
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
        source.step_no,
        -- attributes
        source.agency_code as source_agency_code,
        source.from_agency_code,
        source.received_at,
        source.internal_due_at,
        source.handed_on_at
    from source
)

select * from renamed
