-- depends_on: {{ ref('int_activity__touched') }}
{{ config(affected='int_activity__touched', unique_key=['activity_code'], months_of='activity') }}

{{ newest_counted(ref('stg_communication__activity'), ref('int_activity__touched'), ['activity_code']) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        newest.*,
        agency_alias.agency_code
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.held_date') }}
),

final as (
    select
        located.activity_code,
        located.agency_code,
        located.held_date,
        date_trunc('month', located.held_date)::date as business_month,
        located.activity_kind,
        located.has_par_content,
        located.attendee_count,
        located.activity_status = 'held' as is_held,
        located.load_seq,
        located.file_digest,
        located.row_no
    from located
)

select * from final
