with source as (
    select * from {{ source('raw', 'directory__headcount') }}
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
        -- attributes
        source.headcount,
        source.headcount_basis
    from source
)

select * from renamed
