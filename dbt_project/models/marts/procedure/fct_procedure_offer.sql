-- depends_on: {{ ref('int_procedure__touched') }}
{{ config(affected='int_procedure__touched', unique_key=['snapshot_date'], months_of='procedure') }}

with effective as (
    select * from {{ ref('int_procedure__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        effective.*,
        agency_alias.agency_code
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.snapshot_date') }}
),

final as (
    select
        located.snapshot_date,
        located.source_agency_code,
        located.procedure_code,
        date_trunc('month', located.snapshot_date)::date as business_month,
        located.agency_code,
        located.procedure_name,
        located.field_name,
        located.competent_level,
        located.service_level,
        located.procedure_status,
        located.posted_date,
        located.procedure_status = 'in_force' as is_in_force,
        located.procedure_status = 'in_force' and located.posted_date is not null as is_posted,
        located.load_seq,
        located.file_digest,
        located.row_no
    from located
)

select * from final
