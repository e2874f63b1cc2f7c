-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

-- feedback.petitions
create table raw."feedback__petitions" (
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    is_unchanged boolean not null,
    loaded_month date not null,
    "petition_hash" text,
    "agency_code" text,
    "channel" text,
    "received_date" date,
    "outcome" text,
    "handled_date" date,
    "is_disliked" boolean,
    "is_petitioned_again" boolean,
    "is_first" boolean,
    "updated_at" timestamptz
) partition by range (loaded_month);
comment on table raw."feedback__petitions" is 'Phản ánh, kiến nghị của cá nhân, tổ chức về quy định hành chính, hành vi hành chính và kết quả trả lời / Feedback and petitions of citizens and businesses on administrative rules and acts, with the answer that they got. One row per petition and version.';
comment on column raw."feedback__petitions"."petition_hash" is 'Mã phản ánh, kiến nghị / Keyed pseudonym of the petition''s code, which opens the citizen''s text on the portal';
comment on column raw."feedback__petitions"."agency_code" is 'Mã đơn vị xử lý / Unit that has to answer';
comment on column raw."feedback__petitions"."channel" is 'Kênh tiếp nhận / portal, hotline (1022) or other';
comment on column raw."feedback__petitions"."received_date" is 'Ngày tiếp nhận / Day of receipt: the clock starts here';
comment on column raw."feedback__petitions"."outcome" is 'Kết quả xử lý / refused (2 working days), asked (sent back for more details, 5) or answered (15); empty while it is handled';
comment on column raw."feedback__petitions"."handled_date" is 'Ngày xử lý xong / Day of the refusal, the question or the answer';
comment on column raw."feedback__petitions"."is_disliked" is 'Không hài lòng / The petitioner is not satisfied with the answer';
comment on column raw."feedback__petitions"."is_petitioned_again" is 'Phản ánh lại / The petitioner has petitioned again on the same matter';
comment on column raw."feedback__petitions"."is_first" is 'Tiếp nhận lần đầu / A first petition; false for one that repeats an earlier one';
comment on column raw."feedback__petitions"."updated_at" is 'Thời điểm cập nhật / Time of the last change in the source: the version of the row';
create index "feedback__petitions_key" on raw."feedback__petitions" ("petition_hash");
create index "feedback__petitions_load" on raw."feedback__petitions" (load_seq);
create trigger refuse_change before update or delete on raw."feedback__petitions" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on raw."feedback__petitions" for each statement execute function raw.refuse_change();
grant select, insert on raw."feedback__petitions" to egov_loader;
grant select on raw."feedback__petitions" to egov_builder;
grant select (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, "agency_code", "channel", "received_date", "outcome", "handled_date", "is_disliked", "is_petitioned_again", "is_first", "updated_at") on raw."feedback__petitions" to egov_auditor;

create table quarantine."feedback__petitions" (
    quarantine_id bigint generated always as identity primary key,
    load_seq bigint not null,
    file_digest text not null,
    sheet text,
    row_no bigint not null,
    row_digest bytea not null,
    rule_ids text[] not null check (cardinality(rule_ids) > 0),
    "agency_code" text,
    "channel" text,
    "received_date" text,
    "outcome" text,
    "handled_date" text,
    "is_disliked" text,
    "is_petitioned_again" text,
    "is_first" text,
    "updated_at" text,
    state text not null default 'open' check (state in ('open', 'corrected', 'replayed', 'waived', 'rejected')),
    refused_at timestamptz not null default now()
);
comment on table quarantine."feedback__petitions" is 'Refused rows: Phản ánh, kiến nghị của cá nhân, tổ chức về quy định hành chính, hành vi hành chính và kết quả trả lời / Feedback and petitions of citizens and businesses on administrative rules and acts, with the answer that they got. One row per petition and version.';
create index "feedback__petitions_load" on quarantine."feedback__petitions" (load_seq);
create trigger refuse_delete before delete on quarantine."feedback__petitions" for each row execute function raw.refuse_change();
create trigger refuse_truncate before truncate on quarantine."feedback__petitions" for each statement execute function raw.refuse_change();
create trigger state_only before update on quarantine."feedback__petitions" for each row execute function quarantine.refuse_other_change();
grant select, insert on quarantine."feedback__petitions" to egov_loader;
grant select, update (state) on quarantine."feedback__petitions" to egov_custodian;
grant select on quarantine."feedback__petitions" to egov_auditor;

alter table quarantine."feedback__petitions"
    add column key_digest bytea,
    add column source_version_at timestamptz,
    add column closed_event_no bigint;
create index "feedback__petitions_key" on quarantine."feedback__petitions" (key_digest) where state = 'open';
create index "feedback__petitions_closed" on quarantine."feedback__petitions" (closed_event_no);
create trigger closed_by_event after update on quarantine."feedback__petitions" referencing new table as changed for each statement execute function quarantine.check_closed();
create trigger born_open before insert on quarantine."feedback__petitions" for each row when (new.state <> 'open' or new.closed_event_no is not null) execute function quarantine.refuse_other_change();
revoke update (state), select on quarantine."feedback__petitions" from egov_custodian;
revoke select on quarantine."feedback__petitions" from egov_auditor;
grant select (quarantine_id, load_seq, file_digest, sheet, row_no, row_digest, rule_ids, state, refused_at, source_version_at, closed_event_no, "agency_code", "channel", "received_date", "outcome", "handled_date", "is_disliked", "is_petitioned_again", "is_first", "updated_at") on quarantine."feedback__petitions" to egov_custodian, egov_auditor;

insert into build.dataset_column values
('feedback.petitions', 'delta', '{petition_hash}', '{}', 'agency_code', 'received_date', 'yyyy-MM-dd', '{received_date}');
select quarantine.refresh_views();
select build.refresh_refused_rows();

-- The petitions: when they were answered, and until when they had to be.

create table blue.fct_petition (
    petition_hash text not null,
    business_month date not null,
    agency_code text not null,
    channel text not null,
    received_date date not null,
    due_date date not null,
    longest_due_date date not null,
    outcome text,
    handled_date date,
    handled_month date,
    last_pending_date date,
    is_in_time boolean not null,
    is_disliked boolean not null,
    is_petitioned_again boolean not null,
    is_first boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, petition_hash)
) partition by range (business_month);

select publish.add_to_green('fct_petition');

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'grant select (business_month, agency_code, channel, received_date, due_date, longest_due_date, outcome, '
            'handled_date, handled_month, last_pending_date, is_in_time, is_disliked, is_petitioned_again, is_first, load_seq, '
            'file_digest, row_no) on %I.fct_petition to egov_auditor', colour
        );
    end loop;
end
$$;

select publish.add_theme('feedback', 'Chỉ tiêu phản ánh, kiến nghị / Feedback and petitions');
