-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.data_uses
create table raw."one_stop__data_uses" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "agency_code" text,
    "is_population_used" boolean,
    "is_taken_from_store" boolean,
    "is_result_stored" boolean,
    "certified_copy" text,
    "recorded_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__data_uses" is 'Khai thác dữ liệu khi giải quyết hồ sơ: dân cư, kho cá nhân, bản sao chứng thực / What a dossier took from shared data instead of from the citizen: population data, the personal store, certified copies. One row per dossier and version.';
comment on column raw."one_stop__data_uses"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__data_uses"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__data_uses"."is_population_used" is 'Khai thác dữ liệu dân cư / Whether the citizen was known by the population database: an account verified by VNeID, or a look-up';
comment on column raw."one_stop__data_uses"."is_taken_from_store" is 'Lấy từ kho cá nhân / Whether a document was taken from the citizen''s electronic store';
comment on column raw."one_stop__data_uses"."is_result_stored" is 'Đưa kết quả vào kho cá nhân / Whether the result was put into the citizen''s electronic store';
comment on column raw."one_stop__data_uses"."certified_copy" is 'Chứng thực bản sao / none (no copy was to be certified), paper or electronic';
comment on column raw."one_stop__data_uses"."recorded_at" is 'Ngày ghi nhận / Time at which the system began to keep this of the dossier';
comment on column raw."one_stop__data_uses"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__data_uses_key" on raw."one_stop__data_uses" ("dossier_hash");
create index "one_stop__data_uses_load" on raw."one_stop__data_uses" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__data_uses" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__data_uses" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__data_uses" to egov_loader;
grant select on raw."one_stop__data_uses" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "is_population_used", "is_taken_from_store", "is_result_stored", "certified_copy", "recorded_at", "updated_at") on raw."one_stop__data_uses" to egov_auditor;

create table quarantine."one_stop__data_uses" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "is_population_used" text,
    "is_taken_from_store" text,
    "is_result_stored" text,
    "certified_copy" text,
    "recorded_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__data_uses" is 'Refused rows: Khai thác dữ liệu khi giải quyết hồ sơ: dân cư, kho cá nhân, bản sao chứng thực / What a dossier took from shared data instead of from the citizen: population data, the personal store, certified copies. One row per dossier and version.';
create index "one_stop__data_uses_load" on quarantine."one_stop__data_uses" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__data_uses" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__data_uses" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__data_uses" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__data_uses" to egov_loader;
grant select, update (state) on quarantine."one_stop__data_uses" to egov_custodian;
grant select on quarantine."one_stop__data_uses" to egov_auditor;

alter table quarantine."one_stop__data_uses"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__data_uses_key" on quarantine."one_stop__data_uses" (key_digest) where state = 'open';
create index "one_stop__data_uses_closed" on quarantine."one_stop__data_uses" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__data_uses" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__data_uses" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__data_uses" from egov_custodian;
revoke select on quarantine."one_stop__data_uses" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "is_population_used", "is_taken_from_store", "is_result_stored", "certified_copy", "recorded_at", "updated_at") on quarantine."one_stop__data_uses" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.data_uses', 'delta', '{dossier_hash}', '{}', 'agency_code', 'recorded_at', 'dd/MM/yyyy', '{recorded_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- What a dossier took from shared data, and what that comes to for it.

create table blue.fct_data_use (
    dossier_hash text not null,
    agency_code text not null,
    is_population_used boolean not null,
    is_personal_store boolean not null,
    is_copy_certified boolean not null,
    is_copy_electronic boolean not null,
    recorded_date date not null,
    business_month date not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash)
) partition by range (business_month);

create index fct_data_use_key_idx on blue.fct_data_use (dossier_hash);

select publish.add_to_green('fct_data_use');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'alter table %I.fct_dossier add column is_population_used boolean, add column is_personal_store boolean,'
            ' add column is_copy_certified boolean, add column is_copy_electronic boolean', colour
        );
        execute format(
            -- whether a citizen asked is what a figure about procedures of citizens is traced by
            'grant select (applicant_type, is_population_used, is_personal_store, is_copy_certified,'
            ' is_copy_electronic) on %I.fct_dossier to egov_auditor', colour
        );
        execute format(
            'grant select (load_seq, file_digest, row_no, agency_code, is_population_used, is_personal_store,'
            ' is_copy_certified, is_copy_electronic, recorded_date, business_month) on %I.fct_data_use'
            ' to egov_auditor', colour
        );
    end loop;
end
$$;
