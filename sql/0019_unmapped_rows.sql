-- Rows that the figures lack because a code in them stands in no list: counted for BI, never dropped in silence.
create table blue.unmapped_rows (
    dataset text not null,
    row_month date not null,
    code_of text not null check (code_of in ('agency', 'procedure')),
    row_count bigint not null check (row_count > 0),
    primary key (dataset, row_month, code_of)
);
create table green.unmapped_rows (like blue.unmapped_rows including all);
grant select on blue.unmapped_rows, green.unmapped_rows to egov_auditor;

create view marts.unmapped_rows with (security_barrier) as
select dataset, row_month, code_of, row_count from blue.unmapped_rows
where (select l.colour from ledger.live as l) = 'blue'
union all
select dataset, row_month, code_of, row_count from green.unmapped_rows
where (select l.colour from ledger.live as l) = 'green';

comment on view marts.unmapped_rows is
'Dòng có mã đơn vị hoặc mã thủ tục không có trong danh mục / Rows whose unit or procedure stands in no list';
alter view marts.unmapped_rows owner to egov_mart_owner;
grant select on marts.unmapped_rows to egov_bi, egov_auditor, egov_publisher;
