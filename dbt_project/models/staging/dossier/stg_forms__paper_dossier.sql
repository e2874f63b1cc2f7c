with source as (
    select * from {{ source('raw', 'forms__paper_register') }}
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
        source.register_year,
        source.register_number,
        -- attributes
        source.procedure_code,
        source.channel,
        source.return_method,
        -- days
        source.received_date,
        source.finished_date,
        source.returned_date
    from source
)

select * from renamed
