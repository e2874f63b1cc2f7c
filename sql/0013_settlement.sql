-- Settlement: what ended early, on time and late, and what was open on the last day of each month. The facts so far
-- knew days; an hour's lateness within the day that was promised needs the moments.

do $$
declare
    colour text;
    replaced text;
    shown text := 'kpi_settlement';
    column_list text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format('create table %1$I.kpi_settlement (like %1$I.kpi_value including all)', colour);
        execute format(
            'alter table %I.fct_dossier '
            'add column received_at timestamptz, '
            'add column due_at timestamptz, '
            'add column finished_at timestamptz, '
            'add column closed_date date, '
            'add column closed_month date, '
            'add column last_pending_date date, '
            'add column is_ended boolean, '
            'add column is_in_time_date boolean, '
            'add column is_in_time_hour boolean', colour
        );
        -- A night asks for what was closed in one month, whenever it was received, and for what was open at its end:
        -- that is all that is open now, and of the rest only what was closed since.
        execute format(
            'create index on %I.fct_dossier (closed_month) where closed_month is not null', colour
        );
        execute format('create index on %I.fct_dossier (last_pending_date)', colour);
        -- What was settled in a month is among what was closed in it.
        select i.indexrelid::regclass::text into replaced
        from pg_index as i
        inner join pg_attribute as a on a.attrelid = i.indrelid and a.attname = 'settled_month'
        where i.indrelid = format('%I.fct_dossier', colour)::regclass and i.indkey[0] = a.attnum and i.indnatts = 1;
        execute format('drop index %s', replaced);
        execute format(
            'grant select (due_date, supplement_request_count, received_at, due_at, finished_at, closed_date, '
            'closed_month, last_pending_date, is_ended, is_in_time_date, is_in_time_hour) '
            'on %I.fct_dossier to egov_auditor', colour
        );
    end loop;
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into column_list
    from pg_attribute as a
    where a.attrelid = format('blue.%I', shown)::regclass and a.attnum > 0 and not a.attisdropped;
    execute format(
        'create view marts.%1$I with (security_barrier) as '
        'select %2$s from blue.%1$I where (select l.colour from ledger.live as l) = ''blue'' '
        'union all '
        'select %2$s from green.%1$I where (select l.colour from ledger.live as l) = ''green''',
        shown, column_list
    );
end
$$;

comment on view marts.kpi_settlement is 'Chỉ tiêu giải quyết hồ sơ / Settlement of dossiers';

alter view marts.kpi_settlement owner to egov_mart_owner;
grant select on marts.kpi_settlement to egov_bi, egov_auditor, egov_publisher;

-- What a load brought that no earlier load had: rows by the source's codes of their units and by the days that matter
-- to figures, those of the versions that a correction replaced included. Of a dossier that waits for a supplement, or
-- ended without a day of its own, the day of the change is one of them. Counts only: keys may be pseudonyms.
create or replace function ledger.load_content(of_load bigint) returns table (
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
                from unnest(array[r.received_at, r.finished_at, r.returned_at, case
                    when r.dossier_status = 'supplement_requested' then r.updated_at
                    when r.dossier_status in ('withdrawn', 'stopped') and r.finished_at is null then r.updated_at
                end] || b.moments) as u (moment)
                where u.moment is not null order by 1
            ),
            (r.received_at at time zone 'Asia/Ho_Chi_Minh')::date, b.is_known, count(*)
        from raw.one_stop__dossiers as r
        cross join lateral (
            select
                count(*) > 0 as is_known,
                array_agg(o.agency_code) as codes,
                array_agg(o.received_at) || array_agg(o.finished_at) || array_agg(o.returned_at) || array_agg(
                    case when o.dossier_status in ('supplement_requested', 'withdrawn', 'stopped') then o.updated_at end
                ) as moments
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
