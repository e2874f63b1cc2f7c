with source as (
    select * from {{ source('raw', 'feedback__petitions') }}
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
        source.petition_hash,
        -- attributes
        source.agency_code as source_agency_code,
        source.channel,
        source.received_date,
        source.outcome,
        source.handled_date,
        source.is_disliked,
        source.is_petitioned_again,
        source.is_first
    from source
)

select * from renamed
