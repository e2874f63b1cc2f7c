-- depends_on: {{ ref('int_kpi__touched_month') }}
{{ config(
    affected='int_kpi__touched_month', unique_key=['business_month'], months_of='kpi',
    post_hook="{{ refresh_statistics() }}"
) }}

with document as (
    select * from {{ ref('fct_document') }}
    where {{ in_touched_months('business_month', 'kpi') }} and issued_date <= {{ as_of() }}
),

received as (
    select * from {{ ref('fct_dossier') }}
    where {{ in_touched_months('business_month', 'kpi') }} and received_date <= {{ as_of() }}
),

-- settled, withdrawn, stopped, or waiting for a supplement
closed as (
    select * from {{ ref('fct_dossier') }}
    where {{ in_touched_months('closed_month', 'kpi') }} and closed_date <= {{ as_of() }} and is_received
),

-- open at the end of a touched month, or since: the history before it is not read
open_dossier as (
    select * from {{ ref('fct_dossier') }}
    where
        is_received
        and received_date <= {{ as_of() }}
        and (last_pending_date is null or {{ not_before_touched_months('last_pending_date', 'kpi') }})
),

returned as (
    select * from {{ ref('fct_dossier') }}
    where {{ in_touched_months('returned_month', 'kpi') }} and returned_date <= {{ as_of() }} and is_returned
),

payment as (
    select * from {{ ref('fct_payment') }}
    where {{ in_touched_months('business_month', 'kpi') }} and charged_date <= {{ as_of() }}
),

dossier_component as (
    select * from {{ ref('fct_dossier_component') }}
    where {{ in_touched_months('business_month', 'kpi') }} and submitted_date <= {{ as_of() }}
),

dossier_result as (
    select * from {{ ref('fct_dossier_result') }}
    where {{ in_touched_months('business_month', 'kpi') }} and issued_date <= {{ as_of() }}
),

apology as (
    select * from {{ ref('fct_apology') }}
    where {{ in_touched_months('business_month', 'kpi') }} and issued_date <= {{ as_of() }}
),

pause as (
    select * from {{ ref('fct_pause') }}
    where {{ in_touched_months('business_month', 'kpi') }} and paused_date <= {{ as_of() }}
),

synchronisation as (
    select * from {{ ref('fct_synchronisation') }}
    where {{ in_touched_months('business_month', 'kpi') }} and sent_date <= {{ as_of() }}
),

data_use as (
    select * from {{ ref('fct_data_use') }}
    where {{ in_touched_months('business_month', 'kpi') }} and recorded_date <= {{ as_of() }}
),

handover as (
    select * from {{ ref('fct_handover') }}
    where {{ in_touched_months('business_month', 'kpi') }} and received_date <= {{ as_of() }}
),

-- whenever the step was received; a deadline that lies ahead says nothing yet
due_handover as (
    select * from {{ ref('fct_handover') }}
    where {{ in_touched_months('due_month', 'kpi') }} and due_date <= {{ as_of() }}
),

vote as (
    select * from {{ ref('fct_satisfaction_vote') }}
    where {{ in_touched_months('business_month', 'kpi') }} and voted_date <= {{ as_of() }}
),

mailbox as (
    select * from {{ ref('fct_mail_account') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

office_account as (
    select * from {{ ref('fct_office_account') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

headcount as (
    select * from {{ ref('fct_headcount') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

device as (
    select * from {{ ref('fct_device') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

one_stop_unit as (
    select * from {{ ref('fct_one_stop_unit') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

certificate as (
    select * from {{ ref('fct_certificate') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

offer as (
    select * from {{ ref('fct_procedure_offer') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

fee as (
    select * from {{ ref('fct_procedure_fee') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

publication as (
    select * from {{ ref('fct_publication') }} where decision_date <= {{ as_of() }}
),

petition as (
    select * from {{ ref('fct_petition') }} where received_date <= {{ as_of() }}
),

task as (
    select * from {{ ref('fct_task') }}
    where {{ in_touched_months('business_month', 'kpi') }} and assigned_date <= {{ as_of() }}
),

activity as (
    select * from {{ ref('fct_activity') }}
    where {{ in_touched_months('business_month', 'kpi') }} and held_date <= {{ as_of() }}
),

vertical_form as (
    select * from {{ ref('fct_vertical_settlement') }}
    where {{ in_touched_months('business_month', 'kpi') }} and period_start <= {{ as_of() }}
),

periodic_report as (
    select * from {{ ref('fct_periodic_report') }}
    where {{ in_touched_months('business_month', 'kpi') }} and due_date <= {{ as_of() }}
),

-- whenever it was assigned; what is due later says nothing yet
due_task as (
    select * from {{ ref('fct_task') }}
    where {{ in_touched_months('due_month', 'kpi') }} and due_date <= {{ as_of() }} and is_counted
),

-- whenever it was opened or closed; what is due later says nothing yet
work_file as (
    select * from {{ ref('fct_work_file') }}
    where {{ in_touched_months('business_month', 'kpi') }} and opened_date <= {{ as_of() }}
),

archive_due as (
    select * from {{ ref('fct_work_file') }}
    where {{ in_touched_months('archive_due_month', 'kpi') }} and archive_due_date <= {{ as_of() }}
),

-- what was over before the first touched month is in none of their figures
incoming as (
    select * from {{ ref('fct_incoming_document') }}
    where
        {{ not_before_touched_months("greatest(arrival_date, due_date, coalesce(routed_date, 'infinity'))", 'kpi') }}
        and arrival_date <= {{ as_of() }}
),

-- once per month at whose end (of the running month: on the business date) the dossier was open
pending as (
    select
        open_dossier.*,
        looked.looked_at_date,
        -- form II.06a has those that wait for a supplement among the settled
        open_dossier.closed_date is null or open_dossier.closed_date > looked.looked_at_date as is_in_form,
        (looked.looked_at_date + 1)::timestamp at time zone 'Asia/Ho_Chi_Minh' as looked_at
    from open_dossier
    cross join lateral generate_series(
        open_dossier.business_month,
        least(date_trunc('month', open_dossier.last_pending_date), date_trunc('month', {{ as_of() }})),
        interval '1 month'
    ) as month (month_start)
    cross join lateral (
        select least((month.month_start + interval '1 month')::date - 1, {{ as_of() }}) as looked_at_date
    ) as looked
    where
        {{ in_touched_months('month.month_start::date', 'kpi') }}
        and open_dossier.received_date <= looked.looked_at_date
        and coalesce(open_dossier.last_pending_date, 'infinity') >= looked.looked_at_date
),

-- flows: rows that count, by unit and month
flow as (
    select 'document_rows' as measure_code, agency_code, business_month, count(*) as amount
    from document
    group by agency_code, business_month
    union all
    select m.measure_code, document.agency_code, document.business_month, count(*)
    from document
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('document_outgoing', true),
        ('document_signed', document.is_signed),
        ('document_signed_dual', document.is_signed_dual),
        ('document_signed_external', document.is_signed and document.recipient_scope = 'external'),
        ('document_signed_internal', document.is_signed and document.recipient_scope = 'internal')
        {%- endcall %}
    ) as m (measure_code, counts)
    where document.is_in_scope and m.counts
    group by m.measure_code, document.agency_code, document.business_month
    union all
    select m.measure_code, received.agency_code, received.business_month, count(*)
    from received
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('dossier_rows', true),
        ('dossier_received', received.is_received),
        ('dossier_received_software', received.is_received and received.source_system = 'one_stop'),
        ('dossier_received_online', received.is_received and received.channel = 'online'),
        ('dossier_received_post', received.is_received and received.channel = 'post'),
        ('dossier_received_settled', received.is_received and received.settled_date <= {{ as_of() }}),
        ('dossier_fee_bearing', received.is_received and received.is_fee_bearing),
        ('dossier_paid_online', received.is_received and received.is_paid_online),
        ('dossier_component_reused', received.is_received and received.is_component_reused),
        ('dossier_synced', received.is_received and received.is_synced),
        (
            'dossier_online_whole',
            received.is_received and received.channel = 'online' and received.is_synced
            and not (received.is_settled and received.is_result_written and not received.is_result_electronic)
        ),
        ('dossier_population_used', received.is_received and received.is_population_used),
        ('dossier_personal_store', received.is_received and received.is_personal_store),
        ('dossier_copy_certified', received.is_received and received.is_copy_certified),
        ('dossier_copy_electronic', received.is_received and received.is_copy_electronic),
        ('dossier_paused', received.is_received and received.is_paused),
        ('dossier_promised_again', received.is_received and received.is_promised_again),
        ('dossier_moved_after_expiry', received.is_received and received.is_moved_after_expiry)
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, received.agency_code, received.business_month
    union all
    select m.measure_code, closed.agency_code, closed.closed_month, count(*)
    from closed
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('dossier_settled', closed.is_settled),
        ('dossier_settled_early', closed.is_settled and closed.settled_date < closed.due_date),
        ('dossier_settled_on_time_date', closed.is_settled_on_time),
        ('dossier_settled_on_time_hour', closed.is_settled and closed.is_in_time_hour),
        ('dossier_settled_late', closed.is_settled_late),
        ('dossier_result_due', closed.is_settled and closed.is_result_written),
        ('dossier_e_result', closed.is_settled and closed.is_result_written and closed.is_result_electronic),
        ('dossier_digitised', closed.is_settled and closed.is_component_digitised and closed.is_result_attached),
        ('dossier_late_to_promise', closed.is_late_to_promise),
        ('dossier_late_apologised', closed.is_late_to_promise and closed.is_apologised_in_time),
        ('dossier_apologised_not_late', closed.is_settled and closed.is_apologised and not closed.is_late_to_promise),
        ('dossier_settled_late_hour', closed.is_settled and closed.due_at is not null and not closed.is_in_time_hour),
        -- form II.06a: withdrawn, stopped and waiting for a supplement are on time there, whenever that was
        ('dossier_form_settled', true),
        (
            'dossier_form_in_time_date',
            closed.due_date is not null and (closed.is_settled_on_time or not closed.is_settled)
        ),
        (
            'dossier_form_in_time_hour',
            closed.due_at is not null and (closed.is_in_time_hour or not closed.is_settled)
        ),
        (
            'dossier_form_on_time_date',
            (closed.is_settled_on_time and closed.settled_date = closed.due_date)
            or (closed.due_date is not null and not closed.is_settled)
        ),
        (
            'dossier_form_on_time_hour',
            (closed.is_settled and closed.is_in_time_hour and closed.settled_date = closed.due_date)
            or (closed.due_at is not null and not closed.is_settled)
        ),
        -- late by the day that the source shows, in time once its pauses are taken off
        ('dossier_settled_late_excused', closed.is_settled_late and closed.is_in_time_by_clock_date),
        -- QD 766: whatever ended is compared, pauses taken off; a second request for a supplement makes it late
        ('dossier_handled', closed.is_ended),
        (
            'dossier_handled_in_time_date',
            closed.is_in_time_by_clock_date and coalesce(closed.supplement_request_count, 0) <= 1
        ),
        (
            'dossier_handled_in_time_hour',
            closed.is_in_time_by_clock_hour and coalesce(closed.supplement_request_count, 0) <= 1
        )
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, closed.agency_code, closed.closed_month
    union all
    select 'dossier_settled_days', agency_code, closed_month, sum(settled_date - received_date)
    from closed
    where is_settled
    group by agency_code, closed_month
    union all
    select m.measure_code, returned.agency_code, returned.returned_month, count(*)
    from returned
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('dossier_returned', true),
        ('dossier_returned_post', returned.return_method = 'post')
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, returned.agency_code, returned.returned_month
    union all
    select m.measure_code, vote.agency_code, vote.business_month, count(*)
    from vote
    cross join lateral (
        {% call asked('boolean') -%}
        values ('vote', true), ('vote_satisfied', vote.is_satisfied), ('satisfaction_rows', true)
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, vote.agency_code, vote.business_month
    union all
    select 'pause_supplement', agency_code, business_month, count(*)
    from pause
    where pause_kind = 'supplement'
    group by agency_code, business_month
    union all
    select 'handover_rows', agency_code, business_month, count(*) from handover group by agency_code, business_month
    union all
    select m.measure_code, due_handover.agency_code, due_handover.due_month, count(*)
    from due_handover
    cross join lateral (
        values
        ('handover_due', true),
        -- on its last day a step is still in time
        (
            'handover_late',
            due_handover.due_date < {{ as_of() }}
            and not coalesce(due_handover.handed_on_date <= due_handover.due_date, false)
        )
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, due_handover.agency_code, due_handover.due_month
    union all
    -- told of dossiers: rows of both stand behind a figure
    select told.measure_code, told.agency_code, told.business_month, count(*)
    from (
        select 'payment_rows' as measure_code, payment.agency_code, payment.business_month from payment
        union all
        select 'digitisation_rows', dossier_component.agency_code, dossier_component.business_month
        from dossier_component
        union all
        select 'digitisation_rows', dossier_result.agency_code, dossier_result.business_month from dossier_result
        union all
        select 'apology_rows', apology.agency_code, apology.business_month from apology
        union all
        select m.measure_code, synchronisation.agency_code, synchronisation.business_month
        from synchronisation
        cross join (values ('synchronisation_rows'), ('online_whole_rows')) as m (measure_code)
        union all
        select 'online_whole_rows', dossier_result.agency_code, dossier_result.business_month from dossier_result
        union all
        select 'pause_rows', pause.agency_code, pause.business_month from pause
        union all
        select 'data_use_rows', data_use.agency_code, data_use.business_month from data_use
        union all
        select m.measure_code, received.agency_code, received.business_month
        from received
        cross join lateral (
            {% call asked('boolean') -%}
            values
            ('payment_rows', true),
            ('digitisation_rows', true),
            ('apology_rows', true),
            ('synchronisation_rows', true),
            ('online_whole_rows', true),
            ('pause_rows', true),
            ('data_use_rows', true)
            {%- endcall %}
        ) as m (measure_code, counts)
        where received.source_system = 'one_stop' and m.counts
    ) as told
    group by told.measure_code, told.agency_code, told.business_month
    union all
    select 'mail_rows', agency_code, business_month, count(*) from mailbox group by agency_code, business_month
    union all
    select 'office_account_rows', agency_code, business_month, count(*)
    from office_account
    group by agency_code, business_month
    union all
    select 'headcount_rows', agency_code, business_month, count(*) from headcount group by agency_code, business_month
    union all
    select 'device_rows', agency_code, business_month, count(*) from device group by agency_code, business_month
    union all
    select 'one_stop_unit_rows', agency_code, business_month, count(*)
    from one_stop_unit
    group by agency_code, business_month
    union all
    select 'certificate_rows', agency_code, business_month, count(*)
    from certificate
    group by agency_code, business_month
    union all
    select 'procedure_rows', agency_code, business_month, count(*) from offer group by agency_code, business_month
    union all
    select 'fee_rows', agency_code, business_month, count(*) from fee group by agency_code, business_month
    union all
    select m.measure_code, task.agency_code, task.business_month, count(*)
    from task
    cross join lateral (
        {% call asked('boolean') -%}
        values ('task_rows', true), ('task_planned', task.is_counted and task.is_in_par_plan)
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, task.agency_code, task.business_month
    union all
    select m.measure_code, due_task.agency_code, due_task.due_month, count(*)
    from due_task
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('task_due', true),
        ('task_done_on_time', due_task.done_date <= due_task.due_date),
        ('task_specific_due', due_task.task_kind = 'specific'),
        ('task_specific_done', due_task.task_kind = 'specific' and due_task.done_date <= {{ as_of() }})
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, due_task.agency_code, due_task.due_month
    union all
    select m.measure_code, work_file.agency_code, work_file.business_month, count(*)
    from work_file
    cross join (values ('work_file_rows'), ('work_file_opened')) as m (measure_code)
    group by m.measure_code, work_file.agency_code, work_file.business_month
    union all
    select m.measure_code, archive_due.agency_code, archive_due.archive_due_month, count(*)
    from archive_due
    cross join lateral (
        values
        ('work_file_archive_due', true),
        ('work_file_archived_in_time', archive_due.archived_date <= archive_due.archive_due_date)
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, archive_due.agency_code, archive_due.archive_due_month
    union all
    select m.measure_code, periodic_report.agency_code, periodic_report.business_month, count(*)
    from periodic_report
    cross join lateral (
        values
        ('periodic_report_rows', true),
        ('report_due', true),
        ('report_on_time', periodic_report.is_on_time)
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, periodic_report.agency_code, periodic_report.business_month
    union all
    select m.measure_code, activity.agency_code, activity.business_month, sum(m.amount)
    from activity
    cross join lateral (
        select
            activity.is_held and activity.activity_kind = 'meeting' as is_meeting,
            activity.has_par_content as is_on_reform
    ) as judged
    cross join lateral (
        values
        ('activity_rows', 1),
        ('news_item', (activity.is_held and activity.activity_kind = 'news_item')::int),
        ('training_session', (activity.is_held and activity.activity_kind = 'training')::int),
        ('propaganda_meeting', judged.is_meeting::int),
        ('propaganda_meeting_par', (judged.is_meeting and judged.is_on_reform)::int),
        ('propaganda_attendee', (judged.is_meeting and judged.is_on_reform)::int * activity.attendee_count)
    ) as m (measure_code, amount)
    where m.amount > 0
    group by m.measure_code, activity.agency_code, activity.business_month
    union all
    select m.measure_code, vertical_form.agency_code, vertical_form.business_month, sum(m.amount)
    from vertical_form
    cross join lateral (
        values
        ('vertical_rows', 1),
        ('vertical_settled', vertical_form.settled_count),
        ('vertical_settled_on_time', vertical_form.on_time_count)
    ) as m (measure_code, amount)
    where m.amount > 0
    group by m.measure_code, vertical_form.agency_code, vertical_form.business_month
),

-- things that are counted once however often they occur
flow_key as (
    select distinct
        m.measure_code,
        received.agency_code,
        received.business_month,
        received.procedure_code as distinct_key
    from received
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('procedure_with_online_dossier', received.channel = 'online'),
        ('procedure_with_fee', received.is_fee_bearing),
        ('procedure_paid_online', received.is_paid_online),
        ('procedure_of_citizens', received.applicant_type = 'citizen'),
        ('procedure_population_used', received.applicant_type = 'citizen' and received.is_population_used)
        {%- endcall %}
    ) as m (measure_code, counts)
    where received.is_received and m.counts
),

-- open dossiers, as many as there were on the last day that a month was looked at; they count on that day alone
pending_on_day as (
    select m.measure_code, pending.agency_code, pending.looked_at_date, count(*) as amount
    from pending
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('dossier_pending', true),
        ('dossier_pending_in_time_date', pending.is_in_form and pending.due_date >= pending.looked_at_date),
        ('dossier_pending_in_time_hour', pending.is_in_form and pending.due_at >= pending.looked_at),
        ('dossier_pending_overdue_date', pending.is_in_form and pending.due_date < pending.looked_at_date),
        ('dossier_pending_overdue_hour', pending.is_in_form and pending.due_at < pending.looked_at),
        ('dossier_handled', true),
        (
            'dossier_handled_in_time_date',
            (pending.is_clock_standing_date or pending.clock_due_date >= pending.looked_at_date)
            and coalesce(pending.supplement_request_count, 0) <= 1
        ),
        (
            'dossier_handled_in_time_hour',
            (pending.is_clock_standing_hour or pending.clock_due_at >= pending.looked_at)
            and coalesce(pending.supplement_request_count, 0) <= 1
        )
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, pending.agency_code, pending.looked_at_date
),

-- stocks: one row per unit and snapshot, be it zero
stock as (
    select m.measure_code, mailbox.agency_code, mailbox.snapshot_date, sum(m.amount) as amount
    from mailbox
    cross join lateral (
        values ('mailbox_issued', mailbox.is_issued::int), ('mailbox_used', mailbox.is_used::int)
    ) as m (measure_code, amount)
    group by m.measure_code, mailbox.agency_code, mailbox.snapshot_date
    union all
    select
        'office_account_used', office_account.agency_code, office_account.snapshot_date,
        sum(office_account.is_used::int)
    from office_account
    group by office_account.agency_code, office_account.snapshot_date
    union all
    select m.measure_code, headcount.agency_code, headcount.snapshot_date, sum(m.amount)
    from headcount
    cross join lateral (
        values
        ('headcount', headcount.headcount),
        ('headcount_synthetic', case when headcount.headcount_basis = 'synthetic' then headcount.headcount else 0 end)
    ) as m (measure_code, amount)
    group by m.measure_code, headcount.agency_code, headcount.snapshot_date
    union all
    select m.measure_code, device.agency_code, device.snapshot_date, sum(m.amount)
    from device
    cross join lateral (
        values
        ('device_networked', device.is_counted::int),
        ('device_secured', (device.is_counted and device.is_secured)::int)
    ) as m (measure_code, amount)
    group by m.measure_code, device.agency_code, device.snapshot_date
    union all
    select m.measure_code, one_stop_unit.agency_code, one_stop_unit.snapshot_date, m.amount
    from one_stop_unit
    cross join lateral (
        values
        ('one_stop_unit', 1),
        ('one_stop_consolidated', one_stop_unit.is_consolidated::int),
        ('one_stop_official', one_stop_unit.official_count),
        ('one_stop_account', one_stop_unit.account_count)
    ) as m (measure_code, amount)
    union all
    select 'procedure_in_force', offer.agency_code, offer.snapshot_date, sum(offer.is_in_force::int)
    from offer
    group by offer.agency_code, offer.snapshot_date
    union all
    select 'iso_mandated', certificate.agency_code, certificate.snapshot_date, max(certificate.is_mandated::int)
    from certificate
    group by certificate.agency_code, certificate.snapshot_date
),

-- that a unit was in a snapshot at all, for the stocks that are rows with a key
seen as (
    select m.measure_code, offer.agency_code, offer.snapshot_date
    from offer
    cross join (
        values
        ('procedure_posted'), ('procedure_partial'), ('procedure_full'), ('procedure_online'), ('procedure_offered')
    ) as m (measure_code)
    group by m.measure_code, offer.agency_code, offer.snapshot_date
    union all
    select m.measure_code, fee.agency_code, fee.snapshot_date
    from fee
    cross join (values ('procedure_fee_listed'), ('procedure_fee_payable')) as m (measure_code)
    group by m.measure_code, fee.agency_code, fee.snapshot_date
    union all
    select m.measure_code, certificate.agency_code, certificate.snapshot_date
    from certificate
    cross join (values ('iso_compliant'), ('iso_procedures_covered')) as m (measure_code)
    group by m.measure_code, certificate.agency_code, certificate.snapshot_date
),

stock_key as (
    select distinct
        m.measure_code,
        offer.agency_code,
        offer.snapshot_date,
        offer.procedure_code || '|' || offer.competent_level as distinct_key,
        1 as amount,
        null::date as valid_until
    from offer
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('procedure_posted', offer.is_posted),
        ('procedure_partial', offer.is_in_force and offer.service_level = 'partial'),
        ('procedure_full', offer.is_in_force and offer.service_level = 'full'),
        ('procedure_online', offer.is_in_force and offer.service_level in ('partial', 'full')),
        ('procedure_offered', offer.is_in_force)
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    union all
    select distinct
        m.measure_code,
        fee.agency_code,
        fee.snapshot_date,
        fee.procedure_code || '|' || fee.competent_level,
        1,
        null::date
    from fee
    cross join lateral (
        {% call asked('boolean') -%}
        values ('procedure_fee_listed', fee.has_fee), ('procedure_fee_payable', fee.is_payable)
        {%- endcall %}
    ) as m (measure_code, counts)
    where m.counts
    union all
    -- a unit keeps its system up until the last of its good announcements runs out
    select
        'iso_compliant', certificate.agency_code, certificate.snapshot_date, certificate.agency_code, 1,
        nullif(max(coalesce(certificate.valid_until_date, 'infinity')), 'infinity')
    from certificate
    where certificate.is_mandated and certificate.is_kept_up
    group by certificate.agency_code, certificate.snapshot_date
    union all
    select
        'iso_procedures_covered', certificate.agency_code, certificate.snapshot_date,
        certificate.source_agency_code || '|' || certificate.certificate_number,
        certificate.procedures_covered_count, certificate.valid_until_date
    from certificate
    where certificate.is_announced and certificate.procedures_covered_count > 0
),

-- decisions on procedures: by the month of the decision, of the publication, of the posting
publication_flow as (
    select
        m.measure_code,
        publication.agency_code,
        date_trunc('month', m.happened_date)::date as business_month,
        sum(m.amount) as amount
    from publication
    cross join lateral (
        select
            publication.change_kind <> 'abolished' as is_to_use,
            -- a form of which only one number is known can't be compared
            publication.form_field_count + publication.form_field_cut_count is not null as is_form_known
    ) as judged
    cross join lateral (
        values
        ('publication_rows', publication.decision_date, 1),
        ('publication_replaced', publication.decision_date, (publication.change_kind = 'replaced')::int),
        ('publication_reviewed', publication.decision_date, publication.is_reviewed::int),
        (
            'publication_abolished', publication.decision_date,
            (publication.is_reviewed and not judged.is_to_use)::int
        ),
        ('publication_outside_authority', publication.decision_date, (not publication.is_within_authority)::int),
        ('form_field', publication.decision_date, judged.is_form_known::int * publication.form_field_count),
        ('form_field_cut', publication.decision_date, judged.is_form_known::int * publication.form_field_cut_count),
        ('publication_published', publication.published_date, 1),
        ('publication_published_in_time', publication.published_date, publication.is_published_in_time::int),
        ('publication_posted', publication.posted_date, 1),
        ('publication_posting_due', publication.posted_date, 1),
        ('publication_posted_in_time', publication.posted_date, publication.is_posted_in_time::int),
        ('publication_posted_to_use', publication.posted_date, judged.is_to_use::int),
        ('publication_complete', publication.posted_date, (judged.is_to_use and publication.is_complete)::int),
        ('publication_posting_days', publication.posted_date, publication.posting_lag_days)
    ) as m (measure_code, happened_date, amount)
    where
        {{ in_touched_months("date_trunc('month', m.happened_date)::date", 'kpi') }}
        and m.happened_date <= {{ as_of() }}
        and m.amount > 0
    group by m.measure_code, publication.agency_code, date_trunc('month', m.happened_date)
),

-- postings that were overdue and missing on the last day that a month was looked at; they count on that day alone
publication_missing as (
    select publication.agency_code, looked.looked_at_date, count(*) as amount
    from publication
    cross join lateral generate_series(
        date_trunc('month', publication.posting_due_date),
        least(date_trunc('month', publication.last_unposted_date), date_trunc('month', {{ as_of() }})),
        interval '1 month'
    ) as month (month_start)
    cross join lateral (
        select least((month.month_start + interval '1 month')::date - 1, {{ as_of() }}) as looked_at_date
    ) as looked
    where
        {{ in_touched_months('month.month_start::date', 'kpi') }}
        and publication.posting_due_date < looked.looked_at_date
        and coalesce(publication.last_unposted_date, 'infinity') >= looked.looked_at_date
    group by publication.agency_code, looked.looked_at_date
),

petition_flow as (
    select
        m.measure_code,
        petition.agency_code,
        date_trunc('month', m.happened_date)::date as business_month,
        count(*) as amount
    from petition
    cross join lateral (
        select
            petition.is_first and petition.is_in_time and not petition.is_disliked and not petition.is_petitioned_again
                as is_satisfied
    ) as judged
    cross join lateral (
        values
        ('petition_rows', petition.received_date, true),
        ('petition_received', petition.received_date, true),
        ('petition_received_handled', petition.received_date, petition.handled_date <= {{ as_of() }}),
        ('petition_in_hand', petition.handled_date, true),
        ('petition_in_time', petition.handled_date, petition.is_in_time),
        ('petition_first_due', petition.handled_date, petition.is_first),
        ('petition_first_satisfied', petition.handled_date, judged.is_satisfied)
    ) as m (measure_code, happened_date, counts)
    where
        {{ in_touched_months("date_trunc('month', m.happened_date)::date", 'kpi') }}
        and m.happened_date <= {{ as_of() }}
        and m.counts
    group by m.measure_code, petition.agency_code, date_trunc('month', m.happened_date)
),

-- petitions that were open on the last day that a month was looked at; they count on that day alone
petition_pending as (
    select m.measure_code, petition.agency_code, looked.looked_at_date, count(*) as amount
    from petition
    cross join lateral generate_series(
        petition.business_month,
        least(date_trunc('month', petition.last_pending_date), date_trunc('month', {{ as_of() }})),
        interval '1 month'
    ) as month (month_start)
    cross join lateral (
        select least((month.month_start + interval '1 month')::date - 1, {{ as_of() }}) as looked_at_date
    ) as looked
    cross join lateral (
        {% call asked('boolean') -%}
        values
        ('petition_in_hand', true),
        ('petition_in_time', petition.longest_due_date >= looked.looked_at_date),
        ('petition_first_due', petition.is_first and petition.longest_due_date < looked.looked_at_date)
        {%- endcall %}
    ) as m (measure_code, counts)
    where
        {{ in_touched_months('month.month_start::date', 'kpi') }}
        and petition.received_date <= looked.looked_at_date
        and coalesce(petition.last_pending_date, 'infinity') >= looked.looked_at_date
        and m.counts
    group by m.measure_code, petition.agency_code, looked.looked_at_date
),

-- incoming documents: by the month of their arrival, of their routing, of their deadline
incoming_flow as (
    select
        m.measure_code,
        incoming.agency_code,
        date_trunc('month', m.happened_date)::date as business_month,
        count(*) as amount
    from incoming
    cross join lateral (
        values
        ('incoming_rows', incoming.arrival_date, true),
        ('incoming_document', incoming.arrival_date, incoming.is_counted),
        ('incoming_routing_due', incoming.routed_date, incoming.is_counted),
        ('incoming_routed_in_time', incoming.routed_date, incoming.is_counted and incoming.is_routed_in_time),
        ('incoming_due', incoming.due_date, incoming.is_counted),
        (
            'incoming_done_in_time', incoming.due_date,
            incoming.is_counted and incoming.completed_date <= incoming.due_date
        )
    ) as m (measure_code, happened_date, counts)
    where
        {{ in_touched_months("date_trunc('month', m.happened_date)::date", 'kpi') }}
        and m.happened_date <= {{ as_of() }}
        and m.counts
    group by m.measure_code, incoming.agency_code, date_trunc('month', m.happened_date)
),

-- documents that were overdue and not routed on the last day that a month was looked at; they count on that day alone
incoming_unrouted as (
    select incoming.agency_code, looked.looked_at_date, count(*) as amount
    from incoming
    cross join lateral generate_series(
        date_trunc('month', incoming.routing_due_date),
        least(date_trunc('month', incoming.last_unrouted_date), date_trunc('month', {{ as_of() }})),
        interval '1 month'
    ) as month (month_start)
    cross join lateral (
        select least((month.month_start + interval '1 month')::date - 1, {{ as_of() }}) as looked_at_date
    ) as looked
    where
        {{ in_touched_months('month.month_start::date', 'kpi') }}
        and incoming.is_counted
        and incoming.routing_due_date < looked.looked_at_date
        and coalesce(incoming.last_unrouted_date, 'infinity') >= looked.looked_at_date
    group by incoming.agency_code, looked.looked_at_date
),

united as (
    select
        measure_code,
        agency_code,
        business_month as observed_date,
        '' as distinct_key,
        amount,
        null::date as valid_until
    from flow
    union all
    select measure_code, agency_code, business_month, distinct_key, 1, null from flow_key
    union all
    select measure_code, agency_code, looked_at_date, 'pending', amount, looked_at_date from pending_on_day
    union all
    select measure_code, agency_code, snapshot_date, '', amount, null from stock
    union all
    select measure_code, agency_code, snapshot_date, '', 0, null from seen
    union all
    select measure_code, agency_code, snapshot_date, distinct_key, amount, valid_until from stock_key
    union all
    select measure_code, agency_code, business_month, '', amount, null from publication_flow
    union all
    select 'publication_posting_due', agency_code, looked_at_date, 'pending', amount, looked_at_date
    from publication_missing
    union all
    select measure_code, agency_code, business_month, '', amount, null from incoming_flow
    union all
    select 'incoming_routing_due', agency_code, looked_at_date, 'pending', amount, looked_at_date
    from incoming_unrouted
    union all
    select measure_code, agency_code, business_month, '', amount, null from petition_flow
    union all
    select measure_code, agency_code, looked_at_date, 'pending', amount, looked_at_date from petition_pending
),

final as (
    select
        united.measure_code,
        united.agency_code,
        date_trunc('month', united.observed_date)::date as business_month,
        united.observed_date,
        united.distinct_key,
        united.amount::numeric as amount,
        united.valid_until
    from united
)

select * from final
