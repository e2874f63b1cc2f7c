-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- communication.activities
create table raw."communication__activities" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "activity_code" text,
    "agency_code" text,
    "activity_kind" text,
    "has_par_content" boolean,
    "held_date" date,
    "attendee_count" integer,
    "activity_status" text,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."communication__activities" is 'Hoạt động thông tin, tuyên truyền, tập huấn của đơn vị / News items on the portal, propaganda meetings and training sessions of units. One row per activity and version.';
comment on column raw."communication__activities"."activity_code" is 'Mã hoạt động / Identifier of the activity in the source';
comment on column raw."communication__activities"."agency_code" is 'Mã đơn vị / Unit that published the item or held the meeting or the session';
comment on column raw."communication__activities"."activity_kind" is 'Loại hoạt động / news_item (on the unit''s portal page), meeting (at which something was made known) or training';
comment on column raw."communication__activities"."has_par_content" is 'Có nội dung CCHC / Administrative reform is among its contents';
comment on column raw."communication__activities"."held_date" is 'Ngày thực hiện / Day on which it was published or held';
comment on column raw."communication__activities"."attendee_count" is 'Số người tham dự / People at the meeting or the session; empty for a news item';
comment on column raw."communication__activities"."activity_status" is 'Trạng thái / held (published) or cancelled (not held, taken off the page)';
comment on column raw."communication__activities"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "communication__activities_key" on raw."communication__activities" ("activity_code");
create index "communication__activities_load" on raw."communication__activities" (load_seq);
create trigger refuse_change before update or delete on raw."communication__activities" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."communication__activities" for each statement execute function raw.refuse_change();
grant select, insert on raw."communication__activities" to egov_loader;
grant select on raw."communication__activities" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "activity_code", "agency_code", "activity_kind", "has_par_content", "held_date", "attendee_count", "activity_status", "updated_at") on raw."communication__activities" to egov_auditor;

create table quarantine."communication__activities" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "activity_code" text,
    "agency_code" text,
    "activity_kind" text,
    "has_par_content" text,
    "held_date" text,
    "attendee_count" text,
    "activity_status" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."communication__activities" is 'Refused rows: Hoạt động thông tin, tuyên truyền, tập huấn của đơn vị / News items on the portal, propaganda meetings and training sessions of units. One row per activity and version.';
create index "communication__activities_load" on quarantine."communication__activities" (load_seq);
create trigger refuse_delete before delete on quarantine."communication__activities" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."communication__activities" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."communication__activities" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."communication__activities" to egov_loader;
grant select, update (state) on quarantine."communication__activities" to egov_custodian;
grant select on quarantine."communication__activities" to egov_auditor;

alter table quarantine."communication__activities"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "communication__activities_key" on quarantine."communication__activities" (key_digest) where state = 'open';
create index "communication__activities_closed" on quarantine."communication__activities" (closed_event_no);
create trigger closed_by_event after update on quarantine."communication__activities" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."communication__activities" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."communication__activities" from egov_custodian;
revoke select on quarantine."communication__activities" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "activity_code", "agency_code", "activity_kind", "has_par_content", "held_date", "attendee_count", "activity_status", "updated_at") on quarantine."communication__activities" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('communication.activities', 'delta', '{activity_code}', '{}', 'agency_code', 'held_date', 'yyyy-MM-dd', '{held_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Titles, speakers and who came never got as far as raw.

create table blue.fct_activity (
    activity_code text not null,
    agency_code text not null,
    held_date date not null,
    business_month date not null,
    activity_kind text not null,
    has_par_content boolean not null,
    attendee_count integer,
    is_held boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, activity_code)
) partition by range (business_month);

create index fct_activity_key_idx on blue.fct_activity (activity_code);

select publish.add_to_green('fct_activity');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (activity_code, agency_code, held_date, business_month, activity_kind, has_par_content, '
            'attendee_count, is_held, load_seq, file_digest, row_no) on %I.fct_activity to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('communication', 'Chỉ tiêu thông tin, tuyên truyền / Communication and training');
