-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- network.devices
create table raw."network__devices" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "device_code" text,
    "agency_code" text,
    "device_kind" text,
    "is_networked" boolean,
    "is_secured" boolean,
    "secured_date" date,
    "retired_date" date,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."network__devices" is 'Sổ thiết bị công nghệ thông tin và tình trạng bảo mật mạng / Register of devices and whether each is behind the security appliance of its network, full snapshot. One row per device and snapshot date.';
comment on column raw."network__devices"."device_code" is 'Mã thiết bị / Inventory number of the device';
comment on column raw."network__devices"."agency_code" is 'Mã đơn vị / Unit that uses the device';
comment on column raw."network__devices"."device_kind" is 'Loại thiết bị / server, workstation, printer, scanner, photocopier, camera or network (switches, Wi-Fi access points)';
comment on column raw."network__devices"."is_networked" is 'Kết nối mạng / Whether the device is on the network of its unit or the wide-area network';
comment on column raw."network__devices"."is_secured" is 'Qua thiết bị bảo mật / Whether its traffic passes the security appliance';
comment on column raw."network__devices"."secured_date" is 'Ngày đưa vào bảo mật / Day since which it is behind the appliance';
comment on column raw."network__devices"."retired_date" is 'Ngày thanh lý / Day since which the device is out of use; empty while it is used';
comment on column raw."network__devices"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."network__devices"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "network__devices_key" on raw."network__devices" ("device_code", "snapshot_date");
create index "network__devices_load" on raw."network__devices" (load_seq);
create trigger refuse_change before update or delete on raw."network__devices" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."network__devices" for each statement execute function raw.refuse_change();
grant select, insert on raw."network__devices" to egov_loader;
grant select on raw."network__devices" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "device_code", "agency_code", "device_kind", "is_networked", "is_secured", "secured_date", "retired_date", "snapshot_date", "exported_at") on raw."network__devices" to egov_auditor;

create table quarantine."network__devices" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "device_code" text,
    "agency_code" text,
    "device_kind" text,
    "is_networked" text,
    "is_secured" text,
    "secured_date" text,
    "retired_date" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."network__devices" is 'Refused rows: Sổ thiết bị công nghệ thông tin và tình trạng bảo mật mạng / Register of devices and whether each is behind the security appliance of its network, full snapshot. One row per device and snapshot date.';
create index "network__devices_load" on quarantine."network__devices" (load_seq);
create trigger refuse_delete before delete on quarantine."network__devices" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."network__devices" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."network__devices" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."network__devices" to egov_loader;
grant select, update (state) on quarantine."network__devices" to egov_custodian;
grant select on quarantine."network__devices" to egov_auditor;

alter table quarantine."network__devices"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "network__devices_key" on quarantine."network__devices" (key_digest) where state = 'open';
create index "network__devices_closed" on quarantine."network__devices" (closed_event_no);
create trigger closed_by_event after update on quarantine."network__devices" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."network__devices" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."network__devices" from egov_custodian;
revoke select on quarantine."network__devices" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "device_code", "agency_code", "device_kind", "is_networked", "is_secured", "secured_date", "retired_date", "snapshot_date", "exported_at") on quarantine."network__devices" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('network.devices', 'snapshot', '{device_code,snapshot_date}', '{}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Who uses a device and where it stands on the network never got as far as raw.

create table blue.fct_device (
    snapshot_date date not null,
    device_code text not null,
    business_month date not null,
    agency_code text not null,
    device_kind text not null,
    is_networked boolean not null,
    is_secured boolean not null,
    secured_date date,
    retired_date date,
    is_counted boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, device_code)
) partition by range (business_month);

select publish.add_to_green('fct_device');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, device_code, business_month, agency_code, device_kind, is_networked, '
            'is_secured, secured_date, retired_date, is_counted, load_seq, file_digest, row_no) '
            'on %I.fct_device to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('infrastructure', 'Chỉ tiêu hạ tầng số / Digital infrastructure');
