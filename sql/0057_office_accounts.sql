-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- ioffice.accounts
create table raw."ioffice__accounts" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "account_hash" text,
    "agency_code" text,
    "account_kind" text,
    "account_status" text,
    "issued_date" date,
    "last_action_date" date,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."ioffice__accounts" is 'Tài khoản người dùng hệ thống quản lý văn bản và điều hành / User accounts of the document-management system, full snapshot. One row per account and snapshot date.';
comment on column raw."ioffice__accounts"."account_hash" is 'Tên đăng nhập / Keyed pseudonym of the account''s login';
comment on column raw."ioffice__accounts"."agency_code" is 'Mã đơn vị / Unit of the account';
comment on column raw."ioffice__accounts"."account_kind" is 'Loại tài khoản / person (one official), organisation (clerks of a unit together) or system (another software)';
comment on column raw."ioffice__accounts"."account_status" is 'Trạng thái / active or locked';
comment on column raw."ioffice__accounts"."issued_date" is 'Ngày cấp / Date of issue';
comment on column raw."ioffice__accounts"."last_action_date" is 'Ngày thao tác cuối / Day of the last action in the system (read, routed, signed, commented); empty when there was none yet';
comment on column raw."ioffice__accounts"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."ioffice__accounts"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "ioffice__accounts_key" on raw."ioffice__accounts" ("account_hash", "snapshot_date");
create index "ioffice__accounts_load" on raw."ioffice__accounts" (load_seq);
create trigger refuse_change before update or delete on raw."ioffice__accounts" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."ioffice__accounts" for each statement execute function raw.refuse_change();
grant select, insert on raw."ioffice__accounts" to egov_loader;
grant select on raw."ioffice__accounts" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "account_kind", "account_status", "issued_date", "last_action_date", "snapshot_date", "exported_at") on raw."ioffice__accounts" to egov_auditor;

create table quarantine."ioffice__accounts" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "account_kind" text,
    "account_status" text,
    "issued_date" text,
    "last_action_date" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."ioffice__accounts" is 'Refused rows: Tài khoản người dùng hệ thống quản lý văn bản và điều hành / User accounts of the document-management system, full snapshot. One row per account and snapshot date.';
create index "ioffice__accounts_load" on quarantine."ioffice__accounts" (load_seq);
create trigger refuse_delete before delete on quarantine."ioffice__accounts" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."ioffice__accounts" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."ioffice__accounts" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."ioffice__accounts" to egov_loader;
grant select, update (state) on quarantine."ioffice__accounts" to egov_custodian;
grant select on quarantine."ioffice__accounts" to egov_auditor;

alter table quarantine."ioffice__accounts"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "ioffice__accounts_key" on quarantine."ioffice__accounts" (key_digest) where state = 'open';
create index "ioffice__accounts_closed" on quarantine."ioffice__accounts" (closed_event_no);
create trigger closed_by_event after update on quarantine."ioffice__accounts" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."ioffice__accounts" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."ioffice__accounts" from egov_custodian;
revoke select on quarantine."ioffice__accounts" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "account_kind", "account_status", "issued_date", "last_action_date", "snapshot_date", "exported_at") on quarantine."ioffice__accounts" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('ioffice.accounts', 'snapshot', '{account_hash,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'yyyy-MM-dd', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Logins are pseudonyms that the auditor does not read; whose they are never got as far as raw.

create table blue.fct_office_account (
    snapshot_date date not null,
    account_hash text not null,
    business_month date not null,
    agency_code text not null,
    account_kind text not null,
    account_status text not null,
    issued_date date,
    last_action_date date,
    is_used boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, account_hash)
) partition by range (business_month);

select publish.add_to_green('fct_office_account');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, business_month, agency_code, account_kind, account_status, issued_date, '
            'last_action_date, is_used, load_seq, file_digest, row_no) on %I.fct_office_account to egov_auditor', colour
        );
    end loop;
end
$$;
