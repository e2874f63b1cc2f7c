-- depends_on: {{ ref('int_dossier__touched') }}
{{ config(affected='int_dossier__touched', unique_key=['source_system', 'dossier_hash'], months_of='dossier') }}
{# Not confirmed against a text: how many days before the due date a letter of apology has to be issued. #}
{% set notice_days = 1 %}

with united as (
    select * from {{ ref('int_dossier__united') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

payment as (
    select * from {{ ref('fct_payment') }}
),

component as (
    select * from {{ ref('fct_dossier_component') }}
),

result as (
    select * from {{ ref('fct_dossier_result') }}
),

apology as (
    select * from {{ ref('fct_apology') }}
),

pause as (
    select * from {{ ref('fct_pause') }}
),

synchronisation as (
    select * from {{ ref('fct_synchronisation') }}
),

data_use as (
    select * from {{ ref('fct_data_use') }}
),

-- one row per dossier, however many items it has to pay; a waived item is no fee
fee as (
    select
        payment.dossier_hash,
        true as is_fee_bearing,
        bool_or(payment.is_paid_online) as is_paid_online
    from payment
    where payment.amount_due > 0 and payment.dossier_hash in (select united.dossier_hash from united)
    group by payment.dossier_hash
),

document as (
    select
        component.dossier_hash,
        bool_or(component.is_digitised) as is_component_digitised,
        bool_or(component.is_reused) as is_component_reused
    from component
    where component.dossier_hash in (select united.dossier_hash from united)
    group by component.dossier_hash
),

outcome as (
    select
        result.dossier_hash,
        bool_or(result.is_written) as is_result_written,
        bool_or(result.is_attached) as is_result_attached,
        bool_or(result.is_electronic) as is_result_electronic
    from result
    where result.dossier_hash in (select united.dossier_hash from united)
    group by result.dossier_hash
),

-- what was promised before any letter moved it; a letter counts when the citizen has it so many days before that day
letter as (
    select
        apology.dossier_hash,
        (array_agg(apology.old_due_date order by apology.letter_no))[1] as first_due_date,
        bool_or(
            apology.letter_no = '1' and apology.issued_date + {{ notice_days }} <= apology.old_due_date
        ) as is_apologised_in_time,
        count(*) > 1 as is_promised_again,
        bool_or(apology.issued_date > apology.old_due_date) as is_moved_after_expiry
    from apology
    where apology.dossier_hash in (select united.dossier_hash from united)
    group by apology.dossier_hash
),

-- the national portal holds it
synced as (
    select synchronisation.dossier_hash
    from synchronisation
    where synchronisation.is_synced and synchronisation.dossier_hash in (select united.dossier_hash from united)
),

-- what it took from shared data; one row each
shared as (
    select data_use.*
    from data_use
    where data_use.dossier_hash in (select united.dossier_hash from united)
),

-- its clock stood still at least once
held_up as (
    select distinct pause.dossier_hash
    from pause
    where pause.dossier_hash in (select united.dossier_hash from united)
),

-- its newest request for a supplement that was not answered yet
awaited as (
    select
        pause.dossier_hash,
        max(pause.paused_date) as requested_date
    from pause
    where
        pause.pause_kind = 'supplement'
        and pause.resumed_at is null
        and pause.dossier_hash in (select united.dossier_hash from united)
    group by pause.dossier_hash
),

located as (
    select
        united.*,
        agency_alias.agency_code,
        agency_alias.valid_to as unit_last_date,
        -- filed but not accepted, or turned away at the counter: never received
        united.dossier_status not in ('registered', 'refused') as is_received,
        -- withdrawn and stopped dossiers ended without being settled
        united.dossier_status in ('finished', 'returned') as is_settled,
        united.dossier_status in ('withdrawn', 'stopped') as is_broken_off
    from united
    left join agency_alias on {{ agency_on('united.source_agency_code', 'united.received_date') }}
),

dated as (
    select
        located.*,
        case when located.is_settled then coalesce(located.finished_date, located.returned_date) end as settled_date,
        -- the end by the order of QD 766: processed, returned, stopped; where nobody wrote down when a dossier was
        -- withdrawn or stopped, the source's last change says it
        case
            when located.is_settled then coalesce(located.finished_date, located.returned_date)
            when located.is_broken_off
                then coalesce(located.finished_date, located.returned_date, located.changed_date)
        end as ended_date,
        case
            when located.is_settled then coalesce(located.finished_at, located.returned_at)
            when located.is_broken_off then coalesce(located.finished_at, located.returned_at, located.changed_at)
        end as ended_at,
        located.is_received and not located.is_broken_off and located.returned_date is not null as is_returned
    from located
),

closed as (
    select
        dated.*,
        -- form II.06a takes a dossier that waits for a supplement as done with, since the request; where no request is
        -- told, since the source's last change
        case
            when dated.ended_date is not null then dated.ended_date
            when dated.dossier_status = 'supplement_requested'
                then case
                    when awaited.requested_date is null then dated.changed_date
                    else greatest(awaited.requested_date, dated.received_date)
                end
        end as closed_date
    from dated
    left join awaited on dated.source_system = 'one_stop' and dated.dossier_hash = awaited.dossier_hash
),

{{ clock_of('united', 'pause') }},

-- what was promised, with the time taken off during which the clock stood
clocked as (
    select
        closed.*,
        coalesce(clock.moved_due_date, closed.due_date) as clock_due_date,
        coalesce(clock.moved_due_at, closed.due_at) as clock_due_at,
        coalesce(clock.is_standing_date, false) as is_clock_standing_date,
        coalesce(clock.is_standing_hour, false) as is_clock_standing_hour
    from closed
    left join clock on closed.source_system = 'one_stop' and closed.dossier_hash = clock.dossier_hash
),

final as (
    select
        closed.source_system,
        closed.dossier_hash,
        closed.agency_code,
        closed.procedure_code,
        closed.channel,
        closed.applicant_type,
        closed.dossier_status,
        closed.received_date,
        date_trunc('month', closed.received_date)::date as business_month,
        closed.due_date,
        closed.received_at,
        closed.due_at,
        closed.clock_due_date,
        closed.clock_due_at,
        closed.finished_at,
        closed.settled_date,
        date_trunc('month', closed.settled_date)::date as settled_month,
        closed.returned_date,
        date_trunc('month', closed.returned_date)::date as returned_month,
        closed.return_method,
        closed.closed_date,
        date_trunc('month', closed.closed_date)::date as closed_month,
        -- a unit that is dissolved has nothing pending any more
        least(closed.ended_date - 1, closed.unit_last_date) as last_pending_date,
        closed.supplement_request_count,
        closed.is_received,
        closed.is_settled,
        closed.is_returned,
        closed.ended_date is not null as is_ended,
        -- without a due date never in time, whatever it ended in
        coalesce(closed.ended_date <= closed.due_date, false) as is_in_time_date,
        coalesce(closed.ended_at <= closed.due_at, false) as is_in_time_hour,
        closed.is_clock_standing_date,
        closed.is_clock_standing_hour,
        -- while the clock stands no term runs out
        closed.ended_date is not null
        and (closed.is_clock_standing_date or coalesce(closed.ended_date <= closed.clock_due_date, false))
            as is_in_time_by_clock_date,
        closed.ended_at is not null
        and (closed.is_clock_standing_hour or coalesce(closed.ended_at <= closed.clock_due_at, false))
            as is_in_time_by_clock_hour,
        -- without a due date never on time, and never late either
        coalesce(closed.settled_date <= closed.due_date, false) as is_settled_on_time,
        coalesce(closed.settled_date > closed.due_date, false) as is_settled_late,
        coalesce(fee.is_fee_bearing, false) as is_fee_bearing,
        coalesce(fee.is_paid_online, false) as is_paid_online,
        coalesce(document.is_component_digitised, false) as is_component_digitised,
        coalesce(document.is_component_reused, false) as is_component_reused,
        -- of which nothing is told ends in writing: what is missing is never taken as not due
        coalesce(outcome.is_result_written, true) as is_result_written,
        coalesce(outcome.is_result_attached, false) as is_result_attached,
        coalesce(outcome.is_result_electronic, false) as is_result_electronic,
        letter.dossier_hash is not null as is_apologised,
        coalesce(letter.is_apologised_in_time, false) as is_apologised_in_time,
        coalesce(letter.is_promised_again, false) as is_promised_again,
        coalesce(letter.is_moved_after_expiry, false) as is_moved_after_expiry,
        coalesce(closed.settled_date > coalesce(letter.first_due_date, closed.due_date), false) as is_late_to_promise,
        synced.dossier_hash is not null as is_synced,
        held_up.dossier_hash is not null as is_paused,
        coalesce(shared.is_population_used, false) as is_population_used,
        coalesce(shared.is_personal_store, false) as is_personal_store,
        coalesce(shared.is_copy_certified, false) as is_copy_certified,
        coalesce(shared.is_copy_electronic, false) as is_copy_electronic,
        closed.load_seq,
        closed.file_digest,
        closed.row_no
    from clocked as closed
    left join fee on closed.source_system = 'one_stop' and closed.dossier_hash = fee.dossier_hash
    left join document on closed.source_system = 'one_stop' and closed.dossier_hash = document.dossier_hash
    left join outcome on closed.source_system = 'one_stop' and closed.dossier_hash = outcome.dossier_hash
    left join letter on closed.source_system = 'one_stop' and closed.dossier_hash = letter.dossier_hash
    left join synced on closed.source_system = 'one_stop' and closed.dossier_hash = synced.dossier_hash
    left join shared on closed.source_system = 'one_stop' and closed.dossier_hash = shared.dossier_hash
    left join held_up on closed.source_system = 'one_stop' and closed.dossier_hash = held_up.dossier_hash
)

select * from final
