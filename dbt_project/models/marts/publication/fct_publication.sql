-- depends_on: {{ ref('int_publication__touched') }}
{{ config(
    affected='int_publication__touched', unique_key=['source_agency_code', 'procedure_code', 'decision_number'],
    months_of='publication'
) }}

with effective as (
    select * from {{ ref('int_publication__effective') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

numbered_day as (
    {{ numbered_days() }}
),

located as (
    select
        effective.*,
        agency_alias.agency_code,
        agency_alias.valid_to as unit_last_date,
        -- what a review left as it is announces nothing, so nothing has to be posted
        effective.change_kind <> 'kept' as is_announced,
        {{ working_day_limit("'posting_after_decision'", 'effective.decision_date') }} as posting_limit,
        {{ working_day_limit("'publication_before_effect'", 'effective.decision_date') }} as publication_limit
    from effective
    left join agency_alias on {{ agency_on('effective.source_agency_code', 'effective.decision_date') }}
),

dated as (
    select
        located.*,
        due.calendar_date as posting_due_date,
        posted.working_day_no - decided.working_day_no as posting_lag_days,
        -- working days after the decision, the day on which the legal text takes effect included
        in_effect.working_day_no - decided.working_day_no as days_before_effect
    from located
    left join numbered_day as decided on located.decision_date = decided.calendar_date
    left join numbered_day as due
        on due.is_working and decided.working_day_no + located.posting_limit = due.working_day_no
    left join numbered_day as posted on located.posted_date = posted.calendar_date
    left join numbered_day as in_effect on located.legal_effective_date = in_effect.calendar_date
),

final as (
    select
        dated.source_agency_code,
        dated.procedure_code,
        dated.decision_number,
        date_trunc('month', dated.decision_date)::date as business_month,
        concat_ws('/', dated.source_agency_code, dated.procedure_code, dated.decision_number) as publication_code,
        dated.agency_code,
        dated.field_name,
        dated.competent_level,
        dated.change_kind,
        dated.is_reviewed,
        dated.decision_date,
        dated.legal_effective_date,
        case when dated.is_announced then dated.published_date end as published_date,
        date_trunc('month', case when dated.is_announced then dated.published_date end)::date as published_month,
        case when dated.is_announced then dated.posting_due_date end as posting_due_date,
        case when dated.is_announced then dated.posted_date end as posted_date,
        date_trunc('month', case when dated.is_announced then dated.posted_date end)::date as posted_month,
        -- a unit that is dissolved owes no posting any more
        least(dated.posted_date - 1, dated.unit_last_date) as last_unposted_date,
        case when dated.is_announced then dated.posting_lag_days::int end as posting_lag_days,
        -- without the day on which the text takes effect never in time
        coalesce(dated.is_announced and dated.days_before_effect >= dated.publication_limit, false)
            as is_published_in_time,
        coalesce(dated.is_announced and dated.posted_date <= dated.posting_due_date, false) as is_posted_in_time,
        coalesce(dated.mandatory_part_count = 7, false) as is_complete,
        dated.is_within_authority,
        dated.form_field_count,
        dated.form_field_cut_count,
        dated.load_seq,
        dated.file_digest,
        dated.row_no
    from dated
)

select * from final
