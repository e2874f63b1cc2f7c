-- What a publish needs so that it can be proved later, when its colour has been built over: the leaves under its mart
-- digest and the definitions of its KPIs. Both are held against the digest that the event of the publish carries.

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('evidence_exported', '{egov_auditor}', 'Đã xuất hồ sơ chứng cứ', 'Evidence pack exported');

-- Leaves as changes: one row per publish, relation and month whose leaf differs from the publish before it.
create table ledger.mart_leaf_log (
    publish_no bigint not null,
    op text not null check (op in ('upsert', 'delete')),
    relation text not null,
    month date not null,
    row_count bigint,
    digest text,
    primary key (relation, month, publish_no),
    check ((op = 'upsert') = (digest is not null and row_count is not null))
);

-- Definitions by the leaf that they make: one row per KPI definition, kept when a publish first has that leaf.
create table ledger.kpi_definition_log (
    leaf_digest text not null check (leaf_digest ~ '^[0-9a-f]{64}$'),
    definition_no int not null,
    definition jsonb not null,
    primary key (leaf_digest, definition_no)
);

create trigger append_only before update or delete or truncate on ledger.mart_leaf_log
for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.kpi_definition_log
for each statement execute function ledger.refuse_change();

-- In the transaction of the publish, so that neither is there without the other. It runs as the owner, who alone adds
-- events.
create function ledger.keep_publish() returns trigger
language plpgsql set search_path = pg_catalog as $$
declare
    candidate constant text := new.body_json ->> 'colour';
    number constant bigint := (new.body_json ->> 'publish_no')::bigint;
    definitions text;
begin
    with
    candidate_leaf as (
        select l.relation, l.month, l.row_count, l.digest from build.mart_leaf as l where l.colour = candidate
    ),

    newest as (
        select distinct on (k.relation, k.month) k.relation, k.month, k.op, k.row_count, k.digest
        from ledger.mart_leaf_log as k
        order by k.relation, k.month, k.publish_no desc
    ),

    before as (
        select n.relation, n.month, n.row_count, n.digest from newest as n where n.op = 'upsert'
    )

    insert into ledger.mart_leaf_log (publish_no, op, relation, month, row_count, digest)
    select number, 'upsert', u.relation, u.month, u.row_count, u.digest
    from (select * from candidate_leaf except select * from before) as u
    union all
    select number, 'delete', d.relation, d.month, null, null
    from (select b.relation, b.month from before as b except select c.relation, c.month from candidate_leaf as c) as d;

    select l.digest into definitions from build.mart_leaf as l where l.colour = candidate and l.relation = 'dim_kpi';
    if found and not exists (select from ledger.kpi_definition_log as k where k.leaf_digest = definitions) then
        execute format(
            'insert into ledger.kpi_definition_log (leaf_digest, definition_no, definition)'
            ' select $1, row_number() over (order by to_jsonb(d)), to_jsonb(d) from %I.dim_kpi as d',
            candidate
        ) using definitions;
    end if;
    return null;
end
$$;

create trigger keeps_what_proves_it after insert on ledger.event
for each row when (new.kind = 'published') execute function ledger.keep_publish();

grant select on ledger.mart_leaf_log, ledger.kpi_definition_log to egov_auditor;
