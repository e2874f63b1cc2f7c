-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- forms.vertical_settlement
create table raw."forms__vertical_settlement" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "period_start" date,
    "field_name" text,
    "received_count" integer,
    "settled_count" integer,
    "on_time_count" integer,
    "late_count" integer,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."forms__vertical_settlement" is 'Biểu tổng hợp kết quả giải quyết hồ sơ của cơ quan ngành dọc / Dossiers that vertical agencies settled, as a monthly form: their dossiers are in systems of their ministries. One row per vertical agency, month and field, in every version.';
comment on column raw."forms__vertical_settlement"."agency_code" is 'Mã đơn vị / Code of the vertical agency, as the form writes it; mapped by the agency seed';
comment on column raw."forms__vertical_settlement"."period_start" is 'Từ ngày / First day of the month that the row is about';
comment on column raw."forms__vertical_settlement"."field_name" is 'Lĩnh vực / Field of the procedures, as the agency''s ministry names it';
comment on column raw."forms__vertical_settlement"."received_count" is 'Số hồ sơ tiếp nhận / Dossiers received in the month';
comment on column raw."forms__vertical_settlement"."settled_count" is 'Số hồ sơ đã giải quyết / Dossiers settled in the month, whenever they were received';
comment on column raw."forms__vertical_settlement"."on_time_count" is 'Trước và đúng hạn / Of the settled those not later than promised';
comment on column raw."forms__vertical_settlement"."late_count" is 'Quá hạn / Of the settled those later than promised';
comment on column raw."forms__vertical_settlement"."updated_at" is 'Thời điểm gửi / Time at which the form was sent: the version of the row';
create index "forms__vertical_settlement_key" on raw."forms__vertical_settlement" ("agency_code", "period_start", "field_name");
create index "forms__vertical_settlement_load" on raw."forms__vertical_settlement" (load_seq);
create trigger refuse_change before update or delete on raw."forms__vertical_settlement" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__vertical_settlement" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__vertical_settlement" to egov_loader;
grant select on raw."forms__vertical_settlement" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "period_start", "field_name", "received_count", "settled_count", "on_time_count", "late_count", "updated_at") on raw."forms__vertical_settlement" to egov_auditor;

create table quarantine."forms__vertical_settlement" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "period_start" text,
    "field_name" text,
    "received_count" text,
    "settled_count" text,
    "on_time_count" text,
    "late_count" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__vertical_settlement" is 'Refused rows: Biểu tổng hợp kết quả giải quyết hồ sơ của cơ quan ngành dọc / Dossiers that vertical agencies settled, as a monthly form: their dossiers are in systems of their ministries. One row per vertical agency, month and field, in every version.';
create index "forms__vertical_settlement_load" on quarantine."forms__vertical_settlement" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__vertical_settlement" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__vertical_settlement" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__vertical_settlement" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__vertical_settlement" to egov_loader;
grant select, update (state) on quarantine."forms__vertical_settlement" to egov_custodian;
grant select on quarantine."forms__vertical_settlement" to egov_auditor;

alter table quarantine."forms__vertical_settlement"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__vertical_settlement_key" on quarantine."forms__vertical_settlement" (key_digest) where state = 'open';
create index "forms__vertical_settlement_closed" on quarantine."forms__vertical_settlement" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__vertical_settlement" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__vertical_settlement" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__vertical_settlement" from egov_custodian;
revoke select on quarantine."forms__vertical_settlement" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "period_start", "field_name", "received_count", "settled_count", "on_time_count", "late_count", "updated_at") on quarantine."forms__vertical_settlement" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('forms.vertical_settlement', 'delta', '{agency_code,period_start,field_name}', '{}', 'agency_code', 'period_start', 'dd/MM/yyyy', '{period_start}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact: counts as the forms tell them. Dossiers of vertical agencies are in no other fact, and in no province's total.

create table blue.fct_vertical_settlement (
    source_agency_code text not null,
    period_start date not null,
    field_name text not null,
    business_month date not null,
    form_code text not null,
    agency_code text not null,
    received_count integer not null,
    settled_count integer not null,
    on_time_count integer not null,
    late_count integer not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, source_agency_code, period_start, field_name)
) partition by range (business_month);

select publish.add_to_green('fct_vertical_settlement');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (source_agency_code, period_start, field_name, business_month, agency_code, received_count, '
            'settled_count, on_time_count, late_count, load_seq, file_digest, row_no) '
            'on %I.fct_vertical_settlement to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_to_marts(
    'vertical_settlement', 'fct_vertical_settlement',
    't.agency_code, t.period_start, t.field_name, t.received_count, t.settled_count, t.on_time_count, t.late_count',
    'Kết quả giải quyết hồ sơ của cơ quan ngành dọc, ngoài tổng của tỉnh / '
    'Dossiers that vertical agencies settled, outside the total of the province'
);
