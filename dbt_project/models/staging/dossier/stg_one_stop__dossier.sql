with source as (
    select * from {{ source('raw', 'one_stop__dossiers') }}
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
        'one_stop' as source_system,
        source.dossier_hash,
        source.agency_code as source_agency_code,
        -- attributes
        source.procedure_code,
        source.channel,
        source.applicant_type,
        source.return_method,
        source.dossier_status,
        source.supplement_request_count,
        -- days, as the office's clock has them
        (source.received_at at time zone 'Asia/Ho_Chi_Minh')::date as received_date,
        (source.due_at at time zone 'Asia/Ho_Chi_Minh')::date as due_date,
        (source.finished_at at time zone 'Asia/Ho_Chi_Minh')::date as finished_date,
        (source.returned_at at time zone 'Asia/Ho_Chi_Minh')::date as returned_date,
        (source.updated_at at time zone 'Asia/Ho_Chi_Minh')::date as changed_date,
        -- moments: a day hides that a dossier was late by hours
        source.received_at,
        source.due_at,
        source.finished_at,
        source.returned_at,
        source.updated_at as changed_at
    from source
)

select * from renamed
