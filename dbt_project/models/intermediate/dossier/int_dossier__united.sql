with software as (
    select * from {{ ref('int_software_dossier__effective') }}
),

paper as (
    select * from {{ ref('int_paper_dossier__effective') }}
),

united as (
    select
        software.source_system,
        software.dossier_hash,
        software.source_agency_code,
        software.procedure_code,
        software.channel,
        software.applicant_type,
        software.dossier_status,
        software.received_date,
        software.due_date,
        software.finished_date,
        software.returned_date,
        software.changed_date,
        software.received_at,
        software.due_at,
        software.finished_at,
        software.returned_at,
        software.changed_at,
        software.return_method,
        software.supplement_request_count,
        software.load_seq,
        software.file_digest,
        software.row_no
    from software
    union all
    select
        'forms' as source_system,
        {{ paper_key('paper') }} as dossier_hash,
        paper.source_agency_code,
        paper.procedure_code,
        paper.channel,
        null as applicant_type,
        -- a register has no status column: the days say how far the dossier is
        case
            when paper.returned_date is not null then 'returned'
            when paper.finished_date is not null then 'finished'
            else 'processing'
        end as dossier_status,
        paper.received_date,
        -- no promise is written in a paper register, so nothing in it can be on time or late
        null::date as due_date,
        paper.finished_date,
        paper.returned_date,
        null::date as changed_date,
        -- and no hour
        null::timestamptz as received_at,
        null::timestamptz as due_at,
        null::timestamptz as finished_at,
        null::timestamptz as returned_at,
        null::timestamptz as changed_at,
        paper.return_method,
        null::int as supplement_request_count,
        paper.load_seq,
        paper.file_digest,
        paper.row_no
    from paper
)

select * from united
