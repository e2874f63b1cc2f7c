-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- portal.publications
create table raw."portal__publications" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "agency_code" text,
    "procedure_code" text,
    "decision_number" text,
    "field_name" text,
    "competent_level" text,
    "change_kind" text,
    "is_reviewed" boolean,
    "decision_date" date,
    "legal_effective_date" date,
    "published_date" date,
    "posted_date" date,
    "mandatory_part_count" integer,
    "is_within_authority" boolean,
    "form_field_count" integer,
    "form_field_cut_count" integer,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."portal__publications" is 'Thủ tục hành chính theo quyết định công bố, sửa đổi, thay thế, bãi bỏ: thời điểm công bố, công khai và nội dung công khai / Procedures by the decision that announced, changed or abolished them: when they were published and posted, what the posting holds. One row per unit, procedure, decision and version.';
comment on column raw."portal__publications"."agency_code" is 'Mã đơn vị / Unit that has to post the procedure';
comment on column raw."portal__publications"."procedure_code" is 'Mã TTHC / Procedure code';
comment on column raw."portal__publications"."decision_number" is 'Số quyết định / Number and symbol of the decision, for example 85/QĐ-UBND';
comment on column raw."portal__publications"."field_name" is 'Lĩnh vực / Field of the procedure';
comment on column raw."portal__publications"."competent_level" is 'Cấp thẩm quyền / Level with competence: province, district or commune';
comment on column raw."portal__publications"."change_kind" is 'Nội dung quyết định / new, amended, replaced or abolished; kept: reviewed and left as it is';
comment on column raw."portal__publications"."is_reviewed" is 'Thuộc kế hoạch rà soát / The decision ends a review of the procedure under the yearly plan';
comment on column raw."portal__publications"."decision_date" is 'Ngày quyết định / Date of the decision';
comment on column raw."portal__publications"."legal_effective_date" is 'Ngày VBQPPL có hiệu lực / Day on which the legal text that prescribes the procedure takes effect';
comment on column raw."portal__publications"."published_date" is 'Ngày công bố / Day of publication in the national database of procedures; empty when not published';
comment on column raw."portal__publications"."posted_date" is 'Ngày công khai / Day on which the unit posted it; empty when not posted';
comment on column raw."portal__publications"."mandatory_part_count" is 'Số bộ phận bắt buộc đã có / How many of the seven mandatory parts the posting holds';
comment on column raw."portal__publications"."is_within_authority" is 'Đúng thẩm quyền giải quyết / The unit handles the procedure within its authority';
comment on column raw."portal__publications"."form_field_count" is 'Số trường của biểu mẫu trước khi cắt giảm / Fields of the online form before the decision; empty when it was not looked at';
comment on column raw."portal__publications"."form_field_cut_count" is 'Số trường cắt giảm / Fields that the decision cuts from the form';
comment on column raw."portal__publications"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "portal__publications_key" on raw."portal__publications" ("agency_code", "procedure_code", "decision_number");
create index "portal__publications_load" on raw."portal__publications" (load_seq);
create trigger refuse_change before update or delete on raw."portal__publications" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."portal__publications" for each statement execute function raw.refuse_change();
grant select, insert on raw."portal__publications" to egov_loader;
grant select on raw."portal__publications" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "procedure_code", "decision_number", "field_name", "competent_level", "change_kind", "is_reviewed", "decision_date", "legal_effective_date", "published_date", "posted_date", "mandatory_part_count", "is_within_authority", "form_field_count", "form_field_cut_count", "updated_at") on raw."portal__publications" to egov_auditor;

create table quarantine."portal__publications" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "procedure_code" text,
    "decision_number" text,
    "field_name" text,
    "competent_level" text,
    "change_kind" text,
    "is_reviewed" text,
    "decision_date" text,
    "legal_effective_date" text,
    "published_date" text,
    "posted_date" text,
    "mandatory_part_count" text,
    "is_within_authority" text,
    "form_field_count" text,
    "form_field_cut_count" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."portal__publications" is 'Refused rows: Thủ tục hành chính theo quyết định công bố, sửa đổi, thay thế, bãi bỏ: thời điểm công bố, công khai và nội dung công khai / Procedures by the decision that announced, changed or abolished them: when they were published and posted, what the posting holds. One row per unit, procedure, decision and version.';
create index "portal__publications_load" on quarantine."portal__publications" (load_seq);
create trigger refuse_delete before delete on quarantine."portal__publications" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."portal__publications" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."portal__publications" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."portal__publications" to egov_loader;
grant select, update (state) on quarantine."portal__publications" to egov_custodian;
grant select on quarantine."portal__publications" to egov_auditor;

alter table quarantine."portal__publications"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "portal__publications_key" on quarantine."portal__publications" (key_digest) where state = 'open';
create index "portal__publications_closed" on quarantine."portal__publications" (closed_event_no);
create trigger closed_by_event after update on quarantine."portal__publications" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."portal__publications" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."portal__publications" from egov_custodian;
revoke select on quarantine."portal__publications" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "procedure_code", "decision_number", "field_name", "competent_level", "change_kind", "is_reviewed", "decision_date", "legal_effective_date", "published_date", "posted_date", "mandatory_part_count", "is_within_authority", "form_field_count", "form_field_cut_count", "updated_at") on quarantine."portal__publications" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('portal.publications', 'delta', '{agency_code,procedure_code,decision_number}', '{}', 'agency_code', 'decision_date', 'yyyy-MM-dd', '{decision_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The decisions on procedures: days of publication and posting, and how they stand to the days that the rules allow.

create table blue.fct_publication (
    source_agency_code text not null,
    procedure_code text not null,
    decision_number text not null,
    business_month date not null,
    publication_code text not null,
    agency_code text not null,
    field_name text not null,
    competent_level text not null,
    change_kind text not null,
    is_reviewed boolean not null,
    decision_date date not null,
    legal_effective_date date,
    published_date date,
    published_month date,
    posting_due_date date,
    posted_date date,
    posted_month date,
    last_unposted_date date,
    posting_lag_days int,
    is_published_in_time boolean not null,
    is_posted_in_time boolean not null,
    is_complete boolean not null,
    is_within_authority boolean not null,
    form_field_count int,
    form_field_cut_count int,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, source_agency_code, procedure_code, decision_number)
) partition by range (business_month);

select publish.add_to_green('fct_publication');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (source_agency_code, procedure_code, decision_number, business_month, agency_code, field_name, '
            'competent_level, change_kind, is_reviewed, decision_date, legal_effective_date, published_date, '
            'published_month, posting_due_date, posted_date, posted_month, last_unposted_date, posting_lag_days, '
            'is_published_in_time, is_posted_in_time, is_complete, is_within_authority, form_field_count, '
            'form_field_cut_count, load_seq, file_digest, row_no) on %I.fct_publication to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_to_marts(
    'procedure_publication', 'fct_publication',
    't.agency_code, t.procedure_code, t.decision_number, t.field_name, t.competent_level, t.change_kind, t.is_reviewed, '
    't.decision_date, t.legal_effective_date, t.published_date, t.posting_due_date, t.posted_date, t.posting_lag_days, '
    't.is_published_in_time, t.is_posted_in_time, t.is_complete, t.is_within_authority, t.form_field_count, '
    't.form_field_cut_count',
    'Công bố, công khai thủ tục theo quyết định / Procedures by decision: when published and posted'
);
select publish.add_theme('publicity', 'Chỉ tiêu công bố, công khai thủ tục / Publication and posting of procedures');
