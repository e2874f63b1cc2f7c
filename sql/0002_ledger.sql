-- The ledger: one append-only, hash-chained table of events and typed views of it. docs/reference/ledger.md.
-- Nothing but ledger.append writes an event; update, delete and truncate are refused by trigger, whoever asks.

create table ledger.event_kind (
    kind text primary key check (kind ~ '^[a-z_]+$'),
    written_by text[] not null,
    title_vi text not null,
    title_en text not null
);

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('load_registered', '{egov_loader}', 'Đăng ký lô nạp', 'Load registered'),
('delivery_pulled', '{egov_loader}', 'Nguồn đã trả dữ liệu của đêm', 'Source answered for a night'),
('pull_failed', '{egov_loader}', 'Không lấy được dữ liệu từ nguồn', 'Source could not be pulled'),
('delivery_empty', '{egov_loader}', 'Nguồn không có dữ liệu mới', 'Source had nothing new'),
('load_staged', '{egov_loader}', 'Đã đưa vào vùng chờ', 'Load staged'),
('gate_checked', '{egov_loader}', 'Kết quả kiểm tra cổng', 'Gate verdict'),
('load_promoted', '{egov_loader}', 'Lô được nhận vào kho', 'Load promoted'),
('load_blocked', '{egov_loader}', 'Lô bị chặn', 'Load blocked'),
('load_revoked', '{egov_publisher}', 'Thu hồi lô', 'Load revoked'),
('build_planned', '{egov_builder}', 'Bắt đầu dựng kho số liệu', 'Build planned'),
('colour_built', '{egov_builder}', 'Dựng xong kho số liệu', 'Colour built'),
('audit_checked', '{egov_builder,egov_publisher}', 'Kiểm tra trước công bố', 'Candidate audited'),
('published', '{egov_publisher}', 'Công bố', 'Published'),
('rolled_back', '{egov_publisher}', 'Quay lại bản công bố trước', 'Rolled back'),
('hold_lifted', '{egov_publisher}', 'Bỏ tạm dừng', 'Hold lifted'),
('incident', '{egov_loader,egov_builder,egov_publisher,egov_custodian}', 'Sự cố', 'Incident'),
('night_failed', '{egov_loader,egov_builder,egov_publisher}', 'Đêm không công bố được', 'Night failed');

create table ledger.event (
    event_no bigint primary key,
    occurred_at timestamptz not null,
    actor text not null,
    kind text not null references ledger.event_kind (kind),
    body text not null,
    body_json jsonb not null generated always as (body::jsonb) stored,
    prev_hash text not null check (prev_hash ~ '^[0-9a-f]{64}$'),
    event_hash text not null unique check (event_hash ~ '^[0-9a-f]{64}$')
);

create index event_kind_idx on ledger.event (kind, event_no);
create index event_load_idx on ledger.event (((body_json ->> 'load_seq')::bigint), kind);
-- One delivery is one load, and a load is decided once: what Airflow runs twice fails here at the latest.
create unique index event_load_key_uq on ledger.event ((body_json ->> 'load_key')) where kind = 'load_registered';
create unique index event_load_decided_uq on ledger.event (((body_json ->> 'load_seq')::bigint))
where kind in ('load_promoted', 'load_blocked');
create unique index event_load_revoked_uq on ledger.event (((body_json ->> 'load_seq')::bigint))
where kind = 'load_revoked';
create unique index event_publish_uq on ledger.event (((body_json ->> 'publish_no')::bigint)) where kind = 'published';

create function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger append_only before update or delete or truncate on ledger.event
for each statement execute function ledger.refuse_change();

-- The text under a hash. Neither kind nor time nor number holds a bar and the body comes last: no two events share one.
create function ledger.event_digest(
    prev_hash text, event_no bigint, occurred_at timestamptz, actor text, kind text, body text
) returns text
language sql immutable set search_path = pg_catalog as $$
    select encode(sha256(convert_to(concat_ws('|',
        prev_hash,
        event_no::text,
        to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        replace(actor, '|', '||'),
        kind,
        body
    ), 'UTF8')), 'hex')
$$;

create function ledger.append(kind text, body text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    allowed text[];
    head record;
    new_no bigint;
    moment timestamptz;
begin
    select k.written_by into allowed from ledger.event_kind as k where k.kind = append.kind;
    if not found then
        raise exception 'unknown kind of ledger event: %', append.kind using errcode = 'check_violation';
    end if;
    -- session_user, since current_user is this function's owner; a superuser is a member of every role.
    if not exists (select from unnest(allowed) as a (login) where pg_has_role(session_user, a.login, 'member')) then
        raise exception 'role % may not write a ledger event of kind %', session_user, append.kind
            using errcode = 'insufficient_privilege';
    end if;
    if jsonb_typeof(append.body::jsonb) <> 'object' then
        raise exception 'the body of a ledger event is a JSON object' using errcode = 'check_violation';
    end if;
    -- Held until the caller commits: numbers have no gaps, and an event that is rolled back never had a successor.
    perform pg_advisory_xact_lock(7305100, 1);
    select e.event_no, e.event_hash, e.occurred_at into head from ledger.event as e order by e.event_no desc limit 1;
    new_no := coalesce(head.event_no, 0) + 1;
    moment := greatest(clock_timestamp(), head.occurred_at);
    head.event_hash := coalesce(head.event_hash, repeat('0', 64));
    insert into ledger.event (event_no, occurred_at, actor, kind, body, prev_hash, event_hash)
    values (
        new_no, moment, session_user, append.kind, append.body, head.event_hash,
        ledger.event_digest(head.event_hash, new_no, moment, session_user, append.kind, append.body)
    );
    return new_no;
end
$$;

create sequence ledger.load_seq as bigint;

-- Loads -------------------------------------------------------------------------------------------------------------

create view ledger.load as
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
    e.event_no
from ledger.event as e
where e.kind = 'load_registered';

create view ledger.load_file as
select
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    f.position as file_no,
    f.item ->> 'name' as name,
    f.item ->> 'sha256_received' as sha256_received,
    f.item ->> 'sha256_landed' as sha256_landed,
    (f.item ->> 'bytes')::bigint as bytes
from ledger.event as e
cross join lateral jsonb_array_elements(e.body_json -> 'files') with ordinality as f (item, position)
where e.kind = 'load_registered';

create view ledger.gate_result as
select
    e.event_no,
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.body_json ->> 'verdict' as verdict,
    r.item ->> 'rule_id' as rule_id,
    r.item ->> 'severity' as severity,
    r.item ->> 'action' as action,
    (r.item ->> 'success')::boolean as success,
    (r.item ->> 'failed_rows')::bigint as failed_rows,
    e.occurred_at as checked_at
from ledger.event as e
cross join lateral jsonb_array_elements(e.body_json -> 'rules') as r (item)
where e.kind = 'gate_checked';

-- One row per check of the gate, those without a single rule result included.
create view ledger.gate_verdict as
select
    e.event_no,
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.body_json ->> 'verdict' as verdict,
    e.body_json -> 'receipt' as receipt,
    e.occurred_at as checked_at
from ledger.event as e
where e.kind = 'gate_checked';

create view ledger.account as
select
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.kind = 'load_promoted' as is_promoted,
    (e.body_json #>> '{account,received}')::bigint as received,
    (e.body_json #>> '{account,withheld}')::bigint as withheld,
    (e.body_json #>> '{account,landed}')::bigint as landed,
    (e.body_json #>> '{account,accepted}')::bigint as accepted,
    (e.body_json #>> '{account,unchanged}')::bigint as unchanged,
    (e.body_json #>> '{account,quarantined}')::bigint as quarantined,
    (e.body_json #>> '{account,duplicate}')::bigint as duplicate,
    (e.body_json #>> '{account,structural}')::bigint as structural,
    e.occurred_at as decided_at,
    e.event_no
from ledger.event as e
where e.kind in ('load_promoted', 'load_blocked');

-- Promise 2 of the architecture, checked where nobody can go round it.
create function ledger.check_account() returns trigger
language plpgsql set search_path = pg_catalog as $$
declare
    a jsonb := new.body_json -> 'account';
begin
    if (a ->> 'received')::bigint is distinct from (a ->> 'landed')::bigint + (a ->> 'withheld')::bigint
        or (a ->> 'landed')::bigint is distinct from (a ->> 'accepted')::bigint + (a ->> 'unchanged')::bigint
        + (a ->> 'quarantined')::bigint + (a ->> 'duplicate')::bigint + (a ->> 'structural')::bigint
        or (a ->> 'landed') is null
    then
        raise exception 'the account of load % does not add up: %', new.body_json ->> 'load_seq', a
            using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger account_adds_up after insert on ledger.event
for each row when (new.kind in ('load_promoted', 'load_blocked')) execute function ledger.check_account();

create view ledger.promoted_load as
select
    l.load_seq,
    l.dataset,
    l.shape,
    l.snapshot_date,
    l.window_from,
    l.window_to,
    l.business_date,
    l.content_digest,
    p.occurred_at as promoted_at,
    p.event_no
from ledger.load as l
inner join ledger.event as p
    on p.kind = 'load_promoted' and (p.body_json ->> 'load_seq')::bigint = l.load_seq;

create view ledger.revoked_load as
select
    (e.body_json ->> 'load_seq')::bigint as load_seq,
    e.body_json ->> 'reason' as reason,
    e.actor as revoked_by,
    e.occurred_at as revoked_at,
    e.event_no
from ledger.event as e
where e.kind = 'load_revoked';

-- What each colour holds: the last word of its successful builds about each load, since its last rebuild from nothing.
create view ledger.colour_load as
with
built as (
    select
        e.event_no,
        e.body_json ->> 'colour' as colour,
        (e.body_json ->> 'rebuild')::boolean as is_rebuild,
        e.body_json
    from ledger.event as e
    where e.kind = 'colour_built'
),

since as (
    select b.colour, max(b.event_no) filter (where b.is_rebuild) as event_no from built as b group by b.colour
),

mentioned as (
    select b.event_no, b.colour, a.load_seq::bigint as load_seq, 'applied' as state
    from built as b
    cross join lateral jsonb_array_elements_text(b.body_json -> 'applied') as a (load_seq)
    union all
    select b.event_no, b.colour, r.load_seq::bigint as load_seq, 'revoked' as state
    from built as b
    cross join lateral jsonb_array_elements_text(b.body_json -> 'revoked') as r (load_seq)
)

select distinct on (m.colour, m.load_seq)
    m.colour,
    m.load_seq,
    m.state,
    m.event_no
from mentioned as m
inner join since as s on s.colour = m.colour and m.event_no >= coalesce(s.event_no, 0)
order by m.colour, m.load_seq, m.event_no desc;

-- Publishes ---------------------------------------------------------------------------------------------------------

create view ledger.publish as
select
    (e.body_json ->> 'publish_no')::bigint as publish_no,
    e.occurred_at as published_at,
    (e.body_json ->> 'business_date')::date as business_date,
    e.body_json ->> 'code_version' as code_version,
    e.body_json ->> 'colour' as colour,
    e.body_json ->> 'mart_digest' as mart_digest,
    (e.body_json ->> 'changed_values')::bigint as changed_values,
    (e.body_json ->> 'schema_version')::int as schema_version,
    e.actor as published_by,
    e.event_no
from ledger.event as e
where e.kind = 'published';

create view ledger.incident as
select
    e.event_no,
    e.occurred_at,
    e.actor,
    e.body_json ->> 'kind' as kind,
    e.body_json ->> 'dataset' as dataset,
    (e.body_json ->> 'count')::bigint as incident_count,
    e.body_json ->> 'detail' as detail
from ledger.event as e
where e.kind = 'incident';

-- The pointer: which colour the views of marts show. The one row of the ledger that changes.
create table ledger.live (
    is_the_row boolean primary key default true check (is_the_row),
    colour text not null check (colour in ('blue', 'green')),
    publish_no bigint not null,
    on_hold boolean not null,
    event_no bigint references ledger.event (event_no)
);

insert into ledger.live (colour, publish_no, on_hold) values ('blue', 0, false);

-- The pointer moves only together with the event that says so, in one transaction, and to what that event says.
create function ledger.check_live() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    epoch constant bigint := (pg_current_xact_id()::text::bigint >> 32) << 32;
    head record;
begin
    -- An event that is visible while the transaction that wrote it is in progress was written by this transaction, be it
    -- under a savepoint.
    select e.event_no, e.kind, e.body_json, pg_xact_status((epoch | e.xmin::text::bigint)::text::xid8) as written into head
    from ledger.event as e order by e.event_no desc limit 1;
    if new.event_no is distinct from head.event_no
        or head.written is distinct from 'in progress'
        or not (case head.kind
            when 'published' then
                (head.body_json ->> 'publish_no')::bigint = new.publish_no and new.publish_no > old.publish_no
                and head.body_json ->> 'colour' = new.colour and not new.on_hold and not old.on_hold
            when 'rolled_back' then
                (head.body_json ->> 'to_publish_no')::bigint = new.publish_no
                and head.body_json ->> 'colour' = new.colour and new.on_hold
            when 'hold_lifted' then
                (new.publish_no, new.colour) = (old.publish_no, old.colour) and not new.on_hold
            else false
        end)
    then
        raise exception 'the live pointer moves only in the transaction of the ledger event that says so'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger moves_with_its_event before update on ledger.live
for each row execute function ledger.check_live();
create trigger one_row_for_ever before insert or delete or truncate on ledger.live
for each statement execute function ledger.refuse_change();

-- Every figure that was ever public, as changes: a row per publish that altered it.
create table ledger.kpi_value_log (
    publish_no bigint not null,
    op text not null check (op in ('upsert', 'delete')),
    kpi_code text not null,
    kpi_version int not null,
    method text not null,
    due_basis text not null,
    agency_code text not null,
    scope text not null,
    unit_basis text not null,
    period_grain text not null,
    period_start date not null,
    numerator numeric,
    denominator numeric,
    value numeric,
    unit text,
    value_reason text,
    target numeric,
    target_met boolean,
    data_as_of date,
    agencies_reporting int,
    agencies_expected int,
    quarantined_share numeric,
    primary key (
        kpi_code, agency_code, period_start, period_grain, scope, kpi_version, method, due_basis, unit_basis, publish_no
    )
);

create index kpi_value_log_publish_idx on ledger.kpi_value_log (publish_no);

create trigger append_only before update or delete or truncate on ledger.kpi_value_log
for each statement execute function ledger.refuse_change();

-- Input and outcome of a build --------------------------------------------------------------------------------------

create table build.counted_load (
    colour text not null check (colour in ('blue', 'green')),
    load_seq bigint not null,
    primary key (colour, load_seq)
);

create table build.node_result (
    build_event_no bigint not null,
    node text not null,
    resource_type text not null,
    status text not null,
    seconds numeric not null,
    rows_affected bigint,
    failures bigint,
    message text,
    primary key (build_event_no, node)
);

-- Leaves of the mart digest: one per relation and month, so that a night digests only the months that it touched.
create table build.mart_leaf (
    colour text not null check (colour in ('blue', 'green')),
    relation text not null,
    month date not null,
    row_count bigint not null,
    digest text not null,
    primary key (colour, relation, month)
);

-- Which seeds stand in ref, so that a night loads them only when they have changed.
create table build.seeded (
    is_the_row boolean primary key default true check (is_the_row),
    digest text not null,
    seeded_at timestamptz not null default clock_timestamp()
);

-- Grants ------------------------------------------------------------------------------------------------------------

grant select on
ledger.event, ledger.event_kind, ledger.load, ledger.load_file, ledger.gate_verdict,
ledger.gate_result, ledger.account,
ledger.promoted_load, ledger.revoked_load, ledger.colour_load, ledger.publish, ledger.incident, ledger.live
to egov_loader, egov_builder, egov_publisher, egov_custodian, egov_auditor;
grant select on ledger.publish, ledger.live, ledger.kpi_value_log to egov_mart_owner;
grant select on ledger.kpi_value_log to egov_publisher, egov_auditor;
grant insert on ledger.kpi_value_log to egov_publisher;
grant update (colour, publish_no, on_hold, event_no) on ledger.live to egov_publisher;
grant usage on sequence ledger.load_seq to egov_loader;
grant execute on function ledger.append(text, text) to egov_loader, egov_builder, egov_publisher, egov_custodian;
grant execute on function ledger.event_digest(text, bigint, timestamptz, text, text, text) to egov_auditor;

grant select, insert, delete on build.counted_load, build.mart_leaf, build.seeded to egov_builder;
grant select, insert on build.node_result to egov_builder;
grant select on build.counted_load, build.mart_leaf, build.node_result, build.seeded to egov_publisher, egov_auditor;
