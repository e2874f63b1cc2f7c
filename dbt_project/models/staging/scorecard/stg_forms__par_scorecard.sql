with source as (
    select * from {{ source('raw', 'forms__par_scorecards') }}
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
        source.criterion_code,
        -- attributes
        source.domain_code,
        source.domain_name,
        source.criterion_name,
        source.max_points,
        source.self_points,
        source.survey_points_pending,
        source.projected_points
    from source
)

select * from renamed
