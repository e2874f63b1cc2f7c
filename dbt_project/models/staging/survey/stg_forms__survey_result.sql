with source as (
    select * from {{ source('raw', 'forms__survey_results') }}
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
        source.index_code,
        source.agency_code as source_agency_code,
        source.domain_code,
        -- attributes
        source.survey_year,
        source.domain_name,
        source.score,
        source.max_score,
        source.unit_rank,
        source.sample_size
    from source
)

select * from renamed
