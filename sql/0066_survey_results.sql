-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- forms.survey_results
create table raw."forms__survey_results" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "index_code" text,
    "survey_year" integer,
    "agency_code" text,
    "domain_code" text,
    "domain_name" text,
    "score" numeric,
    "max_score" numeric,
    "unit_rank" integer,
    "sample_size" integer,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."forms__survey_results" is 'Kết quả khảo sát và chỉ số tổng hợp (SIPAS, PAPI, DGI, DTI) theo lĩnh vực / Results of surveys and composite indices (SIPAS, PAPI, DGI, DTI), by domain, as workbooks. One row per index, year, unit and domain.';
comment on column raw."forms__survey_results"."index_code" is 'Mã chỉ số / Code of the survey or index: SIPAS, PAPI, DGI, DTI';
comment on column raw."forms__survey_results"."survey_year" is 'Năm / Year that the result is about';
comment on column raw."forms__survey_results"."agency_code" is 'Mã đơn vị / Unit that the result is about, as the source writes it; mapped by the agency seed';
comment on column raw."forms__survey_results"."domain_code" is 'Mã lĩnh vực / Number of the domain or dimension within the index';
comment on column raw."forms__survey_results"."domain_name" is 'Tên lĩnh vực / Name of the domain or dimension';
comment on column raw."forms__survey_results"."score" is 'Điểm / Score of the unit in the domain; a mean of answers, never to be added to another';
comment on column raw."forms__survey_results"."max_score" is 'Điểm tối đa / Maximum of the domain';
comment on column raw."forms__survey_results"."unit_rank" is 'Xếp hạng / Rank of the unit in the domain; empty where nobody ranks';
comment on column raw."forms__survey_results"."sample_size" is 'Số phiếu / People whose answers the score rests on; empty for an index without a survey';
comment on column raw."forms__survey_results"."snapshot_date" is 'Ngày chốt số liệu / Day up to which the result tells, usually the last of its year: the as_of of the marts';
comment on column raw."forms__survey_results"."exported_at" is 'Thời điểm gửi / Time at which the workbook was sent: the version of the result';
create index "forms__survey_results_key" on raw."forms__survey_results" ("index_code", "agency_code", "domain_code", "snapshot_date");
create index "forms__survey_results_load" on raw."forms__survey_results" (load_seq);
create trigger refuse_change before update or delete on raw."forms__survey_results" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__survey_results" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__survey_results" to egov_loader;
grant select on raw."forms__survey_results" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "index_code", "survey_year", "agency_code", "domain_code", "domain_name", "score", "max_score", "unit_rank", "sample_size", "snapshot_date", "exported_at") on raw."forms__survey_results" to egov_auditor;

create table quarantine."forms__survey_results" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "index_code" text,
    "survey_year" text,
    "agency_code" text,
    "domain_code" text,
    "domain_name" text,
    "score" text,
    "max_score" text,
    "unit_rank" text,
    "sample_size" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__survey_results" is 'Refused rows: Kết quả khảo sát và chỉ số tổng hợp (SIPAS, PAPI, DGI, DTI) theo lĩnh vực / Results of surveys and composite indices (SIPAS, PAPI, DGI, DTI), by domain, as workbooks. One row per index, year, unit and domain.';
create index "forms__survey_results_load" on quarantine."forms__survey_results" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__survey_results" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__survey_results" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__survey_results" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__survey_results" to egov_loader;
grant select, update (state) on quarantine."forms__survey_results" to egov_custodian;
grant select on quarantine."forms__survey_results" to egov_auditor;

alter table quarantine."forms__survey_results"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__survey_results_key" on quarantine."forms__survey_results" (key_digest) where state = 'open';
create index "forms__survey_results_closed" on quarantine."forms__survey_results" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__survey_results" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__survey_results" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__survey_results" from egov_custodian;
revoke select on quarantine."forms__survey_results" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "index_code", "survey_year", "agency_code", "domain_code", "domain_name", "score", "max_score", "unit_rank", "sample_size", "snapshot_date", "exported_at") on quarantine."forms__survey_results" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('forms.survey_results', 'snapshot', '{index_code,agency_code,domain_code,snapshot_date}', '{index_code}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The fact, and the view of BI. A score is a mean of answers: there is no total, over domains, units or time.

create table blue.fct_survey_result (
    snapshot_date date not null,
    index_code text not null,
    source_agency_code text not null,
    domain_code text not null,
    business_month date not null,
    agency_code text not null,
    survey_year int not null,
    domain_name text not null,
    score numeric not null,
    max_score numeric not null,
    unit_rank int,
    sample_size int,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, index_code, source_agency_code, domain_code)
) partition by range (business_month);

select publish.add_to_green('fct_survey_result');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, index_code, source_agency_code, domain_code, business_month, agency_code, '
            'survey_year, score, max_score, unit_rank, sample_size, load_seq, file_digest, row_no) '
            'on %I.fct_survey_result to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_to_marts(
    'survey_result', 'fct_survey_result',
    't.index_code, t.survey_year, t.agency_code, t.snapshot_date as as_of, t.domain_code, t.domain_name, t.score, '
    't.max_score, t.unit_rank, t.sample_size',
    'Kết quả khảo sát và chỉ số theo lĩnh vực, không cộng điểm / Results of surveys and indices by domain, never summed'
);
