with source as (
    select * from {{ source('raw', 'one_stop__components') }}
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
        source.component_no,
        -- attributes
        source.agency_code as source_agency_code,
        source.is_digitised,
        source.is_reused,
        source.submitted_at
    from source
)

select * from renamed
