-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- forms.periodic_reports
create table raw."forms__periodic_reports" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "receiving_agency_code" text,
    "agency_code" text,
    "report_code" text,
    "report_name" text,
    "reporting_period" text,
    "due_date" date,
    "sent_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."forms__periodic_reports" is 'Sổ theo dõi báo cáo định kỳ: hạn gửi và thời điểm gửi / Periodic reports due and sent, as registers of the units that receive them. One row per report that a unit owes for a period, and version.';
comment on column raw."forms__periodic_reports"."receiving_agency_code" is 'Mã đơn vị nhận báo cáo / Unit that the report is owed to and that keeps the register';
comment on column raw."forms__periodic_reports"."agency_code" is 'Mã đơn vị báo cáo / Unit that owes the report, as the source writes it; mapped by the agency seed';
comment on column raw."forms__periodic_reports"."report_code" is 'Mã báo cáo / Code of the kind of report';
comment on column raw."forms__periodic_reports"."report_name" is 'Tên báo cáo / Name of the kind of report';
comment on column raw."forms__periodic_reports"."reporting_period" is 'Kỳ báo cáo / Month, quarter, half-year or year that the report is about: 2023-02, 2023-Q1, 2023-H1, 2023';
comment on column raw."forms__periodic_reports"."due_date" is 'Hạn gửi / Last day on which the report is in time; a register lists what has fallen due';
comment on column raw."forms__periodic_reports"."sent_at" is 'Thời điểm gửi báo cáo / Time at which the report came; empty until then';
comment on column raw."forms__periodic_reports"."updated_at" is 'Thời điểm cập nhật sổ / Time at which the register was drawn up: the version of the row';
create index "forms__periodic_reports_key" on raw."forms__periodic_reports" ("agency_code", "report_code", "reporting_period");
create index "forms__periodic_reports_load" on raw."forms__periodic_reports" (load_seq);
create trigger refuse_change before update or delete on raw."forms__periodic_reports" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__periodic_reports" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__periodic_reports" to egov_loader;
grant select on raw."forms__periodic_reports" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "receiving_agency_code", "agency_code", "report_code", "report_name", "reporting_period", "due_date", "sent_at", "updated_at") on raw."forms__periodic_reports" to egov_auditor;

create table quarantine."forms__periodic_reports" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "receiving_agency_code" text,
    "agency_code" text,
    "report_code" text,
    "report_name" text,
    "reporting_period" text,
    "due_date" text,
    "sent_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__periodic_reports" is 'Refused rows: Sổ theo dõi báo cáo định kỳ: hạn gửi và thời điểm gửi / Periodic reports due and sent, as registers of the units that receive them. One row per report that a unit owes for a period, and version.';
create index "forms__periodic_reports_load" on quarantine."forms__periodic_reports" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__periodic_reports" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__periodic_reports" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__periodic_reports" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__periodic_reports" to egov_loader;
grant select, update (state) on quarantine."forms__periodic_reports" to egov_custodian;
grant select on quarantine."forms__periodic_reports" to egov_auditor;

alter table quarantine."forms__periodic_reports"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__periodic_reports_key" on quarantine."forms__periodic_reports" (key_digest) where state = 'open';
create index "forms__periodic_reports_closed" on quarantine."forms__periodic_reports" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__periodic_reports" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__periodic_reports" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__periodic_reports" from egov_custodian;
revoke select on quarantine."forms__periodic_reports" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "receiving_agency_code", "agency_code", "report_code", "report_name", "reporting_period", "due_date", "sent_at", "updated_at") on quarantine."forms__periodic_reports" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('forms.periodic_reports', 'delta', '{agency_code,report_code,reporting_period}', '{}', 'agency_code', 'due_date', 'dd/MM/yyyy', '{due_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Who sent a report never got as far as raw.

create table blue.fct_periodic_report (
    source_agency_code text not null,
    report_code text not null,
    reporting_period text not null,
    business_month date not null,
    report_key text not null,
    agency_code text not null,
    due_date date not null,
    sent_at timestamptz,
    is_on_time boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, source_agency_code, report_code, reporting_period)
) partition by range (business_month);

create index fct_periodic_report_key_idx on blue.fct_periodic_report (
    source_agency_code, report_code, reporting_period
);

select publish.add_to_green('fct_periodic_report');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (source_agency_code, report_code, reporting_period, business_month, report_key, agency_code, '
            'due_date, sent_at, is_on_time, load_seq, file_digest, row_no) '
            'on %I.fct_periodic_report to egov_auditor', colour
        );
    end loop;
end
$$;
