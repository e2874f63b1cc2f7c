with source as (
    select * from {{ source('raw', 'iso__certificates') }}
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
        source.certificate_number,
        -- attributes
        source.is_mandated,
        source.announced_date,
        source.internal_audit_date,
        source.management_review_date,
        source.valid_until_date,
        source.procedures_covered_count
    from source
)

select * from renamed
