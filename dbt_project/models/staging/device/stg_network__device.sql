with source as (
    select * from {{ source('raw', 'network__devices') }}
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
        source.device_code,
        -- attributes
        source.agency_code as source_agency_code,
        source.device_kind,
        source.is_networked,
        source.is_secured,
        source.secured_date,
        source.retired_date
    from source
)

select * from renamed
