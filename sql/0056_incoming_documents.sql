-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- ioffice.incoming_documents
create table raw."ioffice__incoming_documents" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "document_id" text,
    "agency_code" text,
    "arrival_number" text,
    "sender_kind" text,
    "arrival_date" date,
    "routed_at" timestamptz,
    "due_date" date,
    "completed_at" timestamptz,
    "document_status" text,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."ioffice__incoming_documents" is 'Văn bản đến (hệ thống quản lý văn bản và điều hành) / Incoming documents of the document-management system. One row per incoming document and version.';
comment on column raw."ioffice__incoming_documents"."document_id" is 'Mã văn bản đến / Identifier of the document in the source';
comment on column raw."ioffice__incoming_documents"."agency_code" is 'Mã đơn vị nhận / Unit that the document came to';
comment on column raw."ioffice__incoming_documents"."arrival_number" is 'Số đến / Number in the unit''s register of arrivals of the year';
comment on column raw."ioffice__incoming_documents"."sender_kind" is 'Loại nơi gửi / superior, peer or subordinate body, or other (organisations, citizens)';
comment on column raw."ioffice__incoming_documents"."arrival_date" is 'Ngày đến / Date on which it came and was entered in the register';
comment on column raw."ioffice__incoming_documents"."routed_at" is 'Thời điểm chuyển xử lý / Time at which it was submitted or routed to whoever deals with it; empty while it was not';
comment on column raw."ioffice__incoming_documents"."due_date" is 'Hạn xử lý / Date by which it is to be dealt with; empty for a document without one';
comment on column raw."ioffice__incoming_documents"."completed_at" is 'Thời điểm hoàn thành / Time at which it was dealt with';
comment on column raw."ioffice__incoming_documents"."document_status" is 'Trạng thái văn bản / received, or cancelled (entered by mistake, sent back to its sender)';
comment on column raw."ioffice__incoming_documents"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "ioffice__incoming_documents_key" on raw."ioffice__incoming_documents" ("document_id");
create index "ioffice__incoming_documents_load" on raw."ioffice__incoming_documents" (load_seq);
create trigger refuse_change before update or delete on raw."ioffice__incoming_documents" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."ioffice__incoming_documents" for each statement execute function raw.refuse_change();
grant select, insert on raw."ioffice__incoming_documents" to egov_loader;
grant select on raw."ioffice__incoming_documents" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "document_id", "agency_code", "arrival_number", "sender_kind", "arrival_date", "routed_at", "due_date", "completed_at", "document_status", "updated_at") on raw."ioffice__incoming_documents" to egov_auditor;

create table quarantine."ioffice__incoming_documents" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "document_id" text,
    "agency_code" text,
    "arrival_number" text,
    "sender_kind" text,
    "arrival_date" text,
    "routed_at" text,
    "due_date" text,
    "completed_at" text,
    "document_status" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."ioffice__incoming_documents" is 'Refused rows: Văn bản đến (hệ thống quản lý văn bản và điều hành) / Incoming documents of the document-management system. One row per incoming document and version.';
create index "ioffice__incoming_documents_load" on quarantine."ioffice__incoming_documents" (load_seq);
create trigger refuse_delete before delete on quarantine."ioffice__incoming_documents" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."ioffice__incoming_documents" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."ioffice__incoming_documents" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."ioffice__incoming_documents" to egov_loader;
grant select, update (state) on quarantine."ioffice__incoming_documents" to egov_custodian;
grant select on quarantine."ioffice__incoming_documents" to egov_auditor;

alter table quarantine."ioffice__incoming_documents"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "ioffice__incoming_documents_key" on quarantine."ioffice__incoming_documents" (key_digest) where state = 'open';
create index "ioffice__incoming_documents_closed" on quarantine."ioffice__incoming_documents" (closed_event_no);
create trigger closed_by_event after update on quarantine."ioffice__incoming_documents" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."ioffice__incoming_documents" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."ioffice__incoming_documents" from egov_custodian;
revoke select on quarantine."ioffice__incoming_documents" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "document_id", "agency_code", "arrival_number", "sender_kind", "arrival_date", "routed_at", "due_date", "completed_at", "document_status", "updated_at") on quarantine."ioffice__incoming_documents" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('ioffice.incoming_documents', 'delta', '{document_id}', '{}', 'agency_code', 'arrival_date', 'yyyy-MM-dd', '{arrival_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact. Senders, subjects and who deals with a document never got as far as raw, and no secret document did.

create table blue.fct_incoming_document (
    document_id text not null,
    agency_code text not null,
    arrival_date date not null,
    business_month date not null,
    sender_kind text not null,
    routed_date date,
    routed_month date,
    routing_due_date date,
    last_unrouted_date date,
    due_date date,
    due_month date,
    completed_date date,
    document_status text not null,
    is_counted boolean not null,
    is_routed_in_time boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, document_id)
) partition by range (business_month);

create index fct_incoming_document_key_idx on blue.fct_incoming_document (document_id);

select publish.add_to_green('fct_incoming_document');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (document_id, agency_code, arrival_date, business_month, sender_kind, routed_date, '
            'routed_month, routing_due_date, last_unrouted_date, due_date, due_month, completed_date, '
            'document_status, is_counted, is_routed_in_time, load_seq, file_digest, row_no) '
            'on %I.fct_incoming_document to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme(
    'document_management', 'Chỉ tiêu văn bản đến, hồ sơ công việc / Incoming documents and work files'
);
