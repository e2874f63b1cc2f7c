-- What is past its retention goes: a month of raw, and with it the landed files of its loads. Its certificate stays, in
-- the ledger, written in the transaction that drops the rows. docs/reference/purge.md.

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('raw_purged', '{egov_custodian,egov_owner}', 'Đã hủy dữ liệu gốc hết hạn lưu', 'Source data past retention purged'),
('row_opened', '{egov_custodian}', 'Đã mở dòng gốc', 'Original row opened');

-- One row per load whose rows and files are gone, with the certificate that says so.
create view ledger.purged_load as
select
    (l.item ->> 'load_seq')::bigint as load_seq,
    (l.item ->> 'rows')::bigint as row_count,
    (e.body_json ->> 'month')::date as load_month,
    e.body_json ->> 'reason' as reason,
    e.body_json ->> 'by' as by_name,
    e.actor as purged_by,
    e.occurred_at as purged_at,
    e.event_no
from ledger.event as e
cross join lateral jsonb_array_elements(e.body_json -> 'loads') as l (item)
where e.kind = 'raw_purged';

-- Which of these loads can't be purged yet, and why; null when all can. Facts outlive raw, so what a build has to do
-- with a load has to be done before: both colours hold it, or neither, and nobody is about to read its files again.
create function ledger.still_needed(loads bigint[]) returns text
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    with held as (
        select c.load_seq, count(*) as colours
        from ledger.colour_load as c
        where c.state = 'applied'
        group by c.load_seq
    ),

    counted as (
        select p.load_seq from ledger.promoted_load as p
        except
        select r.load_seq from ledger.revoked_load as r
    ),

    reasoned as (
        select
            a.load_seq,
            case
                when c.load_seq is not null and coalesce(h.colours, 0) < 2
                    then 'it counts, and not both colours hold it yet'
                when c.load_seq is null and h.colours > 0
                    then 'it was revoked, and a colour still holds it'
                when exists (
                    select from ledger.load as l
                    where l.replay_of = a.load_seq
                        and not exists (select from ledger.account as d where d.load_seq = l.load_seq)
                ) then 'a replay of it waits'
            end as reason
        from unnest(loads) as a (load_seq)
        left join held as h on h.load_seq = a.load_seq
        left join counted as c on c.load_seq = a.load_seq
    )

    select string_agg(n.load_seq || ' (' || n.reason || ')', ', ' order by n.load_seq)
    from reasoned as n
    where n.reason is not null;
end;

-- Drop a month of raw and write the certificate; its event. Refused for a month within the retention, for loads that a
-- build still needs, and while a build is unfinished. Twelve months are the least, whatever the caller says.
create function ledger.purge_raw(load_month date, retention_months int, reason text, by_name text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
-- Dropping waits for readers, and new ones queue behind it.
set lock_timeout = '5s'
as $$
declare
    first_day constant date := date_trunc('month', purge_raw.load_month)::date;
    today constant date := (now() at time zone 'Asia/Ho_Chi_Minh')::date;
    held record;
    counted jsonb;
    rows_of jsonb := '{}';
    gone bigint[];
    needed text;
begin
    if coalesce(trim(purge_raw.reason), '') = '' or coalesce(trim(purge_raw.by_name), '') = '' then
        raise exception 'a purge says by whom and why' using errcode = 'check_violation';
    end if;
    if purge_raw.retention_months is null or purge_raw.retention_months < 12
        or (first_day + make_interval(months => purge_raw.retention_months + 1))::date > today then
        raise exception 'month % is within its retention of % months', to_char(first_day, 'YYYY-MM'),
            purge_raw.retention_months using errcode = 'invalid_parameter_value';
    end if;
    if exists (
        select from ledger.event as p
        where p.kind = 'build_planned' and not exists (
            select from ledger.event as b
            where b.kind = 'colour_built' and b.event_no > p.event_no
                and b.body_json ->> 'colour' = p.body_json ->> 'colour'
        )
    ) then
        raise exception 'a build is unfinished' using errcode = 'object_in_use';
    end if;
    for held in
        select t.relname as table_name, c.relname as partition_name
        from pg_inherits as i
        join pg_class as t on t.oid = i.inhparent and t.relkind = 'p' and t.relnamespace = 'raw'::regnamespace
        join pg_class as c on c.oid = i.inhrelid and c.relname = t.relname || to_char(first_day, '"__"YYYYMM')
        order by t.relname
    loop
        execute format(
            'select coalesce(jsonb_object_agg(r.load_seq, r.n), ''{}'')'
            ' from (select load_seq, count(*) as n from raw.%I group by load_seq) as r', held.partition_name
        ) into counted;
        rows_of := rows_of || counted;
        execute format('alter table raw.%I detach partition raw.%I', held.table_name, held.partition_name);
        execute format('drop table raw.%I', held.partition_name);
    end loop;
    -- A load without a row in raw has files all the same: its month is that of its decision.
    select array_agg(m.load_seq order by m.load_seq) into gone from (
        select k.load_seq::bigint from jsonb_object_keys(rows_of) as k (load_seq)
        union
        select a.load_seq from ledger.account as a
        where a.accepted + a.unchanged = 0
            and date_trunc('month', a.decided_at at time zone 'Asia/Ho_Chi_Minh')::date = first_day
        except
        select p.load_seq from ledger.purged_load as p
    ) as m;
    if gone is null then
        raise exception 'nothing of month % is left to purge', to_char(first_day, 'YYYY-MM')
            using errcode = 'no_data_found';
    end if;
    needed := ledger.still_needed(gone);
    if needed is not null then
        raise exception 'still needed: load %', needed using errcode = 'object_in_use';
    end if;
    return ledger.append('raw_purged', ledger.canonical(jsonb_build_object(
        'month', first_day, 'retention_months', purge_raw.retention_months, 'reason', trim(purge_raw.reason),
        'by', trim(purge_raw.by_name),
        'row_count', (select coalesce(sum(r.n::bigint), 0) from jsonb_each_text(rows_of) as r (load_seq, n)),
        'loads', (
            select jsonb_agg(jsonb_build_object(
                'load_seq', l.load_seq, 'dataset', l.dataset,
                'rows', coalesce((rows_of ->> l.load_seq::text)::bigint, 0),
                'files', (
                    select coalesce(jsonb_agg(jsonb_build_object(
                        'sha256_landed', f.sha256_landed, 'bytes', f.bytes
                    ) order by f.file_no), '[]') from ledger.load_file as f where f.load_seq = l.load_seq
                )
            ) order by l.load_seq)
            from ledger.load as l where l.load_seq = any(gone)
        )
    )));
end
$$;

-- No certificate for what is still there.
create function ledger.check_purged() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
    found_rows boolean;
begin
    for held in
        select c.relname from pg_class as c where c.relkind = 'p' and c.relnamespace = 'raw'::regnamespace
    loop
        execute format(
            'select exists (select from raw.%I as r where r.load_seq in ('
            'select (l.item ->> ''load_seq'')::bigint from jsonb_array_elements($1) as l (item)))', held.relname
        ) into found_rows using new.body_json -> 'loads';
        if found_rows or new.body_json -> 'loads' is null then
            raise exception 'a certificate names loads whose rows are still in raw' using errcode = 'check_violation';
        end if;
    end loop;
    return null;
end
$$;

create trigger rows_are_gone after insert on ledger.event
for each row when (new.kind = 'raw_purged') execute function ledger.check_purged();

grant select on ledger.purged_load to egov_loader, egov_builder, egov_publisher, egov_custodian, egov_auditor;
revoke execute on function ledger.purge_raw(date, int, text, text), ledger.still_needed(bigint[]) from public;
grant execute on function ledger.purge_raw(date, int, text, text) to egov_custodian;

-- A past publish is made anew from the loads that it counted.
grant execute on function ledger.loads_of_publish(bigint) to egov_builder;
