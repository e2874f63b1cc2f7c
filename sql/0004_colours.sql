-- The published tables, in two colours of one structure. dbt fills the colour that nobody reads, by insert and delete
-- only; structure changes here, on both colours, and nowhere else. docs/reference/kpis.md says what the columns mean.

-- Facts: one row per thing, partitioned by the month in which it happened. load_seq, file_digest and row_no lead back
-- to the exported row.

create table blue.fct_document (
    document_id text not null,
    agency_code text not null,
    issued_date date not null,
    business_month date not null,
    document_type text,
    urgency_level text,
    recipient_scope text not null,
    is_sent_via_axis boolean,
    medium text not null,
    document_status text not null,
    personal_signed_at timestamptz,
    organisation_signed_at timestamptz,
    is_in_scope boolean not null,
    is_signed boolean not null,
    is_signed_dual boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, document_id)
) partition by range (business_month);

create index fct_document_key_idx on blue.fct_document (document_id);

create table blue.fct_dossier (
    source_system text not null,
    dossier_hash text not null,
    agency_code text not null,
    procedure_code text not null,
    channel text not null,
    applicant_type text,
    dossier_status text not null,
    received_date date not null,
    business_month date not null,
    due_date date,
    settled_date date,
    settled_month date,
    returned_date date,
    returned_month date,
    return_method text,
    supplement_request_count int,
    is_received boolean not null,
    is_settled boolean not null,
    is_returned boolean not null,
    is_settled_on_time boolean not null,
    is_settled_late boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, source_system, dossier_hash)
) partition by range (business_month);

create index fct_dossier_key_idx on blue.fct_dossier (dossier_hash);
-- A night asks for what was settled or returned in one month, whenever it was received.
create index fct_dossier_settled_idx on blue.fct_dossier (settled_month) where settled_month is not null;
create index fct_dossier_returned_idx on blue.fct_dossier (returned_month) where returned_month is not null;

create table blue.fct_mail_account (
    snapshot_date date not null,
    mailbox_hash text not null,
    business_month date not null,
    agency_code text not null,
    account_status text not null,
    issued_date date,
    last_used_at timestamptz,
    sent_30d_count int,
    read_30d_count int,
    is_issued boolean not null,
    is_used boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, mailbox_hash)
) partition by range (business_month);

create table blue.fct_headcount (
    snapshot_date date not null,
    source_agency_code text not null,
    business_month date not null,
    agency_code text not null,
    headcount int not null,
    headcount_basis text not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, source_agency_code)
) partition by range (business_month);

create table blue.fct_certificate (
    snapshot_date date not null,
    source_agency_code text not null,
    certificate_number text not null,
    business_month date not null,
    agency_code text not null,
    is_mandated boolean not null,
    announced_date date,
    internal_audit_date date,
    management_review_date date,
    valid_until_date date,
    procedures_covered_count int,
    is_announced boolean not null,
    is_kept_up boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, source_agency_code, certificate_number)
) partition by range (business_month);

create table blue.fct_procedure_offer (
    snapshot_date date not null,
    source_agency_code text not null,
    procedure_code text not null,
    business_month date not null,
    agency_code text not null,
    procedure_name text not null,
    field_name text,
    competent_level text not null,
    service_level text not null,
    procedure_status text not null,
    posted_date date,
    is_in_force boolean not null,
    is_posted boolean not null,
    load_seq bigint not null,
    file_digest text not null,
    row_no bigint not null,
    primary key (business_month, snapshot_date, source_agency_code, procedure_code)
) partition by range (business_month);

create index fct_procedure_offer_code_idx on blue.fct_procedure_offer (procedure_code);

-- What the KPIs are made of: own amounts per unit and month. Flows carry the month as observed_date, stocks the date of
-- their snapshot. A row with an empty distinct_key says that the unit was observed, be the amount zero; valid_until is
-- the last day on which the amount counts.
create table blue.fct_kpi_component (
    measure_code text not null,
    agency_code text not null,
    business_month date not null,
    observed_date date not null,
    distinct_key text not null,
    amount numeric not null,
    valid_until date,
    primary key (business_month, measure_code, agency_code, observed_date, distinct_key)
) partition by range (business_month);

create table blue.dim_agency (
    agency_code text not null,
    valid_from date not null,
    valid_to date,
    name_vi text not null,
    name_en text not null,
    level text not null,
    parent_code text,
    province_code text not null,
    is_iso_mandated boolean not null,
    primary key (agency_code, valid_from)
);

create table blue.dim_calendar (
    calendar_date date primary key,
    month_start date not null,
    quarter_start date not null,
    year_start date not null,
    is_working boolean not null,
    reason_vi text,
    decision text,
    is_confirmed boolean not null
);

create table blue.dim_procedure (
    procedure_code text not null,
    competent_level text not null,
    procedure_name text not null,
    field_name text,
    first_seen_date date not null,
    last_seen_date date not null,
    is_in_force boolean not null,
    primary key (procedure_code, competent_level)
);

create table blue.dim_kpi (
    kpi_code text not null,
    kpi_version int not null,
    method text not null,
    due_basis text not null,
    theme text not null,
    name_vi text not null,
    name_en text not null,
    formula_vi text not null,
    formula_en text not null,
    numerator_measure text not null,
    numerator_time_rollup text not null,
    numerator_unit_rollup text not null,
    denominator_measure text,
    denominator_time_rollup text,
    denominator_unit_rollup text,
    unit text not null,
    target numeric,
    direction text,
    legal_basis text not null,
    valid_from date not null,
    valid_to date,
    is_confirmed boolean not null,
    owner text not null,
    primary key (kpi_code, kpi_version, method, due_basis)
);

-- Up to which day each dataset is known to this colour; written last, so that the next build sees what has moved.
create table blue.data_freshness (
    dataset text primary key,
    data_as_of date not null
);

create table blue.kpi_value (
    kpi_code text not null,
    kpi_version int not null,
    method text not null check (method in ('A', 'B', 'C', '-')),
    due_basis text not null check (due_basis in ('date', 'hour', '-')),
    agency_code text not null,
    scope text not null check (scope in ('own', 'tree')),
    unit_basis text not null check (unit_basis in ('as_was', 'restated')),
    period_grain text not null check (period_grain in ('month', 'quarter', 'year')),
    period_start date not null,
    numerator numeric,
    denominator numeric,
    value numeric,
    unit text not null,
    value_reason text,
    target numeric,
    target_met boolean,
    data_as_of date,
    agencies_reporting int not null,
    agencies_expected int not null,
    quarantined_share numeric not null,
    primary key (
        period_start, period_grain, kpi_code, kpi_version, method, due_basis, agency_code, scope, unit_basis
    )
);

-- One table per theme, for the people of that theme; same columns, same rows as kpi_value.
create table blue.kpi_digital_signature (like blue.kpi_value including all);
create table blue.kpi_official_mail (like blue.kpi_value including all);
create table blue.kpi_online_service (like blue.kpi_value including all);
create table blue.kpi_iso_compliance (like blue.kpi_value including all);

create index kpi_value_agency_idx on blue.kpi_value (agency_code, kpi_code, period_start);

-- Green is made from blue, so that the two cannot differ.
do $$
declare
    item record;
begin
    for item in
        select c.relname, pg_get_partkeydef(c.oid) as partition_key
        from pg_class as c
        where c.relnamespace = 'blue'::regnamespace and c.relkind in ('r', 'p')
        order by c.relname
    loop
        execute format(
            'create table green.%I (like blue.%I including all)%s',
            item.relname, item.relname, coalesce(' partition by ' || item.partition_key, '')
        );
    end loop;
end
$$;

-- Partitions of a table for months, made apart and then attached: `create table ... partition of` waits for the readers
-- of the table, and new readers queue behind it. There is no default partition, since attaching would have to scan it.
create function publish.ensure_partitions(colour text, table_name text, months date[]) returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    first_day date;
    partition_name text;
    made int := 0;
begin
    if colour not in ('blue', 'green') then
        raise exception 'no such colour: %', colour using errcode = 'invalid_parameter_value';
    end if;
    if not exists (
        select from pg_partitioned_table as p join pg_class as c on c.oid = p.partrelid
        where c.relnamespace = colour::regnamespace and c.relname = table_name
    ) then
        raise exception '%.% is not a partitioned table', colour, table_name using errcode = 'undefined_table';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('publish.ensure_partitions:' || colour || '.' || table_name, 0));
    for first_day in select distinct date_trunc('month', m)::date from unnest(months) as m order by 1 loop
        partition_name := table_name || to_char(first_day, '"__"YYYYMM');
        if to_regclass(format('%I.%I', colour, partition_name)) is null then
            execute format(
                'create table %I.%I (like %I.%I including defaults including constraints)',
                colour, partition_name, colour, table_name
            );
            execute format(
                'alter table %I.%I attach partition %I.%I for values from (%L) to (%L)',
                colour, table_name, colour, partition_name,
                first_day, (first_day + interval '1 month')::date
            );
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;

-- Fresh statistics after a large change; only the owner of a table may analyse it, and dbt is not the owner.
create function publish.refresh_statistics(colour text, table_name text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if colour not in ('blue', 'green') then
        raise exception 'no such colour: %', colour using errcode = 'invalid_parameter_value';
    end if;
    execute format('analyze %I.%I', colour, table_name);
end
$$;

revoke execute on function publish.ensure_partitions(text, text, date[]) from public;
revoke execute on function publish.refresh_statistics(text, text) from public;
grant execute on function publish.ensure_partitions(text, text, date[]) to egov_builder;
grant execute on function publish.refresh_statistics(text, text) to egov_builder;

-- A day in the words of a contract, or NULL. Has the owner's rights, since the functions of raw are the loader's.
create function build.day_of(value text, format text) returns date
language sql stable security definer
set search_path = pg_catalog, pg_temp
return case
    when raw.is_date(left(value, 10), format)
        then to_date(left(value, 10), case format when 'dd/MM/yyyy' then 'DD/MM/YYYY' else 'YYYY-MM-DD' end)
end;

revoke execute on function build.day_of(text, text) from public;
grant execute on function build.day_of(text, text) to egov_builder, egov_auditor;

-- Refused rows by the unit and the day that they claim, for the share of a figure that is set aside. Public columns
-- only.
-- A day that cannot be read is NULL; the load's business date stands in for it then.
create view build.quarantined_row as
select
    'ioffice.outgoing_documents' as dataset,
    q.load_seq,
    q.agency_code as source_code,
    build.day_of(q.issued_date, 'yyyy-MM-dd') as business_date
from quarantine.ioffice__outgoing_documents as q
union all
select
    'one_stop.dossiers',
    q.load_seq,
    q.agency_code,
    build.day_of(q.received_at, 'dd/MM/yyyy')
from quarantine.one_stop__dossiers as q
union all
select
    'forms.paper_register',
    q.load_seq,
    q.agency_code,
    build.day_of(q.received_date, 'dd/MM/yyyy')
from quarantine.forms__paper_register as q
union all
select
    'mail.accounts',
    q.load_seq,
    q.agency_code,
    build.day_of(q.snapshot_date, 'dd/MM/yyyy')
from quarantine.mail__accounts as q
union all
select
    'directory.headcount',
    q.load_seq,
    q.agency_code,
    build.day_of(q.snapshot_date, 'dd/MM/yyyy')
from quarantine.directory__headcount as q
union all
select
    'iso.certificates',
    q.load_seq,
    q.agency_code,
    build.day_of(q.snapshot_date, 'dd/MM/yyyy')
from quarantine.iso__certificates as q
union all
select
    'portal.procedures',
    q.load_seq,
    q.agency_code,
    build.day_of(q.snapshot_date, 'yyyy-MM-dd')
from quarantine.portal__procedures as q;

-- Up to which day a source answered, and the loads of that answer: it counts when all of them do. A file loaded by hand
-- is an answer of its own, with an unknown beginning.
create view build.dataset_window as
with answered as (
    select
        e.body_json ->> 'dataset' as dataset,
        (e.body_json ->> 'window_from')::date as window_from,
        (e.body_json ->> 'window_to')::date as window_to,
        array(
            select l.load_seq::bigint
            from jsonb_array_elements_text(coalesce(e.body_json -> 'loads', '[]'::jsonb)) as l (load_seq)
        ) as load_seqs
    from ledger.event as e
    where e.kind in ('delivery_pulled', 'delivery_empty')
),

by_hand as (
    select
        l.dataset,
        l.window_from,
        coalesce(l.window_to, l.snapshot_date, l.business_date) as window_to,
        array[l.load_seq] as load_seqs
    from ledger.load as l
    where l.load_seq not in (select unnest(a.load_seqs) from answered as a)
)

select dataset, window_from, window_to, load_seqs from answered
union all
select dataset, window_from, window_to, load_seqs from by_hand;

-- Months whose figures change although no row of theirs did: those of refused rows, and those up to which data has
-- become known since the earliest day for which the colour was built. An answer without a beginning reaches back to the
-- first figure.
create function build.months_beside_rows(loads bigint[], since date) returns setof date
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    with first_figure as (
        select least(
            (select min(b.business_month) from blue.fct_kpi_component as b),
            (select min(g.business_month) from green.fct_kpi_component as g)
        ) as month
    ),

    span as (
        select
            coalesce(q.business_date, l.business_date) as first_day,
            coalesce(q.business_date, l.business_date) as last_day
        from build.quarantined_row as q
        inner join ledger.load as l on l.load_seq = q.load_seq
        where q.load_seq = any(loads)
        union all
        select coalesce(w.window_from, f.month, w.window_to), w.window_to
        from build.dataset_window as w
        cross join first_figure as f
        where
            w.load_seqs && loads
            or w.window_to > since
            or (w.window_to = since and w.window_from is not null)
    )

    select distinct m.month::date
    from span as s
    cross join lateral generate_series(
        date_trunc('month', s.first_day), date_trunc('month', s.last_day), interval '1 month'
    ) as m (month);
end;

grant select on build.quarantined_row, build.dataset_window to egov_builder, egov_auditor;
revoke execute on function build.months_beside_rows(bigint[], date) from public;
grant execute on function build.months_beside_rows(bigint[], date) to egov_builder;
