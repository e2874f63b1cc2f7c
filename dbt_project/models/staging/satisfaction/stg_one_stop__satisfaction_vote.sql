with source as (
    select * from {{ source('raw', 'one_stop__satisfaction') }}
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
        source.vote_code,
        -- attributes
        source.agency_code as source_agency_code,
        source.vote_channel,
        source.rating,
        source.voted_at
    from source
)

select * from renamed
