-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- ioffice.work_files
create table raw."ioffice__work_files" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "file_code" text,
    "agency_code" text,
    "medium" text,
    "opened_date" date,
    "closed_date" date,
    "archive_due_date" date,
    "archived_date" date,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."ioffice__work_files" is 'Hồ sơ công việc (hệ thống quản lý văn bản và điều hành) / Work files of units, opened, closed and handed to the archive. One row per work file and version.';
comment on column raw."ioffice__work_files"."file_code" is 'Mã hồ sơ công việc / Identifier of the file in the source';
comment on column raw."ioffice__work_files"."agency_code" is 'Mã đơn vị lập hồ sơ / Unit that keeps the file';
comment on column raw."ioffice__work_files"."medium" is 'Hình thức hồ sơ / electronic or paper';
comment on column raw."ioffice__work_files"."opened_date" is 'Ngày mở hồ sơ / Date on which the file was opened';
comment on column raw."ioffice__work_files"."closed_date" is 'Ngày kết thúc hồ sơ / Date on which the work ended and the file was closed; empty while it is open';
comment on column raw."ioffice__work_files"."archive_due_date" is 'Hạn nộp lưu / Date by which the file is to be handed to the archive, as the source has worked it out from the day on which it was closed';
comment on column raw."ioffice__work_files"."archived_date" is 'Ngày nộp lưu / Date on which the file was handed to the archive of the unit';
comment on column raw."ioffice__work_files"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "ioffice__work_files_key" on raw."ioffice__work_files" ("file_code");
create index "ioffice__work_files_load" on raw."ioffice__work_files" (load_seq);
create trigger refuse_change before update or delete on raw."ioffice__work_files" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."ioffice__work_files" for each statement execute function raw.refuse_change();
grant select, insert on raw."ioffice__work_files" to egov_loader;
grant select on raw."ioffice__work_files" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "file_code", "agency_code", "medium", "opened_date", "closed_date", "archive_due_date", "archived_date", "updated_at") on raw."ioffice__work_files" to egov_auditor;

create table quarantine."ioffice__work_files" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "file_code" text,
    "agency_code" text,
    "medium" text,
    "opened_date" text,
    "closed_date" text,
    "archive_due_date" text,
    "archived_date" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."ioffice__work_files" is 'Refused rows: Hồ sơ công việc (hệ thống quản lý văn bản và điều hành) / Work files of units, opened, closed and handed to the archive. One row per work file and version.';
create index "ioffice__work_files_load" on quarantine."ioffice__work_files" (load_seq);
create trigger refuse_delete before delete on quarantine."ioffice__work_files" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."ioffice__work_files" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."ioffice__work_files" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."ioffice__work_files" to egov_loader;
grant select, update (state) on quarantine."ioffice__work_files" to egov_custodian;
grant select on quarantine."ioffice__work_files" to egov_auditor;

alter table quarantine."ioffice__work_files"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "ioffice__work_files_key" on quarantine."ioffice__work_files" (key_digest) where state = 'open';
create index "ioffice__work_files_closed" on quarantine."ioffice__work_files" (closed_event_no);
create trigger closed_by_event after update on quarantine."ioffice__work_files" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."ioffice__work_files" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."ioffice__work_files" from egov_custodian;
revoke select on quarantine."ioffice__work_files" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "file_code", "agency_code", "medium", "opened_date", "closed_date", "archive_due_date", "archived_date", "updated_at") on quarantine."ioffice__work_files" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('ioffice.work_files', 'delta', '{file_code}', '{}', 'agency_code', 'opened_date', 'yyyy-MM-dd', '{opened_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Titles and keepers of files never got as far as raw.

create table blue.fct_work_file (
    file_code text not null,
    agency_code text not null,
    opened_date date not null,
    business_month date not null,
    medium text not null,
    closed_date date,
    archive_due_date date,
    archive_due_month date,
    archived_date date,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, file_code)
) partition by range (business_month);

create index fct_work_file_key_idx on blue.fct_work_file (file_code);
-- A night asks for what fell due in one month, whenever it was opened.
create index fct_work_file_due_idx on blue.fct_work_file (archive_due_month) where archive_due_month is not null;

select publish.add_to_green('fct_work_file');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (file_code, agency_code, opened_date, business_month, medium, closed_date, archive_due_date, '
            'archive_due_month, archived_date, load_seq, file_digest, row_no) on %I.fct_work_file to egov_auditor',
            colour
        );
    end loop;
end
$$;
