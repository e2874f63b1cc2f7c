with source as (
    select * from {{ source('raw', 'forms__one_stop_units') }}
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
        source.reporting_agency_code,
        source.agency_code as source_agency_code,
        -- attributes
        source.is_consolidated,
        source.decision_number,
        source.decision_date,
        source.official_count,
        source.account_count
    from source
)

select * from renamed
