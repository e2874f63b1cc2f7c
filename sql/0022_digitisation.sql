-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.components
create table raw."one_stop__components" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "component_no" text,
    "agency_code" text,
    "is_digitised" boolean,
    "is_reused" boolean,
    "submitted_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__components" is 'Thành phần hồ sơ: số hóa và khai thác lại từ kho dữ liệu / Documents that a dossier consists of: digitised, taken from the store. One row per dossier, document in it and version.';
comment on column raw."one_stop__components"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__components"."component_no" is 'Số thứ tự thành phần / Number of the document within its dossier';
comment on column raw."one_stop__components"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__components"."is_digitised" is 'Có tệp số hóa / Whether a digitised file is attached';
comment on column raw."one_stop__components"."is_reused" is 'Khai thác từ kho / Whether the document was taken from the store of digitised data instead of being handed in';
comment on column raw."one_stop__components"."submitted_at" is 'Ngày nhận giấy tờ / Time at which the document was received';
comment on column raw."one_stop__components"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__components_key" on raw."one_stop__components" ("dossier_hash", "component_no");
create index "one_stop__components_load" on raw."one_stop__components" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__components" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__components" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__components" to egov_loader;
grant select on raw."one_stop__components" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "component_no", "agency_code", "is_digitised", "is_reused", "submitted_at", "updated_at") on raw."one_stop__components" to egov_auditor;

create table quarantine."one_stop__components" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "component_no" text,
    "agency_code" text,
    "is_digitised" text,
    "is_reused" text,
    "submitted_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__components" is 'Refused rows: Thành phần hồ sơ: số hóa và khai thác lại từ kho dữ liệu / Documents that a dossier consists of: digitised, taken from the store. One row per dossier, document in it and version.';
create index "one_stop__components_load" on quarantine."one_stop__components" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__components" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__components" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__components" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__components" to egov_loader;
grant select, update (state) on quarantine."one_stop__components" to egov_custodian;
grant select on quarantine."one_stop__components" to egov_auditor;

alter table quarantine."one_stop__components"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__components_key" on quarantine."one_stop__components" (key_digest) where state = 'open';
create index "one_stop__components_closed" on quarantine."one_stop__components" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__components" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__components" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__components" from egov_custodian;
revoke select on quarantine."one_stop__components" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "component_no", "agency_code", "is_digitised", "is_reused", "submitted_at", "updated_at") on quarantine."one_stop__components" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.components', 'delta', '{dossier_hash,component_no}', '{}', 'agency_code', 'submitted_at', 'dd/MM/yyyy', '{submitted_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.results
create table raw."one_stop__results" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "result_no" text,
    "agency_code" text,
    "is_written" boolean,
    "is_attached" boolean,
    "signed_at" timestamptz,
    "issued_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__results" is 'Kết quả giải quyết hồ sơ: bản điện tử, chữ ký số, bản số hóa / Results of dossiers: electronic file, signature, digitised copy. One row per dossier, result and version.';
comment on column raw."one_stop__results"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__results"."result_no" is 'Số thứ tự kết quả / Number of the result within its dossier';
comment on column raw."one_stop__results"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__results"."is_written" is 'Kết quả bằng văn bản / Whether the procedure ends in a written result';
comment on column raw."one_stop__results"."is_attached" is 'Có tệp kết quả / Whether the file of the result is attached, issued electronically or digitised';
comment on column raw."one_stop__results"."signed_at" is 'Ngày ký số / Time of the digital signature under the electronic result';
comment on column raw."one_stop__results"."issued_at" is 'Ngày cấp kết quả / Time at which the result was issued';
comment on column raw."one_stop__results"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__results_key" on raw."one_stop__results" ("dossier_hash", "result_no");
create index "one_stop__results_load" on raw."one_stop__results" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__results" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__results" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__results" to egov_loader;
grant select on raw."one_stop__results" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "result_no", "agency_code", "is_written", "is_attached", "signed_at", "issued_at", "updated_at") on raw."one_stop__results" to egov_auditor;

create table quarantine."one_stop__results" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "result_no" text,
    "agency_code" text,
    "is_written" text,
    "is_attached" text,
    "signed_at" text,
    "issued_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__results" is 'Refused rows: Kết quả giải quyết hồ sơ: bản điện tử, chữ ký số, bản số hóa / Results of dossiers: electronic file, signature, digitised copy. One row per dossier, result and version.';
create index "one_stop__results_load" on quarantine."one_stop__results" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__results" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__results" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__results" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__results" to egov_loader;
grant select, update (state) on quarantine."one_stop__results" to egov_custodian;
grant select on quarantine."one_stop__results" to egov_auditor;

alter table quarantine."one_stop__results"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__results_key" on quarantine."one_stop__results" (key_digest) where state = 'open';
create index "one_stop__results_closed" on quarantine."one_stop__results" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__results" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__results" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__results" from egov_custodian;
revoke select on quarantine."one_stop__results" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "result_no", "agency_code", "is_written", "is_attached", "signed_at", "issued_at", "updated_at") on quarantine."one_stop__results" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.results', 'delta', '{dossier_hash,result_no}', '{}', 'agency_code', 'issued_at', 'dd/MM/yyyy', '{issued_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Documents and results, and what they come to for each dossier.

create table blue.fct_dossier_component (
    dossier_hash text not null,
    component_no text not null,
    agency_code text not null,
    is_digitised boolean not null,
    is_reused boolean not null,
    submitted_date date not null,
    business_month date not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, component_no)
) partition by range (business_month);

create table blue.fct_dossier_result (
    dossier_hash text not null,
    result_no text not null,
    agency_code text not null,
    is_written boolean not null,
    is_attached boolean not null,
    is_electronic boolean not null,
    issued_date date not null,
    business_month date not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, result_no)
) partition by range (business_month);

create index fct_dossier_component_key_idx on blue.fct_dossier_component (dossier_hash);
create index fct_dossier_result_key_idx on blue.fct_dossier_result (dossier_hash);

select publish.add_to_green('fct_dossier_component');
select publish.add_to_green('fct_dossier_result');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'alter table %I.fct_dossier add column is_component_digitised boolean, add column '
            'is_component_reused boolean, add column is_result_written boolean, add column '
            'is_result_attached boolean, add column is_result_electronic boolean', colour
        );
        execute format(
            'grant select (is_component_digitised, is_component_reused, is_result_written, '
            'is_result_attached, is_result_electronic) on %I.fct_dossier to egov_auditor', colour
        );
        execute format(
            'grant select (load_seq, file_digest, row_no, component_no, agency_code, is_digitised, '
            'is_reused, submitted_date, business_month) on %I.fct_dossier_component to egov_auditor', colour
        );
        execute format(
            'grant select (load_seq, file_digest, row_no, result_no, agency_code, is_written, '
            'is_attached, is_electronic, issued_date, business_month) on %I.fct_dossier_result to '
            'egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('digitisation', 'Chỉ tiêu số hóa hồ sơ, kết quả điện tử / Digitisation, re-use, electronic results');
