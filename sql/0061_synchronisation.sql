-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- portal.synchronisation
create table raw."portal__synchronisation" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "agency_code" text,
    "sync_status" text,
    "error_kind" text,
    "sent_at" timestamptz,
    "accepted_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."portal__synchronisation" is 'Đồng bộ hồ sơ lên Cổng Dịch vụ công quốc gia / Dossiers sent to the national portal, and whether it accepted them. One row per dossier sent and version.';
comment on column raw."portal__synchronisation"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."portal__synchronisation"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."portal__synchronisation"."sync_status" is 'Trạng thái đồng bộ / waiting (sent, no answer yet), accepted or rejected by the national portal';
comment on column raw."portal__synchronisation"."error_kind" is 'Loại lỗi / Why the national portal rejected it: format, unknown_procedure, unknown_agency, duplicate or system';
comment on column raw."portal__synchronisation"."sent_at" is 'Thời điểm gửi / Time at which the dossier was first sent to the national portal';
comment on column raw."portal__synchronisation"."accepted_at" is 'Thời điểm tiếp nhận / Time at which the national portal accepted it; empty while it has not';
comment on column raw."portal__synchronisation"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "portal__synchronisation_key" on raw."portal__synchronisation" ("dossier_hash");
create index "portal__synchronisation_load" on raw."portal__synchronisation" (load_seq);
create trigger refuse_change before update or delete on raw."portal__synchronisation" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."portal__synchronisation" for each statement execute function raw.refuse_change();
grant select, insert on raw."portal__synchronisation" to egov_loader;
grant select on raw."portal__synchronisation" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "sync_status", "error_kind", "sent_at", "accepted_at", "updated_at") on raw."portal__synchronisation" to egov_auditor;

create table quarantine."portal__synchronisation" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "sync_status" text,
    "error_kind" text,
    "sent_at" text,
    "accepted_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."portal__synchronisation" is 'Refused rows: Đồng bộ hồ sơ lên Cổng Dịch vụ công quốc gia / Dossiers sent to the national portal, and whether it accepted them. One row per dossier sent and version.';
create index "portal__synchronisation_load" on quarantine."portal__synchronisation" (load_seq);
create trigger refuse_delete before delete on quarantine."portal__synchronisation" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."portal__synchronisation" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."portal__synchronisation" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."portal__synchronisation" to egov_loader;
grant select, update (state) on quarantine."portal__synchronisation" to egov_custodian;
grant select on quarantine."portal__synchronisation" to egov_auditor;

alter table quarantine."portal__synchronisation"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "portal__synchronisation_key" on quarantine."portal__synchronisation" (key_digest) where state = 'open';
create index "portal__synchronisation_closed" on quarantine."portal__synchronisation" (closed_event_no);
create trigger closed_by_event after update on quarantine."portal__synchronisation" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."portal__synchronisation" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."portal__synchronisation" from egov_custodian;
revoke select on quarantine."portal__synchronisation" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "sync_status", "error_kind", "sent_at", "accepted_at", "updated_at") on quarantine."portal__synchronisation" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('portal.synchronisation', 'delta', '{dossier_hash}', '{}', 'agency_code', 'sent_at', 'yyyy-MM-dd', '{sent_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- What was sent to the national portal, and what that comes to for each dossier.

create table blue.fct_synchronisation (
    dossier_hash text not null,
    agency_code text not null,
    sent_date date not null,
    business_month date not null,
    accepted_date date,
    error_kind text,
    is_synced boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash)
) partition by range (business_month);

create index fct_synchronisation_key_idx on blue.fct_synchronisation (dossier_hash);

select publish.add_to_green('fct_synchronisation');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format('alter table %I.fct_dossier add column is_synced boolean', colour);
        execute format('grant select (is_synced) on %I.fct_dossier to egov_auditor', colour);
        execute format(
            'grant select (load_seq, file_digest, row_no, agency_code, sent_date, business_month, accepted_date, '
            'error_kind, is_synced) on %I.fct_synchronisation to egov_auditor', colour
        );
    end loop;
end
$$;
