-- From a figure back to the lines of the files it was made of, and on to what became of it. The auditor reads of the
-- facts what the figures' own queries read, and where each row came from: never a pseudonym. Every trace is an event.

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('traced', '{egov_auditor}', 'Đã truy vết số liệu', 'Figure or row traced');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select on %1$I.fct_kpi_component, %1$I.dim_agency, %1$I.dim_kpi, %1$I.kpi_value '
            'to egov_auditor', colour
        );
        execute format(
            'grant select (agency_code, issued_date, business_month, recipient_scope, is_in_scope, is_signed, '
            'is_signed_dual, load_seq, file_digest, row_no) on %I.fct_document to egov_auditor', colour
        );
        execute format(
            'grant select (source_system, agency_code, procedure_code, channel, received_date, business_month, '
            'settled_date, settled_month, returned_date, returned_month, return_method, is_received, is_settled, '
            'is_returned, is_settled_on_time, is_settled_late, load_seq, file_digest, row_no) '
            'on %I.fct_dossier to egov_auditor', colour
        );
        execute format(
            'grant select (snapshot_date, business_month, agency_code, is_issued, is_used, load_seq, file_digest, '
            'row_no) on %I.fct_mail_account to egov_auditor', colour
        );
        execute format(
            'grant select (snapshot_date, business_month, agency_code, headcount, headcount_basis, load_seq, '
            'file_digest, row_no) on %I.fct_headcount to egov_auditor', colour
        );
        execute format(
            'grant select (snapshot_date, source_agency_code, certificate_number, business_month, agency_code, '
            'is_mandated, valid_until_date, procedures_covered_count, is_announced, is_kept_up, load_seq, file_digest, '
            'row_no) on %I.fct_certificate to egov_auditor', colour
        );
        execute format(
            'grant select (snapshot_date, business_month, agency_code, procedure_code, competent_level, service_level, '
            'is_in_force, is_posted, load_seq, file_digest, row_no) on %I.fct_procedure_offer to egov_auditor', colour
        );
    end loop;
end
$$;

-- The loads that a publish counted: the last word about each of the builds of its colour, from the last rebuild up to
-- the build that was published.
create function ledger.loads_of_publish(of_publish bigint) returns setof bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    with published as (
        select
            e.body_json ->> 'colour' as colour,
            (e.body_json ->> 'build_event_no')::bigint as build_event_no
        from ledger.event as e
        where e.kind = 'published' and (e.body_json ->> 'publish_no')::bigint = of_publish
    ),

    built as (
        select e.event_no, e.body_json
        from ledger.event as e
        inner join published as p on p.colour = e.body_json ->> 'colour' and e.event_no <= p.build_event_no
        where e.kind = 'colour_built'
    ),

    since as (
        select coalesce(max(b.event_no) filter (where (b.body_json ->> 'rebuild')::boolean), 0) as event_no
        from built as b
    ),

    mentioned as (
        select b.event_no, a.load_seq::bigint as load_seq, true as is_applied
        from built as b
        inner join since as s on b.event_no >= s.event_no
        cross join lateral jsonb_array_elements_text(b.body_json -> 'applied') as a (load_seq)
        union all
        select b.event_no, r.load_seq::bigint, false
        from built as b
        inner join since as s on b.event_no >= s.event_no
        cross join lateral jsonb_array_elements_text(b.body_json -> 'revoked') as r (load_seq)
    ),

    last_word as (
        select distinct on (m.load_seq) m.load_seq, m.is_applied
        from mentioned as m
        order by m.load_seq, m.event_no desc
    )

    select w.load_seq from last_word as w where w.is_applied;
end;

-- What a load brought that no earlier load had: rows by the source's codes of their units and by the days that matter
-- to figures, those of the versions that a correction replaced included. Counts only: keys may be pseudonyms.
create function ledger.load_content(of_load bigint) returns table (
    source_codes text[], days date[], first_day date, is_known boolean, row_count bigint
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    told record;
begin
    select l.dataset, l.shape into told from ledger.load as l where l.load_seq = of_load;
    if told.dataset = 'ioffice.outgoing_documents' then
        return query
        select
            array(select distinct u.code from unnest(array[r.agency_code] || b.codes) as u (code) order by 1),
            array(select distinct u.day from unnest(array[r.issued_date] || b.days) as u (day) order by 1),
            r.issued_date, b.is_known, count(*)
        from raw.ioffice__outgoing_documents as r
        cross join lateral (
            select count(*) > 0 as is_known, array_agg(o.agency_code) as codes, array_agg(o.issued_date) as days
            from raw.ioffice__outgoing_documents as o
            where o.document_id = r.document_id and o.load_seq < of_load
        ) as b
        where r.load_seq = of_load and not r.is_unchanged
        group by 1, 2, 3, 4;
    elsif told.dataset = 'one_stop.dossiers' then
        return query
        select
            array(select distinct u.code from unnest(array[r.agency_code] || b.codes) as u (code) order by 1),
            array(
                select distinct (u.moment at time zone 'Asia/Ho_Chi_Minh')::date
                from unnest(array[r.received_at, r.finished_at, r.returned_at] || b.moments) as u (moment)
                where u.moment is not null order by 1
            ),
            (r.received_at at time zone 'Asia/Ho_Chi_Minh')::date, b.is_known, count(*)
        from raw.one_stop__dossiers as r
        cross join lateral (
            select
                count(*) > 0 as is_known,
                array_agg(o.agency_code) as codes,
                array_agg(o.received_at) || array_agg(o.finished_at) || array_agg(o.returned_at) as moments
            from raw.one_stop__dossiers as o
            where o.dossier_hash = r.dossier_hash and o.load_seq < of_load
        ) as b
        where r.load_seq = of_load and not r.is_unchanged
        group by 1, 2, 3, 4;
    elsif told.dataset = 'forms.paper_register' then
        return query
        select
            array[r.agency_code],
            array(
                select distinct u.day
                from unnest(array[r.received_date, r.finished_date, r.returned_date] || b.days) as u (day)
                where u.day is not null order by 1
            ),
            r.received_date, b.is_known, count(*)
        from raw.forms__paper_register as r
        cross join lateral (
            select
                count(*) > 0 as is_known,
                array_agg(o.received_date) || array_agg(o.finished_date) || array_agg(o.returned_date) as days
            from raw.forms__paper_register as o
            where
                o.agency_code = r.agency_code and o.register_year = r.register_year
                and o.register_number = r.register_number and o.load_seq < of_load
        ) as b
        where r.load_seq = of_load and not r.is_unchanged
        group by 1, 2, 3, 4;
    elsif told.shape = 'snapshot' then
        -- the newest export of a date wins as a whole, so every unit in it may have changed
        return query execute format(
            'select array[r.agency_code], array[r.snapshot_date], r.snapshot_date, exists ('
            'select from raw.%1$I as o where o.snapshot_date = r.snapshot_date and o.load_seq < $1), count(*) '
            'from raw.%1$I as r where r.load_seq = $1 group by r.agency_code, r.snapshot_date',
            replace(told.dataset, '.', '__')
        ) using of_load;
    end if;
end
$$;

revoke execute on function ledger.loads_of_publish(bigint), ledger.load_content(bigint) from public;
grant execute on function ledger.loads_of_publish(bigint), ledger.load_content(bigint) to egov_auditor;

-- Which publish readers saw, and from when until when: a rollback shows an earlier one again.
create view ledger.shown as
select
    turn.publish_no,
    turn.shown_from,
    turn.shown_until,
    turn.is_rollback,
    turn.event_no
from (
    select
        coalesce(e.body_json ->> 'to_publish_no', e.body_json ->> 'publish_no')::bigint as publish_no,
        e.occurred_at as shown_from,
        lead(e.occurred_at) over (order by e.event_no) as shown_until,
        e.kind = 'rolled_back' as is_rollback,
        e.event_no
    from ledger.event as e
    where e.kind in ('published', 'rolled_back')
) as turn;

grant select on ledger.shown to egov_auditor, egov_mart_owner;

create view marts.publish_shown with (security_barrier) as
select
    s.publish_no,
    p.business_date,
    p.code_version,
    s.shown_from,
    s.shown_until,
    s.is_rollback
from ledger.shown as s
inner join ledger.publish as p on p.publish_no = s.publish_no;

comment on view marts.publish_shown is 'Bản công bố nào được xem vào lúc nào / Which publish was shown when';

-- Which published figures a publish changed, and by how much: one row per figure of the publish before that is another
-- now, or gone. Why: `egov-kpi restatements`, which asks the ledger for the loads behind it.
create view marts.restatement with (security_barrier) as
select
    now_is.publish_no,
    p.published_at,
    p.business_date,
    now_is.kpi_code,
    before.kpi_version as kpi_version_before,
    case when now_is.op = 'upsert' then now_is.kpi_version end as kpi_version,
    now_is.method,
    now_is.due_basis,
    now_is.agency_code,
    now_is.scope,
    now_is.unit_basis,
    now_is.period_grain,
    now_is.period_start,
    before.unit,
    before.numerator as numerator_before,
    now_is.numerator,
    before.denominator as denominator_before,
    now_is.denominator,
    before.value as value_before,
    now_is.value,
    now_is.value - before.value as value_change,
    -- false while the period was still running when it was last published
    (now_is.period_start + case now_is.period_grain
        when 'month' then interval '1 month' when 'quarter' then interval '3 months' else interval '1 year'
    end)::date <= last.business_date + 1 as is_period_over
from ledger.kpi_value_log as now_is
inner join ledger.publish as p on p.publish_no = now_is.publish_no
inner join ledger.publish as last on last.publish_no = now_is.publish_no - 1
cross join lateral (
    select b.*
    from ledger.kpi_value_log as b
    where
        b.kpi_code = now_is.kpi_code and b.agency_code = now_is.agency_code
        and b.period_start = now_is.period_start and b.period_grain = now_is.period_grain
        and b.scope = now_is.scope and b.method = now_is.method and b.due_basis = now_is.due_basis
        and b.unit_basis = now_is.unit_basis and b.publish_no < now_is.publish_no
    order by b.publish_no desc, b.op desc
    limit 1
) as before
where
    before.op = 'upsert'
    and (
        now_is.op = 'upsert'
        -- a version that gave way to the next is no figure that is gone
        or not exists (
            select from ledger.kpi_value_log as next_version
            where
                next_version.kpi_code = now_is.kpi_code and next_version.agency_code = now_is.agency_code
                and next_version.period_start = now_is.period_start
                and next_version.period_grain = now_is.period_grain and next_version.scope = now_is.scope
                and next_version.method = now_is.method and next_version.due_basis = now_is.due_basis
                and next_version.unit_basis = now_is.unit_basis
                and next_version.publish_no = now_is.publish_no and next_version.op = 'upsert'
        )
    )
    and (now_is.op, now_is.kpi_version, now_is.numerator, now_is.denominator, now_is.value)
    is distinct from (before.op, before.kpi_version, before.numerator, before.denominator, before.value);

comment on view marts.restatement is 'Số liệu đã công bố bị điều chỉnh / Published figures that were changed later';

alter view marts.publish_shown owner to egov_mart_owner;
alter view marts.restatement owner to egov_mart_owner;
grant select on marts.publish_shown, marts.restatement to egov_bi, egov_auditor, egov_publisher;
