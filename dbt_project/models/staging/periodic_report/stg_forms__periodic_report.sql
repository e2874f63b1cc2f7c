with source as (
    select * from {{ source('raw', 'forms__periodic_reports') }}
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
        source.agency_code as source_agency_code,
        source.report_code,
        source.reporting_period,
        -- attributes
        source.receiving_agency_code,
        source.report_name,
        source.due_date,
        source.sent_at
    from source
)

select * from renamed
