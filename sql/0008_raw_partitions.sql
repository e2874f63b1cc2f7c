-- A month's partition of raw is filled before it joins its table: indexes made once over all rows cost a third of
-- what the same rows cost one by one, and no row has to be routed. The partition stays invisible until it is attached,
-- which happens in the transaction that filled it.

-- A new, empty partition that the loader may fill, by its name in raw; null when the month has one already.
create function raw.begin_partition(table_name text, month date) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    first_day constant date := date_trunc('month', month)::date;
    next_month constant date := (date_trunc('month', month) + interval '1 month')::date;
    partition_name constant text := table_name || to_char(month, '"__"YYYYMM');
begin
    if not exists (
        select from pg_partitioned_table as p join pg_class as c on c.oid = p.partrelid
        where c.relnamespace = 'raw'::regnamespace and c.relname = table_name
    ) then
        raise exception 'raw.% is not a partitioned table', table_name using errcode = 'undefined_table';
    end if;
    -- Until the transaction ends: whoever else needs the month waits for it and then finds it attached.
    perform pg_advisory_xact_lock(hashtextextended('raw.ensure_partition:' || table_name, 0));
    if to_regclass(format('raw.%I', partition_name)) is not null then
        return null;
    end if;
    -- The check spares the attaching a look at every row.
    execute format(
        'create table raw.%1$I (like raw.%2$I including defaults, '
        'constraint of_its_month check (loaded_month >= %3$L and loaded_month < %4$L))',
        partition_name, table_name, first_day, next_month
    );
    -- A trigger for truncate isn't inherited.
    execute format(
        'create trigger refuse_truncate before truncate on raw.%I '
        'for each statement execute function raw.refuse_change()',
        partition_name
    );
    execute format('grant insert on raw.%I to egov_loader', partition_name);
    return partition_name;
end
$$;

-- Give the partition its indexes and triggers and let it join its table; made apart and then attached, since `create
-- table ... partition of` would wait for every reader of the table, and new readers would queue behind it.
create function raw.attach_partition(table_name text, month date) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    first_day constant date := date_trunc('month', month)::date;
    next_month constant date := (date_trunc('month', month) + interval '1 month')::date;
    partition_name constant text := table_name || to_char(month, '"__"YYYYMM');
begin
    execute format('revoke insert on raw.%I from egov_loader', partition_name);
    execute format(
        'alter table raw.%I attach partition raw.%I for values from (%L) to (%L)',
        table_name, partition_name, first_day, next_month
    );
    execute format('alter table raw.%I drop constraint of_its_month', partition_name);
end
$$;

create or replace function raw.ensure_partition(table_name text, month date) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if raw.begin_partition(table_name, month) is not null then
        perform raw.attach_partition(table_name, month);
    end if;
end
$$;

revoke execute on function raw.begin_partition(text, date), raw.attach_partition(text, date) from public;
grant execute on function raw.begin_partition(text, date), raw.attach_partition(text, date) to egov_loader;

-- A tree over a single long key is made in parallel and in order; the hash index that stood here was neither.
do $$
declare
    old_index record;
begin
    for old_index in
        select
            i.relname as index_name,
            t.relname as table_name,
            a.attname as column_name
        from pg_catalog.pg_index as x
        inner join pg_catalog.pg_class as i on i.oid = x.indexrelid and i.relkind = 'I'
        inner join pg_catalog.pg_class as t on t.oid = x.indrelid and t.relnamespace = 'raw'::regnamespace
        inner join pg_catalog.pg_am as m on m.oid = i.relam and m.amname = 'hash'
        inner join pg_catalog.pg_attribute as a on a.attrelid = t.oid and a.attnum = x.indkey[0]
    loop
        execute format('drop index raw.%I', old_index.index_name);
        execute format(
            'create index %I on raw.%I (%I)', old_index.index_name, old_index.table_name, old_index.column_name
        );
    end loop;
end
$$;
