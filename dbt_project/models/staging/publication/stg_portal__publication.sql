with source as (
    select * from {{ source('raw', 'portal__publications') }}
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
        source.procedure_code,
        source.decision_number,
        -- attributes
        source.field_name,
        source.competent_level,
        source.change_kind,
        source.is_reviewed,
        source.decision_date,
        source.legal_effective_date,
        source.published_date,
        source.posted_date,
        source.mandatory_part_count,
        source.is_within_authority,
        source.form_field_count,
        source.form_field_cut_count
    from source
)

select * from renamed
