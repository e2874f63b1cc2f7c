-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- forms.par_scorecards
create table raw."forms__par_scorecards" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "index_code" text,
    "agency_code" text,
    "domain_code" text,
    "domain_name" text,
    "criterion_code" text,
    "criterion_name" text,
    "max_points" numeric,
    "self_points" numeric,
    "survey_points_pending" numeric,
    "projected_points" numeric,
    "snapshot_date" date,
    "exported_at" timestamptz
) partition by range (loaded_month);
comment on table raw."forms__par_scorecards" is 'Bảng tự chấm điểm cải cách hành chính của đơn vị / Scorecards of administrative reform, as workbooks that units fill in. One row per index, unit, lowest criterion and date of the scores.';
comment on column raw."forms__par_scorecards"."index_code" is 'Mã bộ chỉ số / Code of the set of criteria; a set with other maxima has another code';
comment on column raw."forms__par_scorecards"."agency_code" is 'Mã đơn vị / Code of the unit, as the source writes it; mapped by the agency seed';
comment on column raw."forms__par_scorecards"."domain_code" is 'Mã lĩnh vực / Number of the domain within the index';
comment on column raw."forms__par_scorecards"."domain_name" is 'Tên lĩnh vực / Name of the domain';
comment on column raw."forms__par_scorecards"."criterion_code" is 'Mã tiêu chí / Number of the criterion, of the sub-criterion where there is one: the lowest that is scored';
comment on column raw."forms__par_scorecards"."criterion_name" is 'Tên tiêu chí / Name of the criterion';
comment on column raw."forms__par_scorecards"."max_points" is 'Điểm tối đa / Maximum of the criterion';
comment on column raw."forms__par_scorecards"."self_points" is 'Điểm tự chấm / Points that the unit gives itself up to the date; survey points are never among them';
comment on column raw."forms__par_scorecards"."survey_points_pending" is 'Điểm chờ điều tra xã hội học / Part of the maximum that a survey of citizens will decide; 0 where there is none';
comment on column raw."forms__par_scorecards"."projected_points" is 'Điểm dự kiến cuối năm / Points that the unit expects to have at the end of the year, without the survey';
comment on column raw."forms__par_scorecards"."snapshot_date" is 'Ngày chốt điểm / Date up to which the points are told: the as_of of the marts';
comment on column raw."forms__par_scorecards"."exported_at" is 'Thời điểm gửi / Time at which the unit sent the workbook: the version of the scorecard';
create index "forms__par_scorecards_key" on raw."forms__par_scorecards" ("index_code", "agency_code", "criterion_code", "snapshot_date");
create index "forms__par_scorecards_load" on raw."forms__par_scorecards" (load_seq);
create trigger refuse_change before update or delete on raw."forms__par_scorecards" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."forms__par_scorecards" for each statement execute function raw.refuse_change();
grant select, insert on raw."forms__par_scorecards" to egov_loader;
grant select on raw."forms__par_scorecards" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "index_code", "agency_code", "domain_code", "domain_name", "criterion_code", "criterion_name", "max_points", "self_points", "survey_points_pending", "projected_points", "snapshot_date", "exported_at") on raw."forms__par_scorecards" to egov_auditor;

create table quarantine."forms__par_scorecards" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "index_code" text,
    "agency_code" text,
    "domain_code" text,
    "domain_name" text,
    "criterion_code" text,
    "criterion_name" text,
    "max_points" text,
    "self_points" text,
    "survey_points_pending" text,
    "projected_points" text,
    "snapshot_date" text,
    "exported_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."forms__par_scorecards" is 'Refused rows: Bảng tự chấm điểm cải cách hành chính của đơn vị / Scorecards of administrative reform, as workbooks that units fill in. One row per index, unit, lowest criterion and date of the scores.';
create index "forms__par_scorecards_load" on quarantine."forms__par_scorecards" (load_seq);
create trigger refuse_delete before delete on quarantine."forms__par_scorecards" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."forms__par_scorecards" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."forms__par_scorecards" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."forms__par_scorecards" to egov_loader;
grant select, update (state) on quarantine."forms__par_scorecards" to egov_custodian;
grant select on quarantine."forms__par_scorecards" to egov_auditor;

alter table quarantine."forms__par_scorecards"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "forms__par_scorecards_key" on quarantine."forms__par_scorecards" (key_digest) where state = 'open';
create index "forms__par_scorecards_closed" on quarantine."forms__par_scorecards" (closed_event_no);
create trigger closed_by_event after update on quarantine."forms__par_scorecards" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."forms__par_scorecards" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."forms__par_scorecards" from egov_custodian;
revoke select on quarantine."forms__par_scorecards" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "index_code", "agency_code", "domain_code", "domain_name", "criterion_code", "criterion_name", "max_points", "self_points", "survey_points_pending", "projected_points", "snapshot_date", "exported_at") on quarantine."forms__par_scorecards" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('forms.par_scorecards', 'snapshot', '{index_code,agency_code,criterion_code,snapshot_date}', '{index_code,agency_code}', 'agency_code', 'snapshot_date', 'dd/MM/yyyy', '{snapshot_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The facts, and their totals: per domain, and over the whole index. Survey scores are no self scores: what a survey will
-- decide stands in a column of its own and is taken off the maximum, never added to points.

create table blue.fct_par_scorecard (
    snapshot_date date not null,
    index_code text not null,
    source_agency_code text not null,
    criterion_code text not null,
    business_month date not null,
    agency_code text not null,
    domain_code text not null,
    domain_name text not null,
    criterion_name text not null,
    max_points numeric not null,
    self_points numeric not null,
    survey_points_pending numeric not null,
    projected_points numeric not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, index_code, source_agency_code, criterion_code)
) partition by range (business_month);

create table blue.par_scorecard_total (
    snapshot_date date not null,
    index_code text not null,
    agency_code text not null,
    domain_code text not null,
    business_month date not null,
    domain_name text,
    is_grand_total boolean not null,
    criterion_count int not null,
    max_points numeric not null,
    self_points numeric not null,
    survey_points_pending numeric not null,
    self_scorable_points numeric not null,
    projected_points numeric not null,
    lost_points numeric not null,
    self_pct numeric,
    projected_pct numeric,
    primary key (business_month, snapshot_date, index_code, agency_code, domain_code)
) partition by range (business_month);

select publish.add_to_green('fct_par_scorecard');
select publish.add_to_green('par_scorecard_total');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (snapshot_date, index_code, source_agency_code, criterion_code, business_month, agency_code, '
            'domain_code, max_points, self_points, survey_points_pending, projected_points, load_seq, file_digest, '
            'row_no) on %I.fct_par_scorecard to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_to_marts(
    'par_scorecard', 'fct_par_scorecard',
    't.index_code, t.agency_code, t.snapshot_date as as_of, t.domain_code, t.domain_name, t.criterion_code, '
    't.criterion_name, t.max_points, t.self_points, t.survey_points_pending, t.projected_points',
    'Điểm tự chấm cải cách hành chính theo tiêu chí / Scorecards of administrative reform, by criterion'
);
select publish.add_to_marts(
    'par_scorecard_total', 'par_scorecard_total',
    't.index_code, t.agency_code, t.snapshot_date as as_of, t.domain_code, t.domain_name, t.is_grand_total, '
    't.criterion_count, t.max_points, t.self_points, t.survey_points_pending, t.self_scorable_points, '
    't.projected_points, t.lost_points, t.self_pct, t.projected_pct',
    'Tổng điểm cải cách hành chính theo lĩnh vực và toàn bộ chỉ số / Totals of scorecards by domain and over the index'
);
