with source as (
    select * from {{ source('raw', 'ioffice__accounts') }}
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
        source.account_hash,
        -- attributes
        source.agency_code as source_agency_code,
        source.account_kind,
        source.account_status,
        source.issued_date,
        source.last_action_date
    from source
)

select * from renamed
