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

settled as (
    select * from {{ ref('fct_dossier') }}
    where {{ in_touched_months('settled_month', 'kpi') }} and settled_date <= {{ as_of() }} and is_received
),

returned as (
    select * from {{ ref('fct_dossier') }}
    where {{ in_touched_months('returned_month', 'kpi') }} and returned_date <= {{ as_of() }} and is_returned
),

mailbox as (
    select * from {{ ref('fct_mail_account') }}
    where {{ in_touched_months('business_month', 'kpi') }} and snapshot_date <= {{ as_of() }}
),

headcount as (
    select * from {{ ref('fct_headcount') }}
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

-- flows: rows that count, by unit and month
flow as (
    select 'document_rows' as measure_code, agency_code, business_month, count(*) as amount
    from document
    group by agency_code, business_month
    union all
    select m.measure_code, document.agency_code, document.business_month, count(*)
    from document
    cross join lateral (
        values
        ('document_outgoing', true),
        ('document_signed', document.is_signed),
        ('document_signed_dual', document.is_signed_dual),
        ('document_signed_external', document.is_signed and document.recipient_scope = 'external'),
        ('document_signed_internal', document.is_signed and document.recipient_scope = 'internal')
    ) as m (measure_code, counts)
    where document.is_in_scope and m.counts
    group by m.measure_code, document.agency_code, document.business_month
    union all
    select m.measure_code, received.agency_code, received.business_month, count(*)
    from received
    cross join lateral (
        values
        ('dossier_rows', true),
        ('dossier_received', received.is_received),
        ('dossier_received_software', received.is_received and received.source_system = 'one_stop'),
        ('dossier_received_online', received.is_received and received.channel = 'online'),
        ('dossier_received_post', received.is_received and received.channel = 'post'),
        ('dossier_received_settled', received.is_received and received.settled_date <= {{ as_of() }})
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, received.agency_code, received.business_month
    union all
    select m.measure_code, settled.agency_code, settled.settled_month, count(*)
    from settled
    cross join lateral (
        values
        ('dossier_settled', true),
        ('dossier_settled_on_time_date', settled.is_settled_on_time),
        ('dossier_settled_late', settled.is_settled_late)
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, settled.agency_code, settled.settled_month
    union all
    select m.measure_code, returned.agency_code, returned.returned_month, count(*)
    from returned
    cross join lateral (
        values
        ('dossier_returned', true),
        ('dossier_returned_post', returned.return_method = 'post')
    ) as m (measure_code, counts)
    where m.counts
    group by m.measure_code, returned.agency_code, returned.returned_month
    union all
    select 'mail_rows', agency_code, business_month, count(*) from mailbox group by agency_code, business_month
    union all
    select 'headcount_rows', agency_code, business_month, count(*) from headcount group by agency_code, business_month
    union all
    select 'certificate_rows', agency_code, business_month, count(*)
    from certificate
    group by agency_code, business_month
    union all
    select 'procedure_rows', agency_code, business_month, count(*) from offer group by agency_code, business_month
),

-- things that are counted once however often they occur
flow_key as (
    select distinct
        'procedure_with_online_dossier' as measure_code,
        received.agency_code,
        received.business_month,
        received.procedure_code as distinct_key
    from received
    where received.is_received and received.channel = 'online'
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
    select m.measure_code, headcount.agency_code, headcount.snapshot_date, sum(m.amount)
    from headcount
    cross join lateral (
        values
        ('headcount', headcount.headcount),
        ('headcount_synthetic', case when headcount.headcount_basis = 'synthetic' then headcount.headcount else 0 end)
    ) as m (measure_code, amount)
    group by m.measure_code, headcount.agency_code, headcount.snapshot_date
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
    cross join (values ('procedure_posted'), ('procedure_partial'), ('procedure_full')) as m (measure_code)
    group by m.measure_code, offer.agency_code, offer.snapshot_date
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
        values
        ('procedure_posted', offer.is_posted),
        ('procedure_partial', offer.is_in_force and offer.service_level = 'partial'),
        ('procedure_full', offer.is_in_force and offer.service_level = 'full')
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
    select measure_code, agency_code, snapshot_date, '', amount, null from stock
    union all
    select measure_code, agency_code, snapshot_date, '', 0, null from seen
    union all
    select measure_code, agency_code, snapshot_date, distinct_key, amount, valid_until from stock_key
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
