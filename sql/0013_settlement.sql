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
