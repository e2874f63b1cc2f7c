-- What BI reads: views of both colours that look at the one-row pointer, and nothing under them. They belong to a role
-- of their own, which can read the colours; the branch of the colour that is not live is never executed.

do $$
declare
    shown text;
    column_list text;
begin
    foreach shown in array array[
        'dim_agency', 'dim_calendar', 'dim_procedure', 'dim_kpi', 'data_freshness', 'kpi_value',
        'kpi_digital_signature', 'kpi_official_mail', 'kpi_online_service', 'kpi_iso_compliance'
    ] loop
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into column_list
        from pg_attribute as a
        where a.attrelid = format('blue.%I', shown)::regclass and a.attnum > 0 and not a.attisdropped;
        execute format(
            'create view marts.%1$I with (security_barrier) as '
            'select %2$s from blue.%1$I where (select l.colour from ledger.live as l) = ''blue'' '
            'union all '
            'select %2$s from green.%1$I where (select l.colour from ledger.live as l) = ''green''',
            shown, column_list
        );
    end loop;
end
$$;

create view marts.last_publish with (security_barrier) as
select
    p.publish_no,
    p.published_at,
    p.business_date,
    p.code_version
from ledger.publish as p
inner join ledger.live as l on l.publish_no = p.publish_no;

-- Any past publish, read back: each row of the log holds from its publish to the one before the next row of its key.
create view marts.kpi_value_history with (security_barrier) as
with span as (
    select
        v.*,
        lead(v.publish_no) over (
            partition by
                v.kpi_code, v.kpi_version, v.method, v.due_basis, v.agency_code, v.scope, v.unit_basis, v.period_grain,
                v.period_start
            order by v.publish_no
        ) as next_publish_no
    from ledger.kpi_value_log as v
)

select
    p.publish_no,
    s.kpi_code,
    s.kpi_version,
    s.method,
    s.due_basis,
    s.agency_code,
    s.scope,
    s.unit_basis,
    s.period_grain,
    s.period_start,
    s.numerator,
    s.denominator,
    s.value,
    s.unit,
    s.value_reason,
    s.target,
    s.target_met,
    s.data_as_of,
    s.agencies_reporting,
    s.agencies_expected,
    s.quarantined_share
from span as s
inner join ledger.publish as p
    on p.publish_no >= s.publish_no and p.publish_no < coalesce(s.next_publish_no, 9223372036854775807)
where s.op = 'upsert';

comment on view marts.last_publish is 'Bản công bố đang dùng / The publish that is shown';
comment on view marts.kpi_value is 'Giá trị chỉ tiêu của bản công bố đang dùng / KPI values of the current publish';
comment on view marts.kpi_value_history is 'Giá trị chỉ tiêu của mọi lần công bố / KPI values of every publish';
comment on view marts.kpi_digital_signature is 'Chỉ tiêu ký số / Digital signatures';
comment on view marts.kpi_official_mail is 'Chỉ tiêu thư công vụ / Official mail';
comment on view marts.kpi_online_service is 'Chỉ tiêu dịch vụ công / Online services and dossiers';
comment on view marts.kpi_iso_compliance is 'Chỉ tiêu TCVN ISO 9001:2015 / ISO compliance';
comment on view marts.dim_agency is 'Đơn vị, có thời gian hiệu lực / Units with validity dates';
comment on view marts.dim_calendar is 'Lịch làm việc / Working calendar';
comment on view marts.dim_procedure is 'Thủ tục hành chính theo cấp / Procedures by level';
comment on view marts.dim_kpi is 'Định nghĩa chỉ tiêu / KPI definitions';
comment on view marts.data_freshness is 'Số liệu của từng nguồn đến ngày nào / Up to which day each dataset is known';

do $$
declare
    item record;
begin
    for item in select c.relname from pg_class as c where c.relnamespace = 'marts'::regnamespace and c.relkind = 'v' loop
        execute format('alter view marts.%I owner to egov_mart_owner', item.relname);
        execute format('grant select on marts.%I to egov_bi, egov_auditor, egov_publisher', item.relname);
    end loop;
end
$$;
