-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- one_stop.satisfaction
create table raw."one_stop__satisfaction" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "vote_code" text,
    "agency_code" text,
    "vote_channel" text,
    "rating" text,
    "voted_at" timestamptz,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."one_stop__satisfaction" is 'Đánh giá mức độ hài lòng trên máy tính bảng và cổng dịch vụ công / Votes on how dossiers were handled, from tablets and the portal. One row per vote and version; no vote is linked to a person or a dossier.';
comment on column raw."one_stop__satisfaction"."vote_code" is 'Mã lượt đánh giá / Number that the tablet or the portal gives the vote';
comment on column raw."one_stop__satisfaction"."agency_code" is 'Mã đơn vị / Unit that is voted on';
comment on column raw."one_stop__satisfaction"."vote_channel" is 'Kênh đánh giá / tablet or portal';
comment on column raw."one_stop__satisfaction"."rating" is 'Mức độ hài lòng / very_satisfied, satisfied or dissatisfied';
comment on column raw."one_stop__satisfaction"."voted_at" is 'Thời điểm đánh giá / Time of the vote';
comment on column raw."one_stop__satisfaction"."updated_at" is 'Ngày cập nhật / Time of the last change in the source: the version of the row';
create index "one_stop__satisfaction_key" on raw."one_stop__satisfaction" ("vote_code");
create index "one_stop__satisfaction_load" on raw."one_stop__satisfaction" (load_seq);
create trigger refuse_change before update or delete on raw."one_stop__satisfaction" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."one_stop__satisfaction" for each statement execute function raw.refuse_change();
grant select, insert on raw."one_stop__satisfaction" to egov_loader;
grant select on raw."one_stop__satisfaction" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "vote_code", "agency_code", "vote_channel", "rating", "voted_at", "updated_at") on raw."one_stop__satisfaction" to egov_auditor;

create table quarantine."one_stop__satisfaction" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "vote_code" text,
    "agency_code" text,
    "vote_channel" text,
    "rating" text,
    "voted_at" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."one_stop__satisfaction" is 'Refused rows: Đánh giá mức độ hài lòng trên máy tính bảng và cổng dịch vụ công / Votes on how dossiers were handled, from tablets and the portal. One row per vote and version; no vote is linked to a person or a dossier.';
create index "one_stop__satisfaction_load" on quarantine."one_stop__satisfaction" (load_seq);
create trigger refuse_delete before delete on quarantine."one_stop__satisfaction" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."one_stop__satisfaction" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."one_stop__satisfaction" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."one_stop__satisfaction" to egov_loader;
grant select, update (state) on quarantine."one_stop__satisfaction" to egov_custodian;
grant select on quarantine."one_stop__satisfaction" to egov_auditor;

alter table quarantine."one_stop__satisfaction"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "one_stop__satisfaction_key" on quarantine."one_stop__satisfaction" (key_digest) where state = 'open';
create index "one_stop__satisfaction_closed" on quarantine."one_stop__satisfaction" (closed_event_no);
create trigger closed_by_event after update on quarantine."one_stop__satisfaction" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."one_stop__satisfaction" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."one_stop__satisfaction" from egov_custodian;
revoke select on quarantine."one_stop__satisfaction" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "vote_code", "agency_code", "vote_channel", "rating", "voted_at", "updated_at") on quarantine."one_stop__satisfaction" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('one_stop.satisfaction', 'delta', '{vote_code}', '{}', 'agency_code', 'voted_at', 'dd/MM/yyyy', '{voted_at}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- Votes. Nothing links one to a person or a dossier.

create table blue.fct_satisfaction_vote (
    vote_code text not null,
    agency_code text not null,
    vote_channel text not null,
    rating text not null,
    voted_date date not null,
    business_month date not null,
    is_satisfied boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, vote_code)
) partition by range (business_month);

select publish.add_to_green('fct_satisfaction_vote');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (load_seq, file_digest, row_no, vote_code, agency_code, vote_channel, rating, '
            'voted_date, business_month, is_satisfied) on %I.fct_satisfaction_vote to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('satisfaction', 'Chỉ tiêu mức độ hài lòng / Satisfaction');
