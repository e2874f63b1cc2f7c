-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- ioffice.tasks
create table raw."ioffice__tasks" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "task_id" text,
    "agency_code" text,
    "task_kind" text,
    "is_in_par_plan" boolean,
    "assigned_date" date,
    "due_date" date,
    "extended_date" date,
    "extended_due_date" date,
    "done_date" date,
    "task_status" text,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."ioffice__tasks" is 'Nhiệm vụ giao (hệ thống quản lý văn bản và điều hành) / Tasks assigned to units in the document-management system. One row per assigned task and version.';
comment on column raw."ioffice__tasks"."task_id" is 'Mã nhiệm vụ / Identifier of the task in the source';
comment on column raw."ioffice__tasks"."agency_code" is 'Mã đơn vị thực hiện / Unit that has to do the task';
comment on column raw."ioffice__tasks"."task_kind" is 'Loại nhiệm vụ / general (goes on all year) or specific (a product by a day)';
comment on column raw."ioffice__tasks"."is_in_par_plan" is 'Thuộc kế hoạch CCHC / Stands in the unit''s plan of administrative reform of the year';
comment on column raw."ioffice__tasks"."assigned_date" is 'Ngày giao / Date on which the task was assigned';
comment on column raw."ioffice__tasks"."due_date" is 'Hạn hoàn thành / Date by which the task was to be done when it was assigned; empty for a task without one';
comment on column raw."ioffice__tasks"."extended_date" is 'Ngày gia hạn / Date on which more time was granted';
comment on column raw."ioffice__tasks"."extended_due_date" is 'Hạn sau gia hạn / Date by which the task is to be done since then';
comment on column raw."ioffice__tasks"."done_date" is 'Ngày hoàn thành / Date on which the task was done';
comment on column raw."ioffice__tasks"."task_status" is 'Trạng thái / in_progress, done or cancelled';
comment on column raw."ioffice__tasks"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "ioffice__tasks_key" on raw."ioffice__tasks" ("task_id");
create index "ioffice__tasks_load" on raw."ioffice__tasks" (load_seq);
create trigger refuse_change before update or delete on raw."ioffice__tasks" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."ioffice__tasks" for each statement execute function raw.refuse_change();
grant select, insert on raw."ioffice__tasks" to egov_loader;
grant select on raw."ioffice__tasks" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "task_id", "agency_code", "task_kind", "is_in_par_plan", "assigned_date", "due_date", "extended_date", "extended_due_date", "done_date", "task_status", "updated_at") on raw."ioffice__tasks" to egov_auditor;

create table quarantine."ioffice__tasks" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "task_id" text,
    "agency_code" text,
    "task_kind" text,
    "is_in_par_plan" text,
    "assigned_date" text,
    "due_date" text,
    "extended_date" text,
    "extended_due_date" text,
    "done_date" text,
    "task_status" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."ioffice__tasks" is 'Refused rows: Nhiệm vụ giao (hệ thống quản lý văn bản và điều hành) / Tasks assigned to units in the document-management system. One row per assigned task and version.';
create index "ioffice__tasks_load" on quarantine."ioffice__tasks" (load_seq);
create trigger refuse_delete before delete on quarantine."ioffice__tasks" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."ioffice__tasks" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."ioffice__tasks" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."ioffice__tasks" to egov_loader;
grant select, update (state) on quarantine."ioffice__tasks" to egov_custodian;
grant select on quarantine."ioffice__tasks" to egov_auditor;

alter table quarantine."ioffice__tasks"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "ioffice__tasks_key" on quarantine."ioffice__tasks" (key_digest) where state = 'open';
create index "ioffice__tasks_closed" on quarantine."ioffice__tasks" (closed_event_no);
create trigger closed_by_event after update on quarantine."ioffice__tasks" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."ioffice__tasks" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."ioffice__tasks" from egov_custodian;
revoke select on quarantine."ioffice__tasks" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "task_id", "agency_code", "task_kind", "is_in_par_plan", "assigned_date", "due_date", "extended_date", "extended_due_date", "done_date", "task_status", "updated_at") on quarantine."ioffice__tasks" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('ioffice.tasks', 'delta', '{task_id}', '{}', 'agency_code', 'assigned_date', 'yyyy-MM-dd', '{assigned_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. A task is due on its last date: that of an extension, when it was granted before the first had passed.

create table blue.fct_task (
    task_id text not null,
    agency_code text not null,
    assigned_date date not null,
    business_month date not null,
    due_date date,
    due_month date,
    done_date date,
    task_kind text not null,
    is_in_par_plan boolean not null,
    task_status text not null,
    is_counted boolean not null,
    is_extended boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, task_id)
) partition by range (business_month);

create index fct_task_key_idx on blue.fct_task (task_id);
-- A night asks for what was due in one month, whenever it was assigned.
create index fct_task_due_idx on blue.fct_task (due_month) where due_month is not null;

select publish.add_to_green('fct_task');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (task_id, agency_code, assigned_date, business_month, due_date, due_month, done_date, '
            'task_kind, is_in_par_plan, task_status, is_counted, is_extended, load_seq, file_digest, row_no) '
            'on %I.fct_task to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('task', 'Chỉ tiêu nhiệm vụ được giao / Assigned tasks');
