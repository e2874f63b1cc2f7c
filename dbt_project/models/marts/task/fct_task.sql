-- depends_on: {{ ref('int_task__touched') }}
{{ config(affected='int_task__touched', unique_key=['task_id'], months_of='task') }}

{{ newest_counted(ref('stg_ioffice__task'), ref('int_task__touched'), ['task_id']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

judged as (
    select
        newest.*,
        agency_alias.agency_code,
        -- more time granted once the date had passed makes nothing punctual
        coalesce(newest.extended_date <= newest.due_date, false) as is_extended
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.assigned_date') }}
),

dated as (
    select
        judged.*,
        case when judged.is_extended then judged.extended_due_date else judged.due_date end as last_due_date
    from judged
),

final as (
    select
        dated.task_id,
        dated.agency_code,
        dated.assigned_date,
        date_trunc('month', dated.assigned_date)::date as business_month,
        dated.last_due_date as due_date,
        date_trunc('month', dated.last_due_date)::date as due_month,
        dated.done_date,
        dated.task_kind,
        dated.is_in_par_plan,
        dated.task_status,
        dated.task_status <> 'cancelled' as is_counted,
        dated.is_extended,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
)

select * from final
