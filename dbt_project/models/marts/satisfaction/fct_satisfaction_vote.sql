-- depends_on: {{ ref('int_satisfaction_vote__touched') }}
{{ config(affected='int_satisfaction_vote__touched', unique_key=['vote_code'], months_of='satisfaction') }}

with effective as (
    select
        effective.*,
        (effective.voted_at at time zone 'Asia/Ho_Chi_Minh')::date as voted_date
    from {{ ref('int_satisfaction_vote__effective') }} as effective
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

final as (
    select
        effective.vote_code,
        agency_alias.agency_code,
        effective.vote_channel,
        effective.rating,
        effective.voted_date,
        date_trunc('month', effective.voted_date)::date as business_month,
        effective.rating in ('very_satisfied', 'satisfied') as is_satisfied,
        effective.load_seq,
        effective.file_digest,
        effective.row_no
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.voted_date') }}
)

select * from final
