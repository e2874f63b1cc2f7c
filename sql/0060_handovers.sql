-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.handovers
create table raw."one_stop__handovers" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "step_no" text,
    "agency_code" text,
    "from_agency_code" text,
    "received_at" timestamptz,
    "internal_due_at" timestamptz,
    "handed_on_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__handovers" is 'Luân chuyển hồ sơ nội bộ giữa các đơn vị, các bước, mỗi bước có hạn riêng / Internal hand-overs of dossiers between units and steps, each with a deadline of its own. One row per dossier, step and version.';
comment on column raw."one_stop__handovers"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__handovers"."step_no" is 'Bước xử lý / Number of the step within its dossier: 1 for the first hand-over';
comment on column raw."one_stop__handovers"."agency_code" is 'Mã đơn vị xử lý / Unit that has the step in hand, and whose deadline it is';
comment on column raw."one_stop__handovers"."from_agency_code" is 'Mã đơn vị chuyển / Unit that handed the dossier over; the same unit where it goes from one step to the next within it';
comment on column raw."one_stop__handovers"."received_at" is 'Ngày nhận bước / Time at which the unit received the step';
comment on column raw."one_stop__handovers"."internal_due_at" is 'Hạn xử lý nội bộ / Time by which the unit has to hand the step on; not the due date promised to the citizen';
comment on column raw."one_stop__handovers"."handed_on_at" is 'Ngày chuyển bước / Time at which the unit handed the step on; empty while it has it in hand';
comment on column raw."one_stop__handovers"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__handovers_key" on raw."one_stop__handovers" ("dossier_hash", "step_no");
create index "one_stop__handovers_load" on raw."one_stop__handovers" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__handovers" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__handovers" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__handovers" to egov_loader;
grant select on raw."one_stop__handovers" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "step_no", "agency_code", "from_agency_code", "received_at", "internal_due_at", "handed_on_at", "updated_at") on raw."one_stop__handovers" to egov_auditor;

create table quarantine."one_stop__handovers" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "step_no" text,
    "agency_code" text,
    "from_agency_code" text,
    "received_at" text,
    "internal_due_at" text,
    "handed_on_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__handovers" is 'Refused rows: Luân chuyển hồ sơ nội bộ giữa các đơn vị, các bước, mỗi bước có hạn riêng / Internal hand-overs of dossiers between units and steps, each with a deadline of its own. One row per dossier, step and version.';
create index "one_stop__handovers_load" on quarantine."one_stop__handovers" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__handovers" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__handovers" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__handovers" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__handovers" to egov_loader;
grant select, update (state) on quarantine."one_stop__handovers" to egov_custodian;
grant select on quarantine."one_stop__handovers" to egov_auditor;

alter table quarantine."one_stop__handovers"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__handovers_key" on quarantine."one_stop__handovers" (key_digest) where state = 'open';
create index "one_stop__handovers_closed" on quarantine."one_stop__handovers" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__handovers" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__handovers" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__handovers" from egov_custodian;
revoke select on quarantine."one_stop__handovers" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "step_no", "agency_code", "from_agency_code", "received_at", "internal_due_at", "handed_on_at", "updated_at") on quarantine."one_stop__handovers" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.handovers', 'delta', '{dossier_hash,step_no}', '{}', 'agency_code', 'received_at', 'dd/MM/yyyy', '{received_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Steps of dossiers through the offices, and whether each kept its own deadline. No figure of dossiers joins them.

create table blue.fct_handover (
    dossier_hash text not null,
    step_no text not null,
    agency_code text not null,
    source_from_agency_code text not null,
    received_date date not null,
    business_month date not null,
    due_date date not null,
    due_month date not null,
    handed_on_date date,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, step_no)
) partition by range (business_month);

create index fct_handover_key_idx on blue.fct_handover (dossier_hash);

select publish.add_to_green('fct_handover');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (load_seq, file_digest, row_no, step_no, agency_code, source_from_agency_code, '
            'received_date, business_month, due_date, due_month, handed_on_date) on %I.fct_handover to egov_auditor',
            colour
        );
    end loop;
end
$$;
