-- run-as: superuser
-- The life of a refused row: open, then corrected, replayed, waived or rejected, and never anything after that.
-- Every change of state is a ledger event and a change of the row in one transaction, made by one function; a trigger on
-- either side refuses the one without the other. docs/reference/quarantine.md.
-- The part per dataset is derived: `python -m egov_kpi.contracts.ddl --life`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

do $$
begin
    begin
        create role egov_approver login nosuperuser nocreatedb nocreaterole noreplication;
    exception when duplicate_object or unique_violation then
        raise notice 'role egov_approver is there already';
    end;
    alter role egov_approver set timezone = 'Asia/Ho_Chi_Minh';
end
$$;

-- Whose rows are whose: the custodian reads which unit stands behind a source's code. Seeds are the builder's.
alter default privileges for role egov_builder in schema ref grant select on tables to egov_custodian;
do $$
begin
    if to_regclass('ref.agency_alias') is not null then
        grant select on ref.agency_alias to egov_custodian;
    end if;
end
$$;

set local role egov_owner;

grant usage on schema quarantine, ledger to egov_approver;
grant usage on schema ref to egov_custodian;

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('quarantine_corrected', '{egov_loader}', 'Dòng cách ly đã được nguồn sửa', 'Refused rows corrected by the source'),
('quarantine_replayed', '{egov_loader}', 'Dòng cách ly được xét lại ở lô khác', 'Refused rows heard again by another load'),
('quarantine_waived', '{egov_loader}', 'Dòng cách ly được nhận nhờ miễn trừ', 'Refused rows let in by a waiver'),
('quarantine_rejected', '{egov_custodian}', 'Dòng cách ly bị loại hẳn', 'Refused rows rejected for good'),
('waiver_proposed', '{egov_custodian}', 'Đề nghị miễn trừ quy tắc', 'Waiver proposed'),
('waiver_approved', '{egov_approver}', 'Duyệt miễn trừ', 'Waiver approved'),
('waiver_withdrawn', '{egov_custodian,egov_approver}', 'Rút miễn trừ', 'Waiver withdrawn'),
('load_decision_asked', '{egov_custodian}', 'Hỏi quyết định về lô bị chặn', 'Decision on a blocked load asked for'),
('load_decision', '{egov_custodian}', 'Quyết định về lô bị chặn', 'Decision on a blocked load');

create unique index event_waiver_proposed_uq on ledger.event (((body_json ->> 'waiver_no')::bigint))
where kind = 'waiver_proposed';
create unique index event_waiver_approved_uq on ledger.event (((body_json ->> 'waiver_no')::bigint))
where kind = 'waiver_approved';
create unique index event_waiver_withdrawn_uq on ledger.event (((body_json ->> 'waiver_no')::bigint))
where kind = 'waiver_withdrawn';

-- Canonical JSON (RFC 8785) of a body that a function makes. Whole numbers and ASCII names only, which is all they hold.
create function ledger.canonical(value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog as $$
begin
    return case jsonb_typeof(value)
        when 'object' then (
            select '{' || coalesce(string_agg(
                to_json(m.key)::text || ':' || ledger.canonical(m.value), ',' order by m.key collate "C"
            ), '') || '}'
            from jsonb_each(value) as m (key, value)
        )
        when 'array' then (
            select '[' || coalesce(string_agg(ledger.canonical(i.value), ',' order by i.position), '') || ']'
            from jsonb_array_elements(value) with ordinality as i (value, position)
        )
        when 'string' then to_json(value #>> '{}')::text
        else value::text
    end;
end
$$;

-- A replay is a load of its own that hears again what another load brought.
create or replace view ledger.load as
select
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.body_json ->> 'dataset' as dataset,
    e.body_json ->> 'shape' as shape,
    e.body_json ->> 'load_key' as load_key,
    e.body_json ->> 'content_digest' as content_digest,
    (e.body_json ->> 'snapshot_date')::date as snapshot_date,
    (e.body_json ->> 'window_from')::date as window_from,
    (e.body_json ->> 'window_to')::date as window_to,
    (e.body_json ->> 'business_date')::date as business_date,
    e.body_json ->> 'landing_path' as landing_path,
    e.body_json ->> 'key_id' as key_id,
    e.body_json ->> 'code_version' as code_version,
    e.body_json ->> 'run_id' as run_id,
    e.occurred_at as registered_at,
    e.event_no,
    (e.body_json ->> 'replay_of')::bigint as replay_of
from ledger.event as e
where e.kind = 'load_registered';

-- Closings: one row per event that ended the being open of rows of one load. `by_load` is the load that brought the rows
-- right or heard them again; null where a person rejected them. `is_again`: these rows had been corrected before by a
-- load that has been revoked since; they count once.
create view ledger.quarantine_closing as
select
    e.event_no,
    e.body_json ->> 'dataset' as dataset,
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    substr(e.kind, 12) as state,
    (e.body_json ->> 'rows')::int8multirange as quarantine_ids,
    (e.body_json ->> 'row_count')::bigint as row_count,
    (e.body_json ->> 'by_load')::bigint as by_load,
    e.body_json ->> 'by' as by_name,
    e.body_json ->> 'cause' as cause,
    e.body_json ? 'again' as is_again,
    e.actor,
    e.occurred_at
from ledger.event as e
where e.kind in ('quarantine_corrected', 'quarantine_replayed', 'quarantine_waived', 'quarantine_rejected');

-- From the ledger alone, per load that refused rows: quarantined = open + corrected + replayed + waived + rejected.
create view ledger.quarantine_account as
select
    a.load_seq,
    l.dataset,
    a.quarantined,
    a.quarantined - coalesce(c.closed, 0) as open,
    coalesce(c.corrected, 0) as corrected,
    coalesce(c.replayed, 0) as replayed,
    coalesce(c.waived, 0) as waived,
    coalesce(c.rejected, 0) as rejected
from ledger.account as a
inner join ledger.load as l on l.load_seq = a.load_seq
left join (
    select
        q.load_seq,
        sum(q.row_count)::bigint as closed,
        coalesce(sum(q.row_count) filter (where q.state = 'corrected'), 0)::bigint as corrected,
        coalesce(sum(q.row_count) filter (where q.state = 'replayed'), 0)::bigint as replayed,
        coalesce(sum(q.row_count) filter (where q.state = 'waived'), 0)::bigint as waived,
        coalesce(sum(q.row_count) filter (where q.state = 'rejected'), 0)::bigint as rejected
    from ledger.quarantine_closing as q
    where not q.is_again
    group by q.load_seq
) as c on c.load_seq = a.load_seq
where a.quarantined > 0;

-- Waivers ------------------------------------------------------------------------------------------------------------

create view quarantine.waiver as
select
    (p.body_json ->> 'waiver_no')::bigint as waiver_no,
    p.body_json ->> 'dataset' as dataset,
    p.body_json ->> 'rule_id' as rule_id,
    p.body_json ->> 'agency_code' as agency_code,
    p.body_json ->> 'reason' as reason,
    (p.body_json ->> 'expires_on')::date as expires_on,
    case when w.event_no is not null then 'withdrawn' when a.event_no is not null then 'approved' else 'proposed' end
        as state,
    p.actor as proposed_by,
    p.body_json ->> 'by' as proposed_by_name,
    p.occurred_at as proposed_at,
    a.actor as approved_by,
    a.body_json ->> 'by' as approved_by_name,
    a.occurred_at as approved_at,
    a.event_no as approved_event_no,
    w.actor as withdrawn_by,
    w.body_json ->> 'by' as withdrawn_by_name,
    w.occurred_at as withdrawn_at,
    p.event_no
from ledger.event as p
left join ledger.event as a
    on a.kind = 'waiver_approved' and (a.body_json ->> 'waiver_no')::bigint = (p.body_json ->> 'waiver_no')::bigint
left join ledger.event as w
    on w.kind = 'waiver_withdrawn' and (w.body_json ->> 'waiver_no')::bigint = (p.body_json ->> 'waiver_no')::bigint
where p.kind = 'waiver_proposed';

-- A waiver is a loan, not a change of the rules: ninety days at most.
create function quarantine.propose_waiver(
    rule_id text, dataset text, agency_code text, reason text, expires_on date, by_name text
) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    today constant date := (now() at time zone 'Asia/Ho_Chi_Minh')::date;
    new_no bigint;
begin
    if coalesce(trim(propose_waiver.rule_id), '') = '' or coalesce(trim(propose_waiver.reason), '') = ''
        or coalesce(trim(propose_waiver.by_name), '') = '' or propose_waiver.expires_on is null then
        raise exception 'a waiver names its rule, reason, proposer and expiry' using errcode = 'check_violation';
    end if;
    if propose_waiver.expires_on > today + 90 then
        raise exception 'a waiver ends within 90 days: % is too late', propose_waiver.expires_on
            using errcode = 'check_violation';
    end if;
    perform quarantine.table_of(propose_waiver.dataset);
    perform pg_advisory_xact_lock(7305100, 1);
    select coalesce(max(w.waiver_no), 0) + 1 into new_no from quarantine.waiver as w;
    perform ledger.append('waiver_proposed', ledger.canonical(jsonb_strip_nulls(jsonb_build_object(
        'waiver_no', new_no, 'dataset', propose_waiver.dataset, 'rule_id', propose_waiver.rule_id,
        'agency_code', propose_waiver.agency_code, 'reason', propose_waiver.reason,
        'expires_on', propose_waiver.expires_on, 'by', propose_waiver.by_name
    ))));
    return new_no;
end
$$;

create function quarantine.approve_waiver(waiver_no bigint, by_name text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    known record;
begin
    perform pg_advisory_xact_lock(7305100, 1);
    select * into known from quarantine.waiver as w where w.waiver_no = approve_waiver.waiver_no;
    if not found or known.state <> 'proposed' then
        raise exception 'no waiver % waits for approval', approve_waiver.waiver_no using errcode = 'no_data_found';
    end if;
    -- Both: the login, which nobody can make up, and the name that came with it, since a login may be an office's.
    if session_user = known.proposed_by
        or lower(trim(coalesce(approve_waiver.by_name, ''))) in ('', lower(trim(known.proposed_by_name))) then
        raise exception 'waiver % was proposed by the same hand', approve_waiver.waiver_no
            using errcode = 'insufficient_privilege';
    end if;
    return ledger.append('waiver_approved', ledger.canonical(jsonb_build_object(
        'waiver_no', approve_waiver.waiver_no, 'dataset', known.dataset, 'rule_id', known.rule_id,
        'by', approve_waiver.by_name
    )));
end
$$;

create function quarantine.withdraw_waiver(waiver_no bigint, reason text, by_name text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    known record;
begin
    perform pg_advisory_xact_lock(7305100, 1);
    select * into known from quarantine.waiver as w where w.waiver_no = withdraw_waiver.waiver_no;
    if not found or known.state = 'withdrawn' then
        raise exception 'no waiver % to withdraw', withdraw_waiver.waiver_no using errcode = 'no_data_found';
    end if;
    return ledger.append('waiver_withdrawn', ledger.canonical(jsonb_build_object(
        'waiver_no', withdraw_waiver.waiver_no, 'dataset', known.dataset, 'rule_id', known.rule_id,
        'reason', coalesce(withdraw_waiver.reason, ''), 'by', coalesce(withdraw_waiver.by_name, '')
    )));
end
$$;

-- States -------------------------------------------------------------------------------------------------------------

-- The table of a dataset's refused rows; an error for a name that is none.
create function quarantine.table_of(dataset text) returns regclass
language plpgsql stable set search_path = pg_catalog as $$
declare
    found_table regclass;
begin
    select c.oid::regclass into found_table from pg_class as c
    where c.relnamespace = 'quarantine'::regnamespace and c.relkind = 'r'
        and c.relname = replace(table_of.dataset, '.', '__')
        and exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'closed_event_no');
    if found_table is null then
        raise exception 'no quarantine of a dataset %', table_of.dataset using errcode = 'undefined_table';
    end if;
    return found_table;
end
$$;

-- Whoever is about to close rows of a dataset holds this first, and only then the ledger's lock: what was found open
-- stays open until it is closed.
create function quarantine.lock(dataset text) returns void
language plpgsql volatile set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock(7305102, hashtext(lock.dataset));
end
$$;

-- End the being open of rows of one load: the event, then the rows, in the caller's transaction; how many rows. Rows
-- that are not open are an error, but for those that a revoked load had corrected: they may be corrected again.
create function quarantine.close_rows(
    dataset text,
    load_seq bigint,
    new_state text,
    quarantine_ids int8multirange,
    by_load bigint,
    by_name text,
    cause text
) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    held constant regclass := quarantine.table_of(close_rows.dataset);
    asked bigint;
    again bigint;
    changed bigint;
    new_no bigint;
begin
    if close_rows.new_state not in ('corrected', 'replayed', 'waived', 'rejected')
        or (close_rows.by_load is null) <> (close_rows.new_state = 'rejected')
        or coalesce(trim(close_rows.by_name), '') = '' or coalesce(trim(close_rows.cause), '') = '' then
        raise exception 'rows are closed as corrected, replayed or waived by a load, or rejected by a person, and why'
            using errcode = 'check_violation';
    end if;
    select coalesce(sum(upper(r.ids) - lower(r.ids)), 0) into asked from unnest(close_rows.quarantine_ids) as r (ids);
    if asked = 0 then
        return 0;
    end if;
    perform quarantine.lock(close_rows.dataset);
    execute format(
        'select count(*) from %s as q, unnest($1) as r (ids)
        where q.quarantine_id >= lower(r.ids) and q.quarantine_id < upper(r.ids) and q.state = ''corrected''', held
    ) into again using close_rows.quarantine_ids;
    if again not in (0, asked) then
        raise exception 'rows that are open and rows that are not can''t be closed in one' using errcode = 'check_violation';
    end if;
    new_no := ledger.append('quarantine_' || close_rows.new_state, ledger.canonical(jsonb_strip_nulls(
        jsonb_build_object(
            'dataset', close_rows.dataset, 'load_seq', close_rows.load_seq, 'by_load', close_rows.by_load,
            'rows', close_rows.quarantine_ids::text, 'row_count', asked, 'by', close_rows.by_name,
            'cause', close_rows.cause, 'again', case when again > 0 then true end
        )
    )));
    execute format(
        'update %s as q set state = $1, closed_event_no = $2 from unnest($3) as r (ids)
        where q.quarantine_id >= lower(r.ids) and q.quarantine_id < upper(r.ids) and q.load_seq = $4
            and (q.state = ''open'' or (q.state = ''corrected'' and $1 = ''corrected'' and exists (
                select from ledger.quarantine_closing as c
                inner join ledger.revoked_load as v on v.load_seq = c.by_load
                where c.event_no = q.closed_event_no
            )))', held
    ) using close_rows.new_state, new_no, close_rows.quarantine_ids, close_rows.load_seq;
    get diagnostics changed = row_count;
    if changed <> asked then
        raise exception '% of % rows of load % in % are open', changed, asked, close_rows.load_seq, close_rows.dataset
            using errcode = 'check_violation';
    end if;
    return changed;
end
$$;

-- Close as corrected, by their numbers, rows that a promoted load answers: a corrected return names the rows it mends,
-- also where no key leads to them. Those that are closed already stay as they are; how many were closed.
create function quarantine.correct_by_id(dataset text, by_load bigint, quarantine_ids bigint[]) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    part record;
    total bigint := 0;
begin
    if not exists (
        select from ledger.promoted_load as p
        where p.load_seq = correct_by_id.by_load and p.dataset = correct_by_id.dataset
    ) then
        raise exception 'load % of % is not promoted', correct_by_id.by_load, correct_by_id.dataset
            using errcode = 'check_violation';
    end if;
    perform quarantine.lock(correct_by_id.dataset);
    for part in execute format(
        'select q.load_seq, range_agg(int8range(q.quarantine_id, q.quarantine_id + 1)) as ids
        from %s as q where q.quarantine_id = any($1) and q.state = ''open''
        group by q.load_seq order by q.load_seq', quarantine.table_of(correct_by_id.dataset)
    ) using correct_by_id.quarantine_ids loop
        total := total + quarantine.close_rows(
            correct_by_id.dataset, part.load_seq, 'corrected', part.ids, correct_by_id.by_load, session_user,
            'corrected_return'
        );
    end loop;
    return total;
end
$$;

-- Reject rows by their numbers, an event per load; how many rows.
create function quarantine.reject_rows(dataset text, quarantine_ids int8multirange, reason text, by_name text)
returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    part record;
    total bigint := 0;
begin
    perform quarantine.lock(reject_rows.dataset);
    for part in execute format(
        'select q.load_seq, range_agg(int8range(q.quarantine_id, q.quarantine_id + 1)) as ids
        from %s as q, unnest($1) as r (ids)
        where q.quarantine_id >= lower(r.ids) and q.quarantine_id < upper(r.ids)
        group by q.load_seq order by q.load_seq', quarantine.table_of(reject_rows.dataset)
    ) using reject_rows.quarantine_ids loop
        total := total + quarantine.close_rows(
            reject_rows.dataset, part.load_seq, 'rejected', part.ids, null, reject_rows.by_name, reject_rows.reason
        );
    end loop;
    return total;
end
$$;

-- A refused row is born open, changes its state together with the number of the event, and nothing else of it changes.
create or replace function quarantine.refuse_other_change() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        raise exception '%.%: a refused row begins open', tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    if to_jsonb(new) - array['state', 'closed_event_no'] is distinct from to_jsonb(old) - array['state', 'closed_event_no']
    then
        raise exception '%.%: only the state may change', tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- No state without an event that says so, of this row, whoever changes it.
create function quarantine.check_closed() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (
        with closing as materialized (
            select c.event_no, c.load_seq, c.state, c.quarantine_ids from ledger.quarantine_closing as c
            where c.event_no in (select distinct n.closed_event_no from changed as n)
                and replace(c.dataset, '.', '__') = tg_table_name
        )
        select from changed as n
        where not exists (
            select from closing as c
            where c.event_no = n.closed_event_no and c.load_seq = n.load_seq and c.state = n.state
                and c.quarantine_ids @> n.quarantine_id
        )
    ) then
        raise exception '%.%: a state changes together with the ledger event that says so', tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

-- And no event that says so without the rows: looked at when the transaction ends.
create function quarantine.check_event() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    agreeing bigint;
begin
    execute format(
        'select count(*) from %s as q, unnest($1) as r (ids)
        where q.quarantine_id >= lower(r.ids) and q.quarantine_id < upper(r.ids)
            and q.load_seq = $2 and q.state = $3 and q.closed_event_no >= $4',
        quarantine.table_of(new.body_json ->> 'dataset')
    ) into agreeing
    using (new.body_json ->> 'rows')::int8multirange, (new.body_json ->> 'load_seq')::bigint,
        substr(new.kind, 12), new.event_no;
    if agreeing is distinct from (new.body_json ->> 'row_count')::bigint then
        raise exception 'event % closes % rows, but % say so', new.event_no, new.body_json ->> 'row_count', agreeing
            using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger quarantine_agrees after insert on ledger.event
deferrable initially deferred for each row
when (new.kind in ('quarantine_corrected', 'quarantine_replayed', 'quarantine_waived', 'quarantine_rejected'))
execute function quarantine.check_event();

-- Decisions on blocked loads ------------------------------------------------------------------------------------------

create view quarantine.load_decision as
select
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.body_json ->> 'dataset' as dataset,
    e.body_json ->> 'choice' as choice,
    e.body_json ->> 'by' as by_name,
    e.body_json ->> 'reason' as reason,
    (e.body_json ->> 'waiver_no')::bigint as waiver_no,
    (e.body_json ->> 'row_count')::bigint as row_count,
    e.actor,
    e.occurred_at as decided_at,
    e.event_no
from ledger.event as e
where e.kind = 'load_decision';

create function quarantine.blocked_dataset(load_seq bigint) returns text
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    name text;
begin
    select l.dataset into name from ledger.load as l
    inner join ledger.account as a on a.load_seq = l.load_seq and not a.is_promoted
    where l.load_seq = blocked_dataset.load_seq;
    if name is null then
        raise exception 'load % is not blocked', blocked_dataset.load_seq using errcode = 'no_data_found';
    end if;
    return name;
end
$$;

-- Note that a decision on a blocked load is asked for, once per cause (a run of the DAG); the number of the event.
create function quarantine.ask_decision(load_seq bigint, by_name text, cause text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    name constant text := quarantine.blocked_dataset(ask_decision.load_seq);
    known bigint;
begin
    perform pg_advisory_xact_lock(7305100, 1);
    select e.event_no into known from ledger.event as e
    where e.kind = 'load_decision_asked' and (e.body_json ->> 'load_seq')::bigint = ask_decision.load_seq
        and e.body_json ->> 'cause' = ask_decision.cause;
    return coalesce(known, ledger.append('load_decision_asked', ledger.canonical(jsonb_build_object(
        'load_seq', ask_decision.load_seq, 'dataset', name, 'by', ask_decision.by_name, 'cause', ask_decision.cause
    ))));
end
$$;

-- Record the decision on a blocked load; "reject" closes those of its rows that are still open. The same decision again
-- is the decision that there is.
create function quarantine.decide_load(
    load_seq bigint, choice text, by_name text, reason text, waiver_no bigint
) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    name constant text := quarantine.blocked_dataset(decide_load.load_seq);
    last record;
    ids int8multirange;
    closed bigint := 0;
begin
    if decide_load.choice not in ('reject', 'wait', 'propose-waiver')
        or (decide_load.choice = 'propose-waiver') <> (decide_load.waiver_no is not null)
        or coalesce(trim(decide_load.by_name), '') = '' then
        raise exception 'a decision is reject, wait or propose-waiver, the last one with its waiver, by somebody'
            using errcode = 'check_violation';
    end if;
    perform quarantine.lock(name);
    select d.* into last from quarantine.load_decision as d
    where d.load_seq = decide_load.load_seq order by d.event_no desc limit 1;
    if found and (last.choice, last.by_name) = (decide_load.choice, decide_load.by_name)
        and last.waiver_no is not distinct from decide_load.waiver_no then
        return last.event_no;
    end if;
    if decide_load.choice = 'reject' then
        execute format(
            'select range_agg(int8range(q.quarantine_id, q.quarantine_id + 1)) from %s as q
            where q.load_seq = $1 and q.state = ''open''', quarantine.table_of(name)
        ) into ids using decide_load.load_seq;
        if ids is not null then
            closed := quarantine.close_rows(
                name, decide_load.load_seq, 'rejected', ids, null, decide_load.by_name,
                coalesce(nullif(trim(decide_load.reason), ''), 'load_decision')
            );
        end if;
    end if;
    return ledger.append('load_decision', ledger.canonical(jsonb_strip_nulls(jsonb_build_object(
        'load_seq', decide_load.load_seq, 'dataset', name, 'choice', decide_load.choice, 'by', decide_load.by_name,
        'reason', nullif(trim(decide_load.reason), ''), 'waiver_no', decide_load.waiver_no, 'row_count', closed
    ))));
end
$$;

-- Views over all datasets --------------------------------------------------------------------------------------------

-- `quarantine.row` has each refused row of each dataset, public columns that all share. A migration that adds a dataset
-- calls this again.
create function quarantine.refresh_views() returns void
language plpgsql volatile set search_path = pg_catalog as $$
declare
    parts text;
begin
    select string_agg(format(
        'select %L::text as dataset, q.quarantine_id, q.load_seq, q.file_digest, q.sheet, q.row_no, %s as agency_code,
            q.rule_ids, q.state, q.refused_at, q.source_version_at, q.closed_event_no from quarantine.%I as q',
        replace(c.relname, '__', '.'),
        case when exists (
            select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'agency_code' and not a.attisdropped
        ) then 'q.agency_code' else 'null::text' end,
        c.relname
    ), ' union all ' order by c.relname) into parts
    from pg_class as c
    where c.relnamespace = 'quarantine'::regnamespace and c.relkind = 'r' and exists (
        select from pg_attribute as a
        where a.attrelid = c.oid and a.attname = 'closed_event_no' and not a.attisdropped
    );
    execute 'create or replace view quarantine.row as ' || parts;
end
$$;

-- directory.headcount
alter table quarantine."directory__headcount"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "directory__headcount_key" on quarantine."directory__headcount" (key_digest) where state = 'open';
create index "directory__headcount_closed" on quarantine."directory__headcount" (closed_event_no);
create trigger closed_by_event after update on quarantine."directory__headcount" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."directory__headcount" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."directory__headcount" from egov_custodian;
revoke select on quarantine."directory__headcount" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "headcount", "headcount_basis", "snapshot_date", "exported_at") on quarantine."directory__headcount" to egov_custodian, egov_auditor;

-- forms.paper_register
alter table quarantine."forms__paper_register"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__paper_register_key" on quarantine."forms__paper_register" (key_digest) where state = 'open';
create index "forms__paper_register_closed" on quarantine."forms__paper_register" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__paper_register" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__paper_register" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__paper_register" from egov_custodian;
revoke select on quarantine."forms__paper_register" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "register_year", "register_number", "procedure_code", "channel", "received_date", "finished_date", "returned_date", "return_method", "updated_at") on quarantine."forms__paper_register" to egov_custodian, egov_auditor;

-- ioffice.outgoing_documents
alter table quarantine."ioffice__outgoing_documents"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "ioffice__outgoing_documents_key" on quarantine."ioffice__outgoing_documents" (key_digest) where state = 'open';
create index "ioffice__outgoing_documents_closed" on quarantine."ioffice__outgoing_documents" (closed_event_no);
create trigger closed_by_event after update on quarantine."ioffice__outgoing_documents" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."ioffice__outgoing_documents" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."ioffice__outgoing_documents" from egov_custodian;
revoke select on quarantine."ioffice__outgoing_documents" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "document_id", "agency_code", "document_number", "document_symbol", "document_type", "urgency_level", "issued_date", "personal_signed_at", "organisation_signed_at", "recipient_scope", "is_sent_via_axis", "medium", "document_status", "updated_at") on quarantine."ioffice__outgoing_documents" to egov_custodian, egov_auditor;

-- iso.certificates
alter table quarantine."iso__certificates"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "iso__certificates_key" on quarantine."iso__certificates" (key_digest) where state = 'open';
create index "iso__certificates_closed" on quarantine."iso__certificates" (closed_event_no);
create trigger closed_by_event after update on quarantine."iso__certificates" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."iso__certificates" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."iso__certificates" from egov_custodian;
revoke select on quarantine."iso__certificates" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "certificate_number", "is_mandated", "announced_date", "internal_audit_date", "management_review_date", "valid_until_date", "procedures_covered_count", "snapshot_date", "exported_at") on quarantine."iso__certificates" to egov_custodian, egov_auditor;

-- mail.accounts
alter table quarantine."mail__accounts"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "mail__accounts_key" on quarantine."mail__accounts" (key_digest) where state = 'open';
create index "mail__accounts_closed" on quarantine."mail__accounts" (closed_event_no);
create trigger closed_by_event after update on quarantine."mail__accounts" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."mail__accounts" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."mail__accounts" from egov_custodian;
revoke select on quarantine."mail__accounts" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "issued_date", "account_status", "last_used_at", "sent_30d_count", "read_30d_count", "snapshot_date", "exported_at") on quarantine."mail__accounts" to egov_custodian, egov_auditor;

-- one_stop.dossiers
alter table quarantine."one_stop__dossiers"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__dossiers_key" on quarantine."one_stop__dossiers" (key_digest) where state = 'open';
create index "one_stop__dossiers_closed" on quarantine."one_stop__dossiers" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__dossiers" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__dossiers" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__dossiers" from egov_custodian;
revoke select on quarantine."one_stop__dossiers" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "procedure_code", "field_name", "agency_code", "channel", "applicant_type", "received_at", "due_at", "finished_at", "returned_at", "return_method", "dossier_status", "supplement_request_count", "updated_at") on quarantine."one_stop__dossiers" to egov_custodian, egov_auditor;

-- portal.procedures
alter table quarantine."portal__procedures"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "portal__procedures_key" on quarantine."portal__procedures" (key_digest) where state = 'open';
create index "portal__procedures_closed" on quarantine."portal__procedures" (closed_event_no);
create trigger closed_by_event after update on quarantine."portal__procedures" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."portal__procedures" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."portal__procedures" from egov_custodian;
revoke select on quarantine."portal__procedures" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "procedure_code", "procedure_name", "field_name", "competent_level", "service_level", "procedure_status", "posted_date", "snapshot_date", "exported_at") on quarantine."portal__procedures" to egov_custodian, egov_auditor;

select quarantine.refresh_views();

-- Rows by unit, rule and state, the oldest of them first to be worked on.
create view quarantine.overview as
select
    q.dataset,
    q.agency_code,
    r.rule_id,
    q.state,
    count(*) as rows,
    min(q.refused_at) as oldest
from quarantine.row as q
cross join lateral unnest(q.rule_ids) as r (rule_id)
group by q.dataset, q.agency_code, r.rule_id, q.state;

-- The history of each row as the ledger tells it: refused with its load, then closed, and by whom.
create view quarantine.row_life as
select
    q.dataset,
    q.quarantine_id,
    q.load_seq,
    q.agency_code,
    q.rule_ids,
    'open' as state,
    a.decided_at as since,
    a.event_no,
    'egov_loader' as actor,
    null::text as by_name,
    null::bigint as by_load,
    null::text as cause
from quarantine.row as q
inner join ledger.account as a on a.load_seq = q.load_seq
union all
select
    q.dataset,
    q.quarantine_id,
    q.load_seq,
    q.agency_code,
    q.rule_ids,
    c.state,
    c.occurred_at,
    c.event_no,
    c.actor,
    c.by_name,
    c.by_load,
    c.cause
from quarantine.row as q
inner join ledger.quarantine_closing as c
    on c.load_seq = q.load_seq and c.dataset = q.dataset and c.quarantine_ids @> q.quarantine_id;

-- Loads whose rows don't say what the ledger says. Empty, or somebody went round the functions.
create view quarantine.unexplained as
select
    a.dataset,
    a.load_seq,
    a.quarantined,
    q.rows as rows_found
from ledger.quarantine_account as a
left join (
    select
        r.load_seq,
        count(*) as rows,
        count(*) filter (where r.state = 'open') as open,
        count(*) filter (where r.state = 'corrected') as corrected,
        count(*) filter (where r.state = 'replayed') as replayed,
        count(*) filter (where r.state = 'waived') as waived,
        count(*) filter (where r.state = 'rejected') as rejected
    from quarantine.row as r
    group by r.load_seq
) as q on q.load_seq = a.load_seq
where (a.quarantined, a.open, a.corrected, a.replayed, a.waived, a.rejected)
    is distinct from (q.rows, q.open, q.corrected, q.replayed, q.waived, q.rejected);

-- Which refused rows are missing data ----------------------------------------------------------------------------------

-- Closings after which the figures lack the rows all the same: the load that brought them right is revoked, or it is a
-- snapshot of another day and no later load of their own day has come.
create view quarantine.ineffective_closing as
select c.event_no
from ledger.quarantine_closing as c
where c.by_load is not null and (
    exists (select from ledger.revoked_load as r where r.load_seq = c.by_load)
    or exists (
        select from ledger.load as own
        inner join ledger.load as later on later.load_seq = c.by_load
        where own.load_seq = c.load_seq and c.state = 'corrected' and own.snapshot_date <> later.snapshot_date
            and not exists (
                select from ledger.promoted_load as p
                where p.dataset = c.dataset and p.snapshot_date = own.snapshot_date and p.load_seq > own.load_seq
                    and not exists (select from ledger.revoked_load as r where r.load_seq = p.load_seq)
            )
    )
);

create view build.refused_row as
with refused as (
    select
        'ioffice.outgoing_documents' as dataset,
        q.load_seq,
        q.agency_code as source_code,
        build.day_of(q.issued_date, 'yyyy-MM-dd') as business_date,
        q.state,
        q.closed_event_no
    from quarantine.ioffice__outgoing_documents as q
    union all
    select
        'one_stop.dossiers', q.load_seq, q.agency_code, build.day_of(q.received_at, 'dd/MM/yyyy'), q.state,
        q.closed_event_no
    from quarantine.one_stop__dossiers as q
    union all
    select
        'forms.paper_register', q.load_seq, q.agency_code, build.day_of(q.received_date, 'dd/MM/yyyy'), q.state,
        q.closed_event_no
    from quarantine.forms__paper_register as q
    union all
    select
        'mail.accounts', q.load_seq, q.agency_code, build.day_of(q.snapshot_date, 'dd/MM/yyyy'), q.state,
        q.closed_event_no
    from quarantine.mail__accounts as q
    union all
    select
        'directory.headcount', q.load_seq, q.agency_code, build.day_of(q.snapshot_date, 'dd/MM/yyyy'), q.state,
        q.closed_event_no
    from quarantine.directory__headcount as q
    union all
    select
        'iso.certificates', q.load_seq, q.agency_code, build.day_of(q.snapshot_date, 'dd/MM/yyyy'), q.state,
        q.closed_event_no
    from quarantine.iso__certificates as q
    union all
    select
        'portal.procedures', q.load_seq, q.agency_code, build.day_of(q.snapshot_date, 'yyyy-MM-dd'), q.state,
        q.closed_event_no
    from quarantine.portal__procedures as q
)

select
    r.dataset,
    r.load_seq,
    r.source_code,
    r.business_date,
    r.closed_event_no,
    r.state = 'open' or r.closed_event_no in (select i.event_no from quarantine.ineffective_closing as i) as is_missing
from refused as r;

-- The share of a figure that is set aside counts what is missing, not what was mended, let in or rejected since.
create or replace view build.quarantined_row as
select
    r.dataset,
    r.load_seq,
    r.source_code,
    r.business_date
from build.refused_row as r
where r.is_missing;

-- As in 0004, and the months of rows that these loads closed, or that were rejected since a colour was built.
create or replace function build.months_beside_rows(loads bigint[], since date) returns setof date
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    with first_figure as (
        select least(
            (select min(b.business_month) from blue.fct_kpi_component as b),
            (select min(g.business_month) from green.fct_kpi_component as g)
        ) as month
    ),

    seen as (
        select coalesce(min(b.event_no), 0) as event_no
        from (
            select max(e.event_no) as event_no from ledger.event as e
            where e.kind = 'colour_built' group by e.body_json ->> 'colour'
        ) as b
    ),

    closed as (
        select c.event_no from ledger.quarantine_closing as c
        where c.by_load = any(loads) or (c.by_load is null and c.event_no > (select s.event_no from seen as s))
    ),

    beside as (
        select own.load_seq from ledger.load as own
        inner join ledger.load as touched
            on touched.dataset = own.dataset and touched.snapshot_date = own.snapshot_date
        where touched.load_seq = any(loads)
        union
        select unnest(loads)
    ),

    span as (
        select
            coalesce(q.business_date, l.business_date) as first_day,
            coalesce(q.business_date, l.business_date) as last_day
        from build.refused_row as q
        inner join ledger.load as l on l.load_seq = q.load_seq
        where
            q.load_seq in (select b.load_seq from beside as b)
            or q.closed_event_no in (select c.event_no from closed as c)
        union all
        select coalesce(w.window_from, f.month, w.window_to), w.window_to
        from build.dataset_window as w
        cross join first_figure as f
        where
            w.load_seqs && loads
            or w.window_to > since
            or (w.window_to = since and w.window_from is not null)
    )

    select distinct m.month::date
    from span as s
    cross join lateral generate_series(
        date_trunc('month', s.first_day), date_trunc('month', s.last_day), interval '1 month'
    ) as m (month);
end;

-- Grants ---------------------------------------------------------------------------------------------------------------

grant select on ledger.quarantine_closing, ledger.quarantine_account
to egov_loader, egov_builder, egov_publisher, egov_custodian, egov_auditor, egov_approver;
grant select on quarantine.waiver to egov_loader, egov_custodian, egov_auditor, egov_approver;
grant select on quarantine.row, quarantine.overview, quarantine.row_life, quarantine.unexplained,
quarantine.load_decision
to egov_loader, egov_custodian, egov_auditor;
grant select on ledger.event, ledger.event_kind, ledger.load, ledger.account, ledger.gate_result to egov_approver;
grant select on build.refused_row to egov_builder, egov_auditor;

revoke execute on all functions in schema quarantine from public;
revoke execute on function ledger.canonical(jsonb) from public;
grant execute on function ledger.append(text, text) to egov_approver;
grant execute on function quarantine.lock(text) to egov_loader;
grant execute on function quarantine.close_rows(text, bigint, text, int8multirange, bigint, text, text) to egov_loader;
grant execute on function quarantine.correct_by_id(text, bigint, bigint[]) to egov_loader;
grant execute on function quarantine.reject_rows(text, int8multirange, text, text) to egov_custodian;
grant execute on function quarantine.propose_waiver(text, text, text, text, date, text) to egov_custodian;
grant execute on function quarantine.approve_waiver(bigint, text) to egov_approver;
grant execute on function quarantine.withdraw_waiver(bigint, text, text) to egov_custodian, egov_approver;
grant execute on function quarantine.ask_decision(bigint, text, text) to egov_custodian;
grant execute on function quarantine.decide_load(bigint, text, text, text, bigint) to egov_custodian;
