-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- portal.fees
create table raw."portal__fees" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "procedure_code" text,
    "competent_level" text,
    "has_fee" boolean,
    "synced_date" date,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."portal__fees" is 'Phí, lệ phí của thủ tục và thanh toán trực tuyến / Procedures of each unit: whether they have a fee, and since when it can be paid online; full snapshot. One row per unit, procedure in force and snapshot date.';
comment on column raw."portal__fees"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."portal__fees"."procedure_code" is 'Mã TTHC / Procedure code';
comment on column raw."portal__fees"."competent_level" is 'Cấp thẩm quyền / Level with competence: province, district or commune';
comment on column raw."portal__fees"."has_fee" is 'Có phí, lệ phí / Whether the procedure has a fee or a charge';
comment on column raw."portal__fees"."synced_date" is 'Ngày đồng bộ phí / Date since which the national payment platform knows the fee, so that it can be paid online; empty while it does not';
comment on column raw."portal__fees"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."portal__fees"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "portal__fees_key" on raw."portal__fees" ("agency_code", "procedure_code", "snapshot_date");
create index "portal__fees_load" on raw."portal__fees" (load_seq);
create trigger refuse_change before update or delete on raw."portal__fees" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."portal__fees" for each statement execute function raw.refuse_change();
grant select, insert on raw."portal__fees" to egov_loader;
grant select on raw."portal__fees" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "procedure_code", "competent_level", "has_fee", "synced_date", "snapshot_date", "exported_at") on raw."portal__fees" to egov_auditor;

create table quarantine."portal__fees" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "procedure_code" text,
    "competent_level" text,
    "has_fee" text,
    "synced_date" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."portal__fees" is 'Refused rows: Phí, lệ phí của thủ tục và thanh toán trực tuyến / Procedures of each unit: whether they have a fee, and since when it can be paid online; full snapshot. One row per unit, procedure in force and snapshot date.';
create index "portal__fees_load" on quarantine."portal__fees" (load_seq);
create trigger refuse_delete before delete on quarantine."portal__fees" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."portal__fees" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."portal__fees" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."portal__fees" to egov_loader;
grant select, update (state) on quarantine."portal__fees" to egov_custodian;
grant select on quarantine."portal__fees" to egov_auditor;

alter table quarantine."portal__fees"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "portal__fees_key" on quarantine."portal__fees" (key_digest) where state = 'open';
create index "portal__fees_closed" on quarantine."portal__fees" (closed_event_no);
create trigger closed_by_event after update on quarantine."portal__fees" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."portal__fees" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."portal__fees" from egov_custodian;
revoke select on quarantine."portal__fees" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "procedure_code", "competent_level", "has_fee", "synced_date", "snapshot_date", "exported_at") on quarantine."portal__fees" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('portal.fees', 'snapshot', '{agency_code,procedure_code,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'yyyy-MM-dd', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Fees of procedures as each unit lists them, and whether the national payment platform knows them.

create table blue.fct_procedure_fee (
    snapshot_date date not null,
    source_agency_code text not null,
    procedure_code text not null,
    business_month date not null,
    agency_code text not null,
    competent_level text not null,
    has_fee boolean not null,
    synced_date date,
    is_payable boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, source_agency_code, procedure_code)
) partition by range (business_month);

select publish.add_to_green('fct_procedure_fee');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, source_agency_code, procedure_code, business_month, agency_code,'
            ' competent_level, has_fee, synced_date, is_payable, load_seq, file_digest, row_no) on %I.fct_procedure_fee'
            ' to egov_auditor', colour
        );
    end loop;
end
$$;
