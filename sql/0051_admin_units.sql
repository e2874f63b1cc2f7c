-- run-as: superuser
-- Administrative units of the whole country through time, and which succeeded which. Codes were given to other
-- territory in 2025: the key of a unit is its code with its first day. Filled with the seeds, by egov_kpi.units.store.
set local role egov_owner;

create table ref.admin_unit (
    code text not null,
    valid_from date not null,
    valid_to date check (valid_to >= valid_from),
    level text not null check (level in ('province', 'district', 'commune')),
    name_vi text not null,
    parent_code text,
    resolution text,
    is_confirmed boolean not null,
    primary key (code, valid_from)
);

create table ref.admin_unit_successor (
    old_code text not null,
    old_valid_from date not null,
    new_code text not null,
    new_valid_from date not null,
    share numeric check (share > 0 and share <= 1),
    is_default boolean not null,
    primary key (old_code, old_valid_from, new_code, new_valid_from)
);

create view marts.admin_unit with (security_barrier) as
select code, valid_from, valid_to, level, name_vi, parent_code, resolution, is_confirmed from ref.admin_unit;

create view marts.admin_unit_successor with (security_barrier) as
select old_code, old_valid_from, new_code, new_valid_from, share, is_default from ref.admin_unit_successor;

comment on view marts.admin_unit is
'Đơn vị hành chính cả nước qua các thời kỳ / Administrative units of the country through time';
comment on view marts.admin_unit_successor is
'Đơn vị hành chính mới tiếp nhận đơn vị cũ / Which unit took over which';
comment on column ref.admin_unit.is_confirmed is
'Sai: chỉ biết ngày nghị quyết, chưa rõ ngày hiệu lực / False: valid_from is the day of the resolution';
comment on column ref.admin_unit_successor.share is
'Tỷ lệ chuyển giao; trống: chia tách, không công bố tỷ lệ / Share taken over; empty: divided, no share published';

alter view marts.admin_unit owner to egov_mart_owner;
alter view marts.admin_unit_successor owner to egov_mart_owner;
grant select on marts.admin_unit, marts.admin_unit_successor to egov_bi, egov_auditor, egov_publisher;

-- Like the seeds they are the builder's, who fills them.
grant select on ref.admin_unit, ref.admin_unit_successor
to egov_loader, egov_publisher, egov_custodian, egov_auditor, egov_mart_owner;
reset role;
alter table ref.admin_unit owner to egov_builder;
alter table ref.admin_unit_successor owner to egov_builder;
