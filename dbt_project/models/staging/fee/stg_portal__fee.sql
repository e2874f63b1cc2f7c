with source as (
    select * from {{ source('raw', 'portal__fees') }}
),

renamed as (
    select
        -- trace
        source.load_seq,
        source.file_digest,
        source.row_no,
        source.row_digest,
        source.exported_at as source_version_at,
        -- key
        source.snapshot_date,
        source.agency_code as source_agency_code,
        source.procedure_code,
        -- attributes
        source.competent_level,
        source.has_fee,
        source.synced_date
    from source
)

select * from renamed
