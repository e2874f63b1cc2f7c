-- depends_on: {{ ref('int_vertical_settlement__touched') }}
{{ config(
    affected='int_vertical_settlement__touched', unique_key=['source_agency_code', 'period_start', 'field_name'],
    months_of='vertical'
) }}

{{ newest_counted(
    ref('stg_forms__vertical_settlement'), ref('int_vertical_settlement__touched'),
    ['source_agency_code', 'period_start', 'field_name']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        newest.source_agency_code,
        newest.period_start,
        newest.field_name,
        date_trunc('month', newest.period_start)::date as business_month,
        concat_ws(
            '/', newest.source_agency_code, to_char(newest.period_start, 'YYYY-MM'), newest.field_name
        ) as form_code,
        agency_alias.agency_code,
        newest.received_count,
        newest.settled_count,
        newest.on_time_count,
        newest.late_count,
        newest.load_seq,
        newest.file_digest,
        newest.row_no
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.period_start') }}
)

select * from final
