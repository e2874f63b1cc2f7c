-- As in 0014, and besides: what is told of a dossier (a payment, a document, a result, a letter) changes figures of the
-- days of the dossier, so that the reasons of a restatement have to look at those.
-- sqlfluff:exclude_rules:LT05

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
    of_dossier text := '';
    dossier_codes text := '';
    dossier_days text := '';
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
    if told.dataset <> 'one_stop.dossiers' and 'dossier_hash' = any(told.key_columns) then
        dossier_codes := ' || d.codes';
        dossier_days := ' || d.days';
        of_dossier :=
            'cross join lateral ('
            'select array_agg(v.agency_code) as codes, '
            'array_agg((v.received_at at time zone ''Asia/Ho_Chi_Minh'')::date) '
            '|| array_agg((v.finished_at at time zone ''Asia/Ho_Chi_Minh'')::date) as days '
            'from raw.one_stop__dossiers as v where v.dossier_hash = r.dossier_hash) as d ';
    end if;
    -- its own unit and days, those of the versions that it replaced, and those of the dossier of which it tells
    return query execute format(
        'select array(select distinct u.code from unnest(array[r.%2$I] || b.codes%6$s) as u (code) order by 1), '
        'array(select distinct u.day from unnest(array[%3$s] || b.days%7$s) as u (day) where u.day is not null order by 1), '
        '(array[%3$s])[1], b.is_known, count(*) '
        'from raw.%1$I as r cross join lateral ('
        'select count(*) > 0 as is_known, array_agg(o.%2$I) as codes, %4$s as days '
        'from raw.%1$I as o where %5$s and o.load_seq < $1) as b %8$s'
        'where r.load_seq = $1 and not r.is_unchanged group by 1, 2, 3, 4',
        told.table_name, told.agency_column, of_row, of_others, same_key, dossier_codes, dossier_days, of_dossier
    ) using of_load;
end
$$;
