-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- forms.one_stop_units
create table raw."forms__one_stop_units" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "reporting_agency_code" text,
    "agency_code" text,
    "is_consolidated" boolean,
    "decision_number" text,
    "decision_date" date,
    "official_count" integer,
    "account_count" integer,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."forms__one_stop_units" is 'Biểu tổng hợp bộ phận một cửa: kiện toàn, cán bộ được phân công và tài khoản trên phần mềm một cửa / One-stop units: consolidated or not, officials assigned and their accounts in the one-stop software, as workbooks. One row per one-stop unit and date, as told by the unit that compiles the form.';
comment on column raw."forms__one_stop_units"."reporting_agency_code" is 'Mã đơn vị tổng hợp / Unit that compiles the form for itself and the units below it';
comment on column raw."forms__one_stop_units"."agency_code" is 'Mã đơn vị / Unit whose one-stop unit it is, as the source writes it; mapped by the agency seed';
comment on column raw."forms__one_stop_units"."is_consolidated" is 'Đã kiện toàn / Whether the one-stop unit has been consolidated by a decision';
comment on column raw."forms__one_stop_units"."decision_number" is 'Số quyết định kiện toàn / Number of that decision; empty until there is one';
comment on column raw."forms__one_stop_units"."decision_date" is 'Ngày quyết định kiện toàn / Date of that decision; empty until there is one';
comment on column raw."forms__one_stop_units"."official_count" is 'Số cán bộ được phân công / Officials assigned to the one-stop unit';
comment on column raw."forms__one_stop_units"."account_count" is 'Số cán bộ có tài khoản / Of these the officials with an account in the one-stop software';
comment on column raw."forms__one_stop_units"."snapshot_date" is 'Ngày chốt số liệu / Date up to which the form tells';
comment on column raw."forms__one_stop_units"."exported_at" is 'Thời điểm gửi / Time at which the workbook was sent: the version of the form';
create index "forms__one_stop_units_key" on raw."forms__one_stop_units" ("reporting_agency_code", "agency_code", "snapshot_date");
create index "forms__one_stop_units_load" on raw."forms__one_stop_units" (load_seq);
create trigger refuse_change before update or delete on raw."forms__one_stop_units" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__one_stop_units" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__one_stop_units" to egov_loader;
grant select on raw."forms__one_stop_units" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "reporting_agency_code", "agency_code", "is_consolidated", "decision_number", "decision_date", "official_count", "account_count", "snapshot_date", "exported_at") on raw."forms__one_stop_units" to egov_auditor;

create table quarantine."forms__one_stop_units" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "reporting_agency_code" text,
    "agency_code" text,
    "is_consolidated" text,
    "decision_number" text,
    "decision_date" text,
    "official_count" text,
    "account_count" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__one_stop_units" is 'Refused rows: Biểu tổng hợp bộ phận một cửa: kiện toàn, cán bộ được phân công và tài khoản trên phần mềm một cửa / One-stop units: consolidated or not, officials assigned and their accounts in the one-stop software, as workbooks. One row per one-stop unit and date, as told by the unit that compiles the form.';
create index "forms__one_stop_units_load" on quarantine."forms__one_stop_units" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__one_stop_units" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__one_stop_units" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__one_stop_units" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__one_stop_units" to egov_loader;
grant select, update (state) on quarantine."forms__one_stop_units" to egov_custodian;
grant select on quarantine."forms__one_stop_units" to egov_auditor;

alter table quarantine."forms__one_stop_units"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__one_stop_units_key" on quarantine."forms__one_stop_units" (key_digest) where state = 'open';
create index "forms__one_stop_units_closed" on quarantine."forms__one_stop_units" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__one_stop_units" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__one_stop_units" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__one_stop_units" from egov_custodian;
revoke select on quarantine."forms__one_stop_units" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "reporting_agency_code", "agency_code", "is_consolidated", "decision_number", "decision_date", "official_count", "account_count", "snapshot_date", "exported_at") on quarantine."forms__one_stop_units" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('forms.one_stop_units', 'snapshot', '{reporting_agency_code,agency_code,snapshot_date}', '{reporting_agency_code}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Who answers for a form never got as far as raw.

create table blue.fct_one_stop_unit (
    snapshot_date date not null,
    agency_code text not null,
    business_month date not null,
    reporting_agency_code text not null,
    is_consolidated boolean not null,
    decision_number text,
    decision_date date,
    official_count int not null,
    account_count int not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, agency_code)
) partition by range (business_month);

select publish.add_to_green('fct_one_stop_unit');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, agency_code, business_month, reporting_agency_code, is_consolidated, '
            'decision_number, decision_date, official_count, account_count, load_seq, file_digest, row_no) '
            'on %I.fct_one_stop_unit to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('one_stop', 'Chỉ tiêu bộ phận một cửa / One-stop units');
