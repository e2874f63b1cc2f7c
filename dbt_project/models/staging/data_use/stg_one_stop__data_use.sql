with source as (
    select * from {{ source('raw', 'one_stop__data_uses') }}
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
        source.is_population_used,
        source.is_taken_from_store,
        source.is_result_stored,
        source.certified_copy,
        source.recorded_at
    from source
)

select * from renamed
