-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.pauses
create table raw."one_stop__pauses" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "pause_no" text,
    "agency_code" text,
    "pause_kind" text,
    "reason_code" text,
    "paused_at" timestamptz,
    "resumed_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__pauses" is 'Khoảng thời gian tạm dừng tính thời hạn: yêu cầu bổ sung, nghĩa vụ tài chính, dừng xử lý / Intervals in which the clock of a dossier stood still: supplement requested, financial duty, stopped by policy. One row per dossier, pause and version.';
comment on column raw."one_stop__pauses"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__pauses"."pause_no" is 'Lần tạm dừng / Number of the pause within its dossier: 1 for the first';
comment on column raw."one_stop__pauses"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__pauses"."pause_kind" is 'Loại tạm dừng / supplement (status 5), financial_duty (status 6) or stopped (status 8, by policy)';
comment on column raw."one_stop__pauses"."reason_code" is 'Mã lý do / Reason by the source''s own list';
comment on column raw."one_stop__pauses"."paused_at" is 'Tạm dừng từ / Time at which the clock was stopped';
comment on column raw."one_stop__pauses"."resumed_at" is 'Tạm dừng đến / Time at which the clock went on; empty while it stands still';
comment on column raw."one_stop__pauses"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__pauses_key" on raw."one_stop__pauses" ("dossier_hash", "pause_no");
create index "one_stop__pauses_load" on raw."one_stop__pauses" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__pauses" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__pauses" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__pauses" to egov_loader;
grant select on raw."one_stop__pauses" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "pause_no", "agency_code", "pause_kind", "reason_code", "paused_at", "resumed_at", "updated_at") on raw."one_stop__pauses" to egov_auditor;

create table quarantine."one_stop__pauses" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "pause_no" text,
    "agency_code" text,
    "pause_kind" text,
    "reason_code" text,
    "paused_at" text,
    "resumed_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__pauses" is 'Refused rows: Khoảng thời gian tạm dừng tính thời hạn: yêu cầu bổ sung, nghĩa vụ tài chính, dừng xử lý / Intervals in which the clock of a dossier stood still: supplement requested, financial duty, stopped by policy. One row per dossier, pause and version.';
create index "one_stop__pauses_load" on quarantine."one_stop__pauses" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__pauses" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__pauses" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__pauses" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__pauses" to egov_loader;
grant select, update (state) on quarantine."one_stop__pauses" to egov_custodian;
grant select on quarantine."one_stop__pauses" to egov_auditor;

alter table quarantine."one_stop__pauses"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__pauses_key" on quarantine."one_stop__pauses" (key_digest) where state = 'open';
create index "one_stop__pauses_closed" on quarantine."one_stop__pauses" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__pauses" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__pauses" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__pauses" from egov_custodian;
revoke select on quarantine."one_stop__pauses" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "pause_no", "agency_code", "pause_kind", "reason_code", "paused_at", "resumed_at", "updated_at") on quarantine."one_stop__pauses" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.pauses', 'delta', '{dossier_hash,pause_no}', '{}', 'agency_code', 'paused_at', 'dd/MM/yyyy', '{paused_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Intervals in which the clock of a dossier stood still, and whether a dossier has any.

create table blue.fct_pause (
    dossier_hash text not null,
    pause_no text not null,
    agency_code text not null,
    pause_kind text not null,
    reason_code text,
    paused_at timestamptz not null,
    resumed_at timestamptz,
    paused_date date not null,
    business_month date not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, pause_no)
) partition by range (business_month);

create index fct_pause_key_idx on blue.fct_pause (dossier_hash);

select publish.add_to_green('fct_pause');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format('alter table %I.fct_dossier add column is_paused boolean', colour);
        execute format('grant select (is_paused) on %I.fct_dossier to egov_auditor', colour);
        execute format(
            'grant select (load_seq, file_digest, row_no, pause_no, agency_code, pause_kind, reason_code, paused_at, '
            'resumed_at, paused_date, business_month) on %I.fct_pause to egov_auditor', colour
        );
    end loop;
end
$$;
