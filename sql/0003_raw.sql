-- Raw history and quarantine of every dataset.
-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares. Don't edit by hand.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- Dates in the words of a contract (dd/MM/yyyy, yyyy-MM-dd). Two digits a day and a month, four a year, and the day
-- exists: to_date() alone takes 3/4/26 for the year 26. One expression, so that Postgres can inline it into a scan.
create function raw.is_date(value text, format text) returns boolean
language sql immutable parallel safe
return case
    when format = 'dd/MM/yyyy' then
        case
            when value ~ '^(0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/(19|20|21)[0-9]{2}$' then true
            when value ~ '^(29|30|31)/(0[1-9]|1[0-2])/(19|20|21)[0-9]{2}$' then
                substr(value, 1, 2)::integer <= extract(
                    day from make_date(substr(value, 7, 4)::integer, substr(value, 4, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
                )
            else false
        end
    when format = 'yyyy-MM-dd' then
        case
            when value ~ '^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' then true
            when value ~ '^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(29|30|31)$' then
                substr(value, 9, 2)::integer <= extract(
                    day from make_date(substr(value, 1, 4)::integer, substr(value, 6, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
                )
            else false
        end
    else false
end;

create function raw.is_timestamp(value text, format text) returns boolean
language sql immutable parallel safe
return case
    when format = 'dd/MM/yyyy HH:mm' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3]):[0-5][0-9]$' and raw.is_date(substr(value, 1, 10), 'dd/MM/yyyy')
    when format = 'dd/MM/yyyy HH:mm:ss' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3])(:[0-5][0-9]){2}$'
        and raw.is_date(substr(value, 1, 10), 'dd/MM/yyyy')
    when format = 'yyyy-MM-dd HH:mm:ss' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3])(:[0-5][0-9]){2}$'
        and raw.is_date(substr(value, 1, 10), 'yyyy-MM-dd')
    when format = 'yyyy-MM-dd''T''HH:mm:ssXXX' then
        substr(value, 11)
        ~ '^T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
        and raw.is_date(substr(value, 1, 10), 'yyyy-MM-dd')
    else false
end;

-- A code that the contract doesn't list got past the gate: stop, and don't show the value.
create function raw.refuse_value(column_name text) returns text
language plpgsql volatile
as $$
begin
    raise exception 'column %: a code outside the values of its contract', column_name
        using errcode = 'check_violation';
end
$$;

create function raw.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end
$$;

-- A refused row changes its state and nothing else.
create function quarantine.refuse_other_change() returns trigger
language plpgsql
as $$
begin
    if to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state' then
        raise exception '%.%: only the state may change', tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- The partition of a month, made apart and then attached: `create table ... partition of` would wait for every reader
-- of the table, and new readers would queue behind it.
create function raw.ensure_partition(table_name text, month date) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    first_day constant date := date_trunc('month', month)::date;
    next_month constant date := (date_trunc('month', month) + interval '1 month')::date;
    partition_name constant text := table_name || to_char(month, '"__"YYYYMM');
begin
    if not exists (
        select from pg_partitioned_table as p join pg_class as c on c.oid = p.partrelid
        where c.relnamespace = 'raw'::regnamespace and c.relname = table_name
    ) then
        raise exception 'raw.% is not a partitioned table', table_name using errcode = 'undefined_table';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('raw.ensure_partition:' || table_name, 0));
    if to_regclass(format('raw.%I', partition_name)) is not null then
        return;
    end if;
    execute format(
        'create table raw.%I (like raw.%I including defaults)', partition_name, table_name
    );
    -- A trigger for truncate isn't inherited.
    execute format(
        'create trigger refuse_truncate before truncate on raw.%I '
        'for each statement execute function raw.refuse_change()',
        partition_name
    );
    execute format(
        'alter table raw.%I attach partition raw.%I for values from (%L) to (%L)',
        table_name, partition_name, first_day, next_month
    );
end
$$;

revoke execute on all functions in schema raw, quarantine from public;
grant execute on function raw.ensure_partition(text, date) to egov_loader;
grant execute on function raw.is_date(text, text), raw.is_timestamp(text, text), raw.refuse_value(text)
to egov_loader;

-- directory.headcount
create table raw."directory__headcount" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "headcount" integer,
    "headcount_basis" text,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."directory__headcount" is 'Biên chế có mặt theo đơn vị / Active headcount per unit, full snapshot. One row per unit and snapshot date.';
comment on column raw."directory__headcount"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."directory__headcount"."headcount" is 'Số cán bộ, công chức, viên chức có mặt / Officials active on the snapshot date';
comment on column raw."directory__headcount"."headcount_basis" is 'Nguồn số liệu / published, or synthetic where no figure was ever published';
comment on column raw."directory__headcount"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."directory__headcount"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "directory__headcount_key" on raw."directory__headcount" ("agency_code", "snapshot_date");
create index "directory__headcount_load" on raw."directory__headcount" (load_seq);
create trigger refuse_change before update or delete on raw."directory__headcount" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."directory__headcount" for each statement execute function raw.refuse_change();
grant select, insert on raw."directory__headcount" to egov_loader;
grant select on raw."directory__headcount" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "headcount", "headcount_basis", "snapshot_date", "exported_at") on raw."directory__headcount" to egov_auditor;

create table quarantine."directory__headcount" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "headcount" text,
    "headcount_basis" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."directory__headcount" is 'Refused rows: Biên chế có mặt theo đơn vị / Active headcount per unit, full snapshot. One row per unit and snapshot date.';
create index "directory__headcount_load" on quarantine."directory__headcount" (load_seq);
create trigger refuse_delete before delete on quarantine."directory__headcount" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."directory__headcount" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."directory__headcount" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."directory__headcount" to egov_loader;
grant select, update (state) on quarantine."directory__headcount" to egov_custodian;
grant select on quarantine."directory__headcount" to egov_auditor;

-- forms.paper_register
create table raw."forms__paper_register" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "register_year" integer,
    "register_number" text,
    "procedure_code" text,
    "channel" text,
    "received_date" date,
    "finished_date" date,
    "returned_date" date,
    "return_method" text,
    "updated_at" date
) partition by range (loaded_month);
comment on table raw."forms__paper_register" is 'Sổ theo dõi hồ sơ giấy của xã, phường / The ward''s paper register of dossiers, as a workbook. One row per paper dossier and version.';
comment on column raw."forms__paper_register"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."forms__paper_register"."register_year" is 'Năm / Year of the register';
comment on column raw."forms__paper_register"."register_number" is 'Số thứ tự trong sổ / Number in the register';
comment on column raw."forms__paper_register"."procedure_code" is 'Mã TTHC / Procedure code';
comment on column raw."forms__paper_register"."channel" is 'Hình thức nộp / direct or post';
comment on column raw."forms__paper_register"."received_date" is 'Ngày tiếp nhận / Date of receipt';
comment on column raw."forms__paper_register"."finished_date" is 'Ngày giải quyết xong / Date at which processing ended';
comment on column raw."forms__paper_register"."returned_date" is 'Ngày trả kết quả / Date at which the result was returned';
comment on column raw."forms__paper_register"."return_method" is 'Hình thức trả / direct or post';
comment on column raw."forms__paper_register"."updated_at" is 'Ngày cập nhật sổ / Date of the last change of the line: the version of the row';
create index "forms__paper_register_key" on raw."forms__paper_register" ("agency_code", "register_year", "register_number");
create index "forms__paper_register_load" on raw."forms__paper_register" (load_seq);
create trigger refuse_change before update or delete on raw."forms__paper_register" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__paper_register" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__paper_register" to egov_loader;
grant select on raw."forms__paper_register" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "register_year", "register_number", "procedure_code", "channel", "received_date", "finished_date", "returned_date", "return_method", "updated_at") on raw."forms__paper_register" to egov_auditor;

create table quarantine."forms__paper_register" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "register_year" text,
    "register_number" text,
    "procedure_code" text,
    "channel" text,
    "received_date" text,
    "finished_date" text,
    "returned_date" text,
    "return_method" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__paper_register" is 'Refused rows: Sổ theo dõi hồ sơ giấy của xã, phường / The ward''s paper register of dossiers, as a workbook. One row per paper dossier and version.';
create index "forms__paper_register_load" on quarantine."forms__paper_register" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__paper_register" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__paper_register" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__paper_register" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__paper_register" to egov_loader;
grant select, update (state) on quarantine."forms__paper_register" to egov_custodian;
grant select on quarantine."forms__paper_register" to egov_auditor;

-- ioffice.outgoing_documents
create table raw."ioffice__outgoing_documents" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "document_id" text,
    "agency_code" text,
    "document_number" text,
    "document_symbol" text,
    "document_type" text,
    "urgency_level" text,
    "signer_hash" text,
    "issued_date" date,
    "personal_signed_at" timestamptz,
    "organisation_signed_at" timestamptz,
    "recipient_scope" text,
    "is_sent_via_axis" boolean,
    "medium" text,
    "document_status" text,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."ioffice__outgoing_documents" is 'Văn bản đi (hệ thống quản lý văn bản và điều hành) / Outgoing documents of the document-management system. One row per outgoing document and version.';
comment on column raw."ioffice__outgoing_documents"."document_id" is 'Mã văn bản / Identifier of the document in the source';
comment on column raw."ioffice__outgoing_documents"."agency_code" is 'Mã đơn vị ban hành / Issuing unit';
comment on column raw."ioffice__outgoing_documents"."document_number" is 'Số văn bản / Number in the unit''s register of the year';
comment on column raw."ioffice__outgoing_documents"."document_symbol" is 'Ký hiệu / Symbol, for example UBND-VP';
comment on column raw."ioffice__outgoing_documents"."document_type" is 'Loại văn bản / Type of document';
comment on column raw."ioffice__outgoing_documents"."urgency_level" is 'Độ khẩn / Urgency';
comment on column raw."ioffice__outgoing_documents"."signer_hash" is 'Người ký / Keyed pseudonym of the signer';
comment on column raw."ioffice__outgoing_documents"."issued_date" is 'Ngày ban hành / Date of issue';
comment on column raw."ioffice__outgoing_documents"."personal_signed_at" is 'Thời điểm ký cá nhân / Time of the personal digital signature';
comment on column raw."ioffice__outgoing_documents"."organisation_signed_at" is 'Thời điểm ký cơ quan / Time of the organisation''s digital signature';
comment on column raw."ioffice__outgoing_documents"."recipient_scope" is 'Phạm vi nơi nhận / external (interlinked, outside the unit) or internal';
comment on column raw."ioffice__outgoing_documents"."is_sent_via_axis" is 'Gửi qua trục liên thông / Sent through the document axis (NDXP)';
comment on column raw."ioffice__outgoing_documents"."medium" is 'Hình thức văn bản / electronic or paper';
comment on column raw."ioffice__outgoing_documents"."document_status" is 'Trạng thái văn bản / issued or recalled';
comment on column raw."ioffice__outgoing_documents"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "ioffice__outgoing_documents_key" on raw."ioffice__outgoing_documents" using hash ("document_id");
create index "ioffice__outgoing_documents_load" on raw."ioffice__outgoing_documents" (load_seq);
create trigger refuse_change before update or delete on raw."ioffice__outgoing_documents" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."ioffice__outgoing_documents" for each statement execute function raw.refuse_change();
grant select, insert on raw."ioffice__outgoing_documents" to egov_loader;
grant select on raw."ioffice__outgoing_documents" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "document_id", "agency_code", "document_number", "document_symbol", "document_type", "urgency_level", "issued_date", "personal_signed_at", "organisation_signed_at", "recipient_scope", "is_sent_via_axis", "medium", "document_status", "updated_at") on raw."ioffice__outgoing_documents" to egov_auditor;

create table quarantine."ioffice__outgoing_documents" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "document_id" text,
    "agency_code" text,
    "document_number" text,
    "document_symbol" text,
    "document_type" text,
    "urgency_level" text,
    "issued_date" text,
    "personal_signed_at" text,
    "organisation_signed_at" text,
    "recipient_scope" text,
    "is_sent_via_axis" text,
    "medium" text,
    "document_status" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."ioffice__outgoing_documents" is 'Refused rows: Văn bản đi (hệ thống quản lý văn bản và điều hành) / Outgoing documents of the document-management system. One row per outgoing document and version.';
create index "ioffice__outgoing_documents_load" on quarantine."ioffice__outgoing_documents" (load_seq);
create trigger refuse_delete before delete on quarantine."ioffice__outgoing_documents" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."ioffice__outgoing_documents" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."ioffice__outgoing_documents" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."ioffice__outgoing_documents" to egov_loader;
grant select, update (state) on quarantine."ioffice__outgoing_documents" to egov_custodian;
grant select on quarantine."ioffice__outgoing_documents" to egov_auditor;

-- iso.certificates
create table raw."iso__certificates" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "certificate_number" text,
    "is_mandated" boolean,
    "announced_date" date,
    "internal_audit_date" date,
    "management_review_date" date,
    "valid_until_date" date,
    "procedures_covered_count" integer,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."iso__certificates" is 'Hệ thống quản lý chất lượng TCVN ISO 9001:2015 / ISO 9001:2015 register: announcement, internal audit, management review; full snapshot. One row per unit, certificate and snapshot date.';
comment on column raw."iso__certificates"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."iso__certificates"."certificate_number" is 'Số công bố / Number of the announcement; a dash when there is none';
comment on column raw."iso__certificates"."is_mandated" is 'Thuộc diện bắt buộc / Whether the unit must apply the standard';
comment on column raw."iso__certificates"."announced_date" is 'Ngày công bố / Date of the announcement';
comment on column raw."iso__certificates"."internal_audit_date" is 'Ngày đánh giá nội bộ / Date of the last internal audit';
comment on column raw."iso__certificates"."management_review_date" is 'Ngày xem xét của lãnh đạo / Date of the last management review';
comment on column raw."iso__certificates"."valid_until_date" is 'Hiệu lực đến / Last day of validity';
comment on column raw."iso__certificates"."procedures_covered_count" is 'Số TTHC áp dụng / Procedures covered';
comment on column raw."iso__certificates"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."iso__certificates"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "iso__certificates_key" on raw."iso__certificates" ("agency_code", "certificate_number", "snapshot_date");
create index "iso__certificates_load" on raw."iso__certificates" (load_seq);
create trigger refuse_change before update or delete on raw."iso__certificates" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."iso__certificates" for each statement execute function raw.refuse_change();
grant select, insert on raw."iso__certificates" to egov_loader;
grant select on raw."iso__certificates" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "certificate_number", "is_mandated", "announced_date", "internal_audit_date", "management_review_date", "valid_until_date", "procedures_covered_count", "snapshot_date", "exported_at") on raw."iso__certificates" to egov_auditor;

create table quarantine."iso__certificates" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "certificate_number" text,
    "is_mandated" text,
    "announced_date" text,
    "internal_audit_date" text,
    "management_review_date" text,
    "valid_until_date" text,
    "procedures_covered_count" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."iso__certificates" is 'Refused rows: Hệ thống quản lý chất lượng TCVN ISO 9001:2015 / ISO 9001:2015 register: announcement, internal audit, management review; full snapshot. One row per unit, certificate and snapshot date.';
create index "iso__certificates_load" on quarantine."iso__certificates" (load_seq);
create trigger refuse_delete before delete on quarantine."iso__certificates" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."iso__certificates" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."iso__certificates" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."iso__certificates" to egov_loader;
grant select, update (state) on quarantine."iso__certificates" to egov_custodian;
grant select on quarantine."iso__certificates" to egov_auditor;

-- mail.accounts
create table raw."mail__accounts" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "mailbox_hash" text,
    "agency_code" text,
    "issued_date" date,
    "account_status" text,
    "last_used_at" timestamptz,
    "sent_30d_count" integer,
    "read_30d_count" integer,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."mail__accounts" is 'Tài khoản thư điện tử công vụ / Official mailboxes, full snapshot. One row per mailbox and snapshot date.';
comment on column raw."mail__accounts"."mailbox_hash" is 'Hộp thư / Keyed pseudonym of the mailbox address';
comment on column raw."mail__accounts"."agency_code" is 'Mã đơn vị / Unit of the mailbox';
comment on column raw."mail__accounts"."issued_date" is 'Ngày cấp / Date of issue';
comment on column raw."mail__accounts"."account_status" is 'Trạng thái / active, locked or closed';
comment on column raw."mail__accounts"."last_used_at" is 'Lần sử dụng cuối / Last sign-in';
comment on column raw."mail__accounts"."sent_30d_count" is 'Số thư gửi 30 ngày / Messages sent in the last 30 days';
comment on column raw."mail__accounts"."read_30d_count" is 'Số thư đọc 30 ngày / Messages read in the last 30 days';
comment on column raw."mail__accounts"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."mail__accounts"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "mail__accounts_key" on raw."mail__accounts" ("mailbox_hash", "snapshot_date");
create index "mail__accounts_load" on raw."mail__accounts" (load_seq);
create trigger refuse_change before update or delete on raw."mail__accounts" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."mail__accounts" for each statement execute function raw.refuse_change();
grant select, insert on raw."mail__accounts" to egov_loader;
grant select on raw."mail__accounts" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "issued_date", "account_status", "last_used_at", "sent_30d_count", "read_30d_count", "snapshot_date", "exported_at") on raw."mail__accounts" to egov_auditor;

create table quarantine."mail__accounts" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "issued_date" text,
    "account_status" text,
    "last_used_at" text,
    "sent_30d_count" text,
    "read_30d_count" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."mail__accounts" is 'Refused rows: Tài khoản thư điện tử công vụ / Official mailboxes, full snapshot. One row per mailbox and snapshot date.';
create index "mail__accounts_load" on quarantine."mail__accounts" (load_seq);
create trigger refuse_delete before delete on quarantine."mail__accounts" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."mail__accounts" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."mail__accounts" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."mail__accounts" to egov_loader;
grant select, update (state) on quarantine."mail__accounts" to egov_custodian;
grant select on quarantine."mail__accounts" to egov_auditor;

-- one_stop.dossiers
create table raw."one_stop__dossiers" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "procedure_code" text,
    "field_name" text,
    "agency_code" text,
    "channel" text,
    "applicant_type" text,
    "applicant_hash" text,
    "received_at" timestamptz,
    "due_at" timestamptz,
    "finished_at" timestamptz,
    "returned_at" timestamptz,
    "return_method" text,
    "dossier_status" text,
    "supplement_request_count" integer,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__dossiers" is 'Hồ sơ thủ tục hành chính (hệ thống một cửa điện tử) / Dossiers of the electronic one-stop system. One row per dossier and version.';
comment on column raw."one_stop__dossiers"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code (the code opens the citizen''s record on the portal)';
comment on column raw."one_stop__dossiers"."procedure_code" is 'Mã TTHC / Procedure code, for example 1.005129';
comment on column raw."one_stop__dossiers"."field_name" is 'Lĩnh vực / Field of the procedure';
comment on column raw."one_stop__dossiers"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__dossiers"."channel" is 'Kênh thực hiện / direct, online or post';
comment on column raw."one_stop__dossiers"."applicant_type" is 'Đối tượng / citizen or organisation';
comment on column raw."one_stop__dossiers"."applicant_hash" is 'Số giấy tờ / Keyed pseudonym of the applicant''s identity number';
comment on column raw."one_stop__dossiers"."received_at" is 'Ngày tiếp nhận / Time of receipt';
comment on column raw."one_stop__dossiers"."due_at" is 'Ngày hẹn trả / Due time promised by the source';
comment on column raw."one_stop__dossiers"."finished_at" is 'Ngày kết thúc xử lý / Time at which processing ended';
comment on column raw."one_stop__dossiers"."returned_at" is 'Ngày trả kết quả / Time at which the result was returned';
comment on column raw."one_stop__dossiers"."return_method" is 'Hình thức trả / direct, post or online';
comment on column raw."one_stop__dossiers"."dossier_status" is 'Trạng thái hồ sơ / Status code 1 to 10 of the national list';
comment on column raw."one_stop__dossiers"."supplement_request_count" is 'Số lần yêu cầu bổ sung / Times a supplement was requested';
comment on column raw."one_stop__dossiers"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__dossiers_key" on raw."one_stop__dossiers" using hash ("dossier_hash");
create index "one_stop__dossiers_load" on raw."one_stop__dossiers" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__dossiers" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__dossiers" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__dossiers" to egov_loader;
grant select on raw."one_stop__dossiers" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "procedure_code", "field_name", "agency_code", "channel", "applicant_type", "received_at", "due_at", "finished_at", "returned_at", "return_method", "dossier_status", "supplement_request_count", "updated_at") on raw."one_stop__dossiers" to egov_auditor;

create table quarantine."one_stop__dossiers" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "procedure_code" text,
    "field_name" text,
    "agency_code" text,
    "channel" text,
    "applicant_type" text,
    "received_at" text,
    "due_at" text,
    "finished_at" text,
    "returned_at" text,
    "return_method" text,
    "dossier_status" text,
    "supplement_request_count" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__dossiers" is 'Refused rows: Hồ sơ thủ tục hành chính (hệ thống một cửa điện tử) / Dossiers of the electronic one-stop system. One row per dossier and version.';
create index "one_stop__dossiers_load" on quarantine."one_stop__dossiers" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__dossiers" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__dossiers" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__dossiers" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__dossiers" to egov_loader;
grant select, update (state) on quarantine."one_stop__dossiers" to egov_custodian;
grant select on quarantine."one_stop__dossiers" to egov_auditor;

-- portal.procedures
create table raw."portal__procedures" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "procedure_code" text,
    "procedure_name" text,
    "field_name" text,
    "competent_level" text,
    "service_level" text,
    "procedure_status" text,
    "posted_date" date,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."portal__procedures" is 'Thủ tục hành chính và mức độ dịch vụ công trực tuyến / Procedures offered by each unit and their online level, full snapshot. One row per unit, procedure and snapshot date.';
comment on column raw."portal__procedures"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."portal__procedures"."procedure_code" is 'Mã TTHC / Procedure code';
comment on column raw."portal__procedures"."procedure_name" is 'Tên TTHC / Name of the procedure';
comment on column raw."portal__procedures"."field_name" is 'Lĩnh vực / Field of the procedure';
comment on column raw."portal__procedures"."competent_level" is 'Cấp thẩm quyền / Level with competence: province, district or commune';
comment on column raw."portal__procedures"."service_level" is 'Mức độ dịch vụ / information, partial or full';
comment on column raw."portal__procedures"."procedure_status" is 'Trạng thái TTHC / in_force or abolished';
comment on column raw."portal__procedures"."posted_date" is 'Ngày công khai / Date of posting; empty when not posted';
comment on column raw."portal__procedures"."snapshot_date" is 'Ngày chốt số liệu / Date of the snapshot';
comment on column raw."portal__procedures"."exported_at" is 'Thời điểm kết xuất / Time of the export: the version of the snapshot';
create index "portal__procedures_key" on raw."portal__procedures" ("agency_code", "procedure_code", "snapshot_date");
create index "portal__procedures_load" on raw."portal__procedures" (load_seq);
create trigger refuse_change before update or delete on raw."portal__procedures" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."portal__procedures" for each statement execute function raw.refuse_change();
grant select, insert on raw."portal__procedures" to egov_loader;
grant select on raw."portal__procedures" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "procedure_code", "procedure_name", "field_name", "competent_level", "service_level", "procedure_status", "posted_date", "snapshot_date", "exported_at") on raw."portal__procedures" to egov_auditor;

create table quarantine."portal__procedures" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "procedure_code" text,
    "procedure_name" text,
    "field_name" text,
    "competent_level" text,
    "service_level" text,
    "procedure_status" text,
    "posted_date" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."portal__procedures" is 'Refused rows: Thủ tục hành chính và mức độ dịch vụ công trực tuyến / Procedures offered by each unit and their online level, full snapshot. One row per unit, procedure and snapshot date.';
create index "portal__procedures_load" on quarantine."portal__procedures" (load_seq);
create trigger refuse_delete before delete on quarantine."portal__procedures" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."portal__procedures" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."portal__procedures" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."portal__procedures" to egov_loader;
grant select, update (state) on quarantine."portal__procedures" to egov_custodian;
grant select on quarantine."portal__procedures" to egov_auditor;
