-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.payments
create table raw."one_stop__payments" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "dossier_hash" text,
    "fee_no" text,
    "agency_code" text,
    "fee_kind" text,
    "amount_due" bigint,
    "amount_paid" bigint,
    "payment_method" text,
    "charged_at" timestamptz,
    "paid_at" timestamptz,
    "is_refunded" boolean,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__payments" is 'Phí, lệ phí, nghĩa vụ tài chính của hồ sơ và việc thanh toán / Fees, charges and financial duties of dossiers, with their payment. One row per dossier, item to be paid and version.';
comment on column raw."one_stop__payments"."dossier_hash" is 'Mã hồ sơ / Keyed pseudonym of the dossier code, the same as in one_stop.dossiers';
comment on column raw."one_stop__payments"."fee_no" is 'Số thứ tự khoản thu / Number of the item within its dossier';
comment on column raw."one_stop__payments"."agency_code" is 'Mã đơn vị / Unit that received the dossier';
comment on column raw."one_stop__payments"."fee_kind" is 'Loại khoản thu / fee, charge or duty (land tax and other financial duties)';
comment on column raw."one_stop__payments"."amount_due" is 'Số tiền phải nộp / Amount to be paid, in dong; 0 where it was waived';
comment on column raw."one_stop__payments"."amount_paid" is 'Số tiền đã nộp / Amount paid, in dong';
comment on column raw."one_stop__payments"."payment_method" is 'Hình thức thanh toán / online or direct; empty while nothing is paid';
comment on column raw."one_stop__payments"."charged_at" is 'Ngày phát sinh / Time at which the item was set';
comment on column raw."one_stop__payments"."paid_at" is 'Ngày thanh toán / Time of payment';
comment on column raw."one_stop__payments"."is_refunded" is 'Đã hoàn tiền / Whether the payment was given back';
comment on column raw."one_stop__payments"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__payments_key" on raw."one_stop__payments" ("dossier_hash", "fee_no");
create index "one_stop__payments_load" on raw."one_stop__payments" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__payments" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__payments" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__payments" to egov_loader;
grant select on raw."one_stop__payments" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "fee_no", "agency_code", "fee_kind", "amount_due", "amount_paid", "payment_method", "charged_at", "paid_at", "is_refunded", "updated_at") on raw."one_stop__payments" to egov_auditor;

create table quarantine."one_stop__payments" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "fee_no" text,
    "agency_code" text,
    "fee_kind" text,
    "amount_due" text,
    "amount_paid" text,
    "payment_method" text,
    "charged_at" text,
    "paid_at" text,
    "is_refunded" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__payments" is 'Refused rows: Phí, lệ phí, nghĩa vụ tài chính của hồ sơ và việc thanh toán / Fees, charges and financial duties of dossiers, with their payment. One row per dossier, item to be paid and version.';
create index "one_stop__payments_load" on quarantine."one_stop__payments" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__payments" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__payments" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__payments" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__payments" to egov_loader;
grant select, update (state) on quarantine."one_stop__payments" to egov_custodian;
grant select on quarantine."one_stop__payments" to egov_auditor;

alter table quarantine."one_stop__payments"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__payments_key" on quarantine."one_stop__payments" (key_digest) where state = 'open';
create index "one_stop__payments_closed" on quarantine."one_stop__payments" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__payments" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__payments" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__payments" from egov_custodian;
revoke select on quarantine."one_stop__payments" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "fee_no", "agency_code", "fee_kind", "amount_due", "amount_paid", "payment_method", "charged_at", "paid_at", "is_refunded", "updated_at") on quarantine."one_stop__payments" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.payments', 'delta', '{dossier_hash,fee_no}', '{}', 'agency_code', 'charged_at', 'dd/MM/yyyy', '{charged_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The items to be paid, several a dossier; and what they come to for each dossier, so that no count is fanned out.

create table blue.fct_payment (
    dossier_hash text not null,
    fee_no text not null,
    agency_code text not null,
    fee_kind text not null,
    amount_due bigint not null,
    amount_paid bigint not null,
    payment_method text,
    charged_date date not null,
    business_month date not null,
    paid_at timestamptz,
    is_refunded boolean not null,
    is_paid_online boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, dossier_hash, fee_no)
) partition by range (business_month);

-- A dossier is told what it has to pay whenever the items were set.
create index fct_payment_key_idx on blue.fct_payment (dossier_hash);

select publish.add_to_green('fct_payment');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'alter table %I.fct_dossier add column is_fee_bearing boolean, add column is_paid_online boolean', colour
        );
        execute format('grant select (is_fee_bearing, is_paid_online) on %I.fct_dossier to egov_auditor', colour);
        execute format(
            'grant select (fee_no, agency_code, fee_kind, amount_due, amount_paid, payment_method, charged_date, '
            'business_month, paid_at, is_refunded, is_paid_online, load_seq, file_digest, row_no) '
            'on %I.fct_payment to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('payment', 'Chỉ tiêu thanh toán trực tuyến / Online payment of fees');
