with source as (
    select * from {{ source('raw', 'mail__accounts') }}
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
        source.mailbox_hash,
        source.agency_code as source_agency_code,
        -- attributes
        source.account_status,
        source.issued_date,
        source.last_used_at,
        source.sent_30d_count,
        source.read_30d_count
    from source
)

select * from renamed
