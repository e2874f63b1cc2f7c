"""Write the migration of the raw and quarantine tables: `python -m egov_kpi.contracts.ddl > sql/0003_raw.sql`.

A dataset that comes later gets a migration of its own: `python -m egov_kpi.contracts.ddl portal.feedback` writes all
that loading, gate, quarantine and trace need of it.
"""

import sys

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import dataset_column_ddl, quarantine_ddl, quarantine_life_ddl, raw_ddl

HEADING = """\
-- Raw history and quarantine of every dataset.
-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares. Don't edit by hand.
-- sqlfluff:exclude_rules:RF06,LT02,LT05
"""
# Datasets whose tables this first migration makes. Those of a later one come in a migration of their own, because an
# applied migration is never edited.
DATASETS = (
    "directory.headcount",
    "forms.paper_register",
    "ioffice.outgoing_documents",
    "iso.certificates",
    "mail.accounts",
    "one_stop.dossiers",
    "portal.procedures",
)

FUNCTIONS = """\
-- Dates in the words of a contract (dd/MM/yyyy, yyyy-MM-dd). Two digits a day and a month, four a year, and the day
-- exists: to_date() alone takes 3/4/26 for the year 26. One expression, so that Postgres can inline it into a scan.
create function raw.is_date(value text, format text) returns boolean
language sql immutable parallel safe
return case
    when format = 'dd/MM/yyyy' then
        case
            when value ~ '^(0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/(19|20|21)[0-9]{2}$' then true
            when value ~ '^(29|30|31)/(0[1-9]|1[0-2])/(19|20|21)[0-9]{2}$' then
                substr(value, 1, 2)::integer <= extract(
                    day from make_date(substr(value, 7, 4)::integer, substr(value, 4, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
                )
            else false
        end
    when format = 'yyyy-MM-dd' then
        case
            when value ~ '^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' then true
            when value ~ '^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(29|30|31)$' then
                substr(value, 9, 2)::integer <= extract(
                    day from make_date(substr(value, 1, 4)::integer, substr(value, 6, 2)::integer, 1)
                    + interval '1 month' - interval '1 day'
                )
            else false
        end
    else false
end;

create function raw.is_timestamp(value text, format text) returns boolean
language sql immutable parallel safe
return case
    when format = 'dd/MM/yyyy HH:mm' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3]):[0-5][0-9]$' and raw.is_date(substr(value, 1, 10), 'dd/MM/yyyy')
    when format = 'dd/MM/yyyy HH:mm:ss' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3])(:[0-5][0-9]){2}$'
        and raw.is_date(substr(value, 1, 10), 'dd/MM/yyyy')
    when format = 'yyyy-MM-dd HH:mm:ss' then
        substr(value, 11) ~ '^ ([01][0-9]|2[0-3])(:[0-5][0-9]){2}$'
        and raw.is_date(substr(value, 1, 10), 'yyyy-MM-dd')
    when format = 'yyyy-MM-dd''T''HH:mm:ssXXX' then
        substr(value, 11)
        ~ '^T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
        and raw.is_date(substr(value, 1, 10), 'yyyy-MM-dd')
    else false
end;

-- A code that the contract doesn't list got past the gate: stop, and don't show the value.
create function raw.refuse_value(column_name text) returns text
language plpgsql volatile
as $$
begin
    raise exception 'column %: a code outside the values of its contract', column_name
        using errcode = 'check_violation';
end
$$;

create function raw.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end
$$;

-- A refused row changes its state and nothing else.
create function quarantine.refuse_other_change() returns trigger
language plpgsql
as $$
begin
    if to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state' then
        raise exception '%.%: only the state may change', tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- The partition of a month, made apart and then attached: `create table ... partition of` would wait for every reader
-- of the table, and new readers would queue behind it.
create function raw.ensure_partition(table_name text, month date) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    first_day constant date := date_trunc('month', month)::date;
    next_month constant date := (date_trunc('month', month) + interval '1 month')::date;
    partition_name constant text := table_name || to_char(month, '"__"YYYYMM');
begin
    if not exists (
        select from pg_partitioned_table as p join pg_class as c on c.oid = p.partrelid
        where c.relnamespace = 'raw'::regnamespace and c.relname = table_name
    ) then
        raise exception 'raw.% is not a partitioned table', table_name using errcode = 'undefined_table';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('raw.ensure_partition:' || table_name, 0));
    if to_regclass(format('raw.%I', partition_name)) is not null then
        return;
    end if;
    execute format(
        'create table raw.%I (like raw.%I including defaults)', partition_name, table_name
    );
    -- A trigger for truncate isn't inherited.
    execute format(
        'create trigger refuse_truncate before truncate on raw.%I '
        'for each statement execute function raw.refuse_change()',
        partition_name
    );
    execute format(
        'alter table raw.%I attach partition raw.%I for values from (%L) to (%L)',
        table_name, partition_name, first_day, next_month
    );
end
$$;

revoke execute on all functions in schema raw, quarantine from public;
grant execute on function raw.ensure_partition(text, date) to egov_loader;
grant execute on function raw.is_date(text, text), raw.is_timestamp(text, text), raw.refuse_value(text)
to egov_loader;
"""


def migration() -> str:
    """The whole first migration: functions once, then the tables of each dataset."""
    return "\n".join([HEADING, FUNCTIONS, *(_first_tables(get_contract(name)) for name in DATASETS)])


def life() -> str:
    """The part of sql/0006 that gives the first datasets' refused rows a life."""
    return "\n".join(_life(get_contract(name)) for name in DATASETS)


def columns() -> str:
    """The part of sql/0014 that tells of the first datasets what everything over all datasets has to know."""
    return "".join(dataset_column_ddl(get_contract(name)) for name in DATASETS)


def tables(contract: Contract) -> str:
    """The migration of one dataset, up to its facts; what goes over all datasets is made anew with it."""
    return f"{LATER}{_tables(contract)}\n{quarantine_life_ddl(contract)}\n{dataset_column_ddl(contract)}{REFRESH}"


LATER = """\
-- Derived from contracts/ by `python -m egov_kpi.contracts.ddl`; a test compares.
-- sqlfluff:exclude_rules:RF06,LT02,LT05

"""
# The views over all datasets name each table.
REFRESH = "select quarantine.refresh_views();\nselect build.refresh_refused_rows();\n"


def _first_tables(contract: Contract) -> str:
    return _tables(contract, hashed_key=True)


def _tables(contract: Contract, *, hashed_key: bool = False) -> str:
    return f"-- {contract.id}\n{raw_ddl(contract, hashed_key=hashed_key)}\n{quarantine_ddl(contract)}"


def _life(contract: Contract) -> str:
    return f"-- {contract.id}\n{quarantine_life_ddl(contract)}"


def main(arguments: list[str]) -> None:
    if arguments == ["--life"]:
        sys.stdout.write(life())
    elif arguments == ["--columns"]:
        sys.stdout.write(columns())
    elif arguments:
        sys.stdout.write("\n".join(tables(get_contract(name)) for name in arguments))
    else:
        sys.stdout.write(migration())


if __name__ == "__main__":
    main(sys.argv[1:])
