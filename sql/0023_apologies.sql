-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.apologies
create table raw."one_stop__apologies" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "letter_no" text,
    "agency_code" text,
    "issued_at" timestamptz,
    "old_due_at" timestamptz,
    "new_due_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__apologies" is 'Văn bản xin lỗi và hẹn lại ngày trả kết quả / Letters of apology for late dossiers, with the due date promised anew. One row per dossier, letter and version.';
comment on column raw."one_stop__apologies"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__apologies"."letter_no" is 'Lần xin lỗi / Number of the letter within its dossier: 1 for the first';
comment on column raw."one_stop__apologies"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__apologies"."issued_at" is 'Ngày ban hành văn bản / Time at which the letter was issued';
comment on column raw."one_stop__apologies"."old_due_at" is 'Ngày hẹn trả trước / Due time before the letter';
comment on column raw."one_stop__apologies"."new_due_at" is 'Ngày hẹn trả mới / Due time that the letter promises';
comment on column raw."one_stop__apologies"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__apologies_key" on raw."one_stop__apologies" ("dossier_hash", "letter_no");
create index "one_stop__apologies_load" on raw."one_stop__apologies" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__apologies" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__apologies" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__apologies" to egov_loader;
grant select on raw."one_stop__apologies" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "letter_no", "agency_code", "issued_at", "old_due_at", "new_due_at", "updated_at") on raw."one_stop__apologies" to egov_auditor;

create table quarantine."one_stop__apologies" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "letter_no" text,
    "agency_code" text,
    "issued_at" text,
    "old_due_at" text,
    "new_due_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__apologies" is 'Refused rows: Văn bản xin lỗi và hẹn lại ngày trả kết quả / Letters of apology for late dossiers, with the due date promised anew. One row per dossier, letter and version.';
create index "one_stop__apologies_load" on quarantine."one_stop__apologies" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__apologies" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__apologies" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__apologies" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__apologies" to egov_loader;
grant select, update (state) on quarantine."one_stop__apologies" to egov_custodian;
grant select on quarantine."one_stop__apologies" to egov_auditor;

alter table quarantine."one_stop__apologies"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__apologies_key" on quarantine."one_stop__apologies" (key_digest) where state = 'open';
create index "one_stop__apologies_closed" on quarantine."one_stop__apologies" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__apologies" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__apologies" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__apologies" from egov_custodian;
revoke select on quarantine."one_stop__apologies" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "letter_no", "agency_code", "issued_at", "old_due_at", "new_due_at", "updated_at") on quarantine."one_stop__apologies" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.apologies', 'delta', '{dossier_hash,letter_no}', '{}', 'agency_code', 'issued_at', 'dd/MM/yyyy', '{issued_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Letters of apology, and what they come to for each dossier.

create table blue.fct_apology (
    dossier_hash text not null,
    letter_no text not null,
    agency_code text not null,
    issued_date date not null,
    business_month date not null,
    old_due_date date not null,
    new_due_date date not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, letter_no)
) partition by range (business_month);

create index fct_apology_key_idx on blue.fct_apology (dossier_hash);

select publish.add_to_green('fct_apology');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'alter table %I.fct_dossier add column is_apologised boolean, add column '
            'is_apologised_in_time boolean, add column is_promised_again boolean, add column '
            'is_moved_after_expiry boolean, add column is_late_to_promise boolean', colour
        );
        execute format(
            'grant select (is_apologised, is_apologised_in_time, is_promised_again, '
            'is_moved_after_expiry, is_late_to_promise) on %I.fct_dossier to egov_auditor', colour
        );
        execute format(
            'grant select (load_seq, file_digest, row_no, letter_no, agency_code, issued_date, '
            'business_month, old_due_date, new_due_date) on %I.fct_apology to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('apology', 'Chỉ tiêu văn bản xin lỗi / Letters of apology for late dossiers');
