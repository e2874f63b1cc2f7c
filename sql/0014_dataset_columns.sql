-- What views and functions over all datasets have to know of each, as rows: a dataset that comes later adds its own row
-- beside its tables, and no view or function has to be written again.
-- The rows are derived: `python -m egov_kpi.contracts.ddl --columns`; a test compares.
-- sqlfluff:exclude_rules:LT05

-- `part_columns`: within them the newest export of a date wins whole, where every unit sends its own. `day_format`: that
-- of the text in quarantine. `figure_columns`: the days by which a row counts.
create table build.dataset_column (
    dataset text primary key,
    shape text not null check (shape in ('delta', 'snapshot')),
    key_columns text[] not null,
    part_columns text[] not null,
    agency_column text not null,
    day_column text not null,
    day_format text not null,
    figure_columns text[] not null,
    -- one more such day, as SQL on a row `?`, where no column says it
    figure_day text
);

insert into build.dataset_column values
('directory.headcount', 'snapshot', '{agency_code,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
insert into build.dataset_column values
('forms.paper_register', 'delta', '{agency_code,register_year,register_number}', '{}', 'agency_code', 'received_date', 'dd/MM/yyyy', '{received_date,finished_date,returned_date}');
insert into build.dataset_column values
('ioffice.outgoing_documents', 'delta', '{document_id}', '{}', 'agency_code', 'issued_date', 'yyyy-MM-dd', '{issued_date}');
insert into build.dataset_column values
('iso.certificates', 'snapshot', '{agency_code,certificate_number,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
insert into build.dataset_column values
('mail.accounts', 'snapshot', '{mailbox_hash,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
insert into build.dataset_column values
('one_stop.dossiers', 'delta', '{dossier_hash}', '{}', 'agency_code', 'received_at', 'dd/MM/yyyy', '{received_at,finished_at,returned_at}');
insert into build.dataset_column values
('portal.procedures', 'snapshot', '{agency_code,procedure_code,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'yyyy-MM-dd', '{snapshot_date}');

-- A dossier that waits for a supplement, or ended without a day of its own, counts on the day of its last change.
update build.dataset_column set figure_day =
'case when ?.dossier_status = ''supplement_requested'' '
'or ?.dossier_status in (''withdrawn'', ''stopped'') and ?.finished_at is null '
'then (?.updated_at at time zone ''Asia/Ho_Chi_Minh'')::date end'
where dataset = 'one_stop.dossiers';

-- Refused rows of all datasets by the unit and the day that they claim; called again by a migration that adds one.
create function build.refresh_refused_rows() returns void
language plpgsql volatile set search_path = pg_catalog as $$
declare
    parts text;
begin
    select string_agg(format(
        'select %L::text as dataset, q.load_seq, q.%I as source_code, build.day_of(q.%I, %L) as business_date, '
        'q.state, q.closed_event_no from quarantine.%I as q',
        d.dataset, d.agency_column, d.day_column, d.day_format, replace(d.dataset, '.', '__')
    ), ' union all ' order by d.dataset) into parts
    from build.dataset_column as d;
    execute
        'create or replace view build.refused_row as '
        'select r.dataset, r.load_seq, r.source_code, r.business_date, r.closed_event_no, '
        'r.state = ''open'' or r.closed_event_no in (select i.event_no from quarantine.ineffective_closing as i) '
        'as is_missing from (' || parts || ') as r';
end
$$;

select build.refresh_refused_rows();

-- As in 0010, for any dataset: what a load brought that no earlier load had. Counts only: keys may be pseudonyms.
create or replace function ledger.load_content(of_load bigint) returns table (
    source_codes text[], days date[], first_day date, is_known boolean, row_count bigint
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    told record;
    of_row text;
    of_others text;
    same_key text;
begin
    select d.*, replace(d.dataset, '.', '__') as table_name into told
    from ledger.load as l
    inner join build.dataset_column as d on d.dataset = l.dataset
    where l.load_seq = of_load;
    if not found then
        return;
    end if;
    if told.shape = 'snapshot' then
        -- the newest export of a date and its parts wins as a whole, so every unit in it may have changed
        select coalesce(string_agg(format(' and o.%1$I = r.%1$I', p.name), '' order by p.name), '') into same_key
        from unnest(told.part_columns) as p (name);
        return query execute format(
            'select array[r.%2$I], array[r.%3$I], r.%3$I, exists ('
            'select from raw.%1$I as o where o.%3$I = r.%3$I and o.load_seq < $1%4$s), count(*) '
            'from raw.%1$I as r where r.load_seq = $1 group by r.%2$I, r.%3$I, 4',
            told.table_name, told.agency_column, told.day_column, same_key
        ) using of_load;
        return;
    end if;
    select
        string_agg(replace(f.day, '?', 'r'), ', ' order by f.place),
        string_agg(format('array_agg(%s)', replace(f.day, '?', 'o')), ' || ' order by f.place)
    into of_row, of_others
    from (
        select
            c.place,
            format(
                case
                    when a.atttypid = 'timestamptz'::regtype then '(?.%I at time zone ''Asia/Ho_Chi_Minh'')::date'
                    else '?.%I'
                end, c.name
            ) as day
        from unnest(told.figure_columns) with ordinality as c (name, place)
        inner join pg_attribute as a on a.attrelid = format('raw.%I', told.table_name)::regclass and a.attname = c.name
        union all
        select cardinality(told.figure_columns) + 1, told.figure_day where told.figure_day is not null
    ) as f;
    select string_agg(format('o.%1$I = r.%1$I', k.name), ' and ' order by k.name) into same_key
    from unnest(told.key_columns) as k (name);
    -- its own unit and days, and those of the versions that it replaced
    return query execute format(
        'select array(select distinct u.code from unnest(array[r.%2$I] || b.codes) as u (code) order by 1), '
        'array(select distinct u.day from unnest(array[%3$s] || b.days) as u (day) where u.day is not null order by 1), '
        '(array[%3$s])[1], b.is_known, count(*) '
        'from raw.%1$I as r cross join lateral ('
        'select count(*) > 0 as is_known, array_agg(o.%2$I) as codes, %4$s as days '
        'from raw.%1$I as o where %5$s and o.load_seq < $1) as b '
        'where r.load_seq = $1 and not r.is_unchanged group by 1, 2, 3, 4',
        told.table_name, told.agency_column, of_row, of_others, same_key
    ) using of_load;
end
$$;

-- The second colour of a table that a later migration makes in the first: the two cannot differ.
create function publish.add_to_green(table_name text) returns void
language plpgsql volatile set search_path = pg_catalog as $$
declare
    partition_key text;
begin
    select pg_get_partkeydef(c.oid) into partition_key from pg_class as c
    where c.oid = format('blue.%I', table_name)::regclass;
    execute format(
        'create table green.%1$I (like blue.%1$I including all)%2$s',
        table_name, coalesce(' partition by ' || partition_key, '')
    );
end
$$;

-- A view of marts over a table of both colours, as 0005 makes them; `column_list` is the text of its select.
create function publish.add_to_marts(view_name text, table_name text, column_list text, told text) returns void
language plpgsql volatile set search_path = pg_catalog as $$
begin
    execute format(
        'create view marts.%1$I with (security_barrier) as '
        'select %3$s from blue.%2$I as t where (select l.colour from ledger.live as l) = ''blue'' '
        'union all '
        'select %3$s from green.%2$I as t where (select l.colour from ledger.live as l) = ''green''',
        view_name, table_name, column_list
    );
    execute format('comment on view marts.%I is %L', view_name, told);
    execute format('alter view marts.%I owner to egov_mart_owner', view_name);
    execute format('grant select on marts.%I to egov_bi, egov_auditor, egov_publisher', view_name);
end
$$;

revoke execute on function build.refresh_refused_rows() from public;
revoke execute on function publish.add_to_green(text), publish.add_to_marts(text, text, text, text) from public;
