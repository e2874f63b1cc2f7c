-- The figures of published reports, as printed and as recomputed. One row per claim of one checked file; a file that is
-- checked again, by a later version say, gets rows of its own. Nothing is ever changed: what an auditor has seen stays.

insert into ledger.event_kind (kind, written_by, title_vi, title_en) values
('report_checked', '{egov_auditor,egov_publisher}', 'Đã kiểm tra số liệu báo cáo', 'Report checked');

create table ledger.reported_claim (
    check_no bigint not null,
    claim_no int not null check (claim_no > 0),
    checked_at timestamptz not null default clock_timestamp(),
    checked_by text not null default session_user,
    file_name text not null,
    file_digest text not null check (file_digest ~ '^[0-9a-f]{64}$'),
    claim_text text not null,
    span_start int not null check (span_start >= 0),
    span_end int not null,
    kind text not null check (kind in ('ratio', 'share', 'sum', 'points', 'increase', 'count_as_rate')),
    numerator numeric,
    denominator numeric,
    stated numeric,
    recomputed numeric,
    verdict text not null check (verdict in ('holds', 'wrong', 'incomplete', 'unit_slip', 'target', 'ambiguous')),
    reason_vi text not null,
    reason_en text not null,
    agency_code text,
    period_grain text check (period_grain in ('month', 'quarter', 'year')),
    period_start date,
    kpi_code text,
    kpi_numerator numeric,
    kpi_denominator numeric,
    kpi_value numeric,
    publish_no bigint,
    primary key (check_no, claim_no),
    check (span_end > span_start)
);

create index reported_claim_file_idx on ledger.reported_claim (file_digest);

create sequence ledger.report_check_no;

create trigger append_only before update or delete or truncate on ledger.reported_claim
for each statement execute function ledger.refuse_change();

grant select, insert on ledger.reported_claim to egov_auditor, egov_publisher;
grant select on ledger.reported_claim to egov_mart_owner;
grant usage on sequence ledger.report_check_no to egov_auditor, egov_publisher;
grant execute on function ledger.append(text, text) to egov_auditor;

-- BI sees the latest check of each file: one row per claim.
create view marts.mart_reported_claim with (security_barrier) as
select
    c.check_no,
    c.claim_no,
    c.checked_at,
    c.file_name,
    c.file_digest,
    c.claim_text,
    c.span_start,
    c.span_end,
    c.kind,
    c.numerator,
    c.denominator,
    c.stated,
    c.recomputed,
    c.verdict,
    c.reason_vi,
    c.reason_en,
    c.agency_code,
    c.period_grain,
    c.period_start,
    c.kpi_code,
    c.kpi_numerator,
    c.kpi_denominator,
    c.kpi_value,
    c.publish_no
from ledger.reported_claim as c
where c.check_no = (select max(l.check_no) from ledger.reported_claim as l where l.file_digest = c.file_digest);

comment on view marts.mart_reported_claim is 'Số liệu báo cáo và kết quả tính lại / Figures of reports, recomputed';

alter view marts.mart_reported_claim owner to egov_mart_owner;
grant select on marts.mart_reported_claim to egov_bi, egov_auditor, egov_publisher;
