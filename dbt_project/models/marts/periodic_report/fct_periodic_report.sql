-- depends_on: {{ ref('int_periodic_report__touched') }}
{{ config(
    affected='int_periodic_report__touched', unique_key=['source_agency_code', 'report_code', 'reporting_period'],
    months_of='periodic_report'
) }}

{{ newest_counted(
    ref('stg_forms__periodic_report'), ref('int_periodic_report__touched'),
    ['source_agency_code', 'report_code', 'reporting_period']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        newest.*,
        agency_alias.agency_code
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.due_date') }}
),

final as (
    select
        located.source_agency_code,
        located.report_code,
        located.reporting_period,
        date_trunc('month', located.due_date)::date as business_month,
        concat_ws('/', located.source_agency_code, located.report_code, located.reporting_period) as report_key,
        located.agency_code,
        located.due_date,
        located.sent_at,
        -- the whole of the last day counts; what never came is never in time
        coalesce((located.sent_at at time zone 'Asia/Ho_Chi_Minh')::date <= located.due_date, false) as is_on_time,
        located.load_seq,
        located.file_digest,
        located.row_no
    from located
)

select * from final
