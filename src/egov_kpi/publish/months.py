"""Which months a build touches, as literals for dbt: partitions of facts, and cells of KPIs.

A key that is touched takes the months of all its versions along, whichever load brought them: the row that a correction
moves from January to February has to leave January.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Contract
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
Months = dict[str, list[date]]

# The fact (by its domain word) that the rows of a dataset end in.
DOMAINS = {
    "ioffice.outgoing_documents": "document",
    "one_stop.dossiers": "dossier",
    "forms.paper_register": "dossier",
    "mail.accounts": "mail",
    "directory.headcount": "headcount",
    "iso.certificates": "certificate",
    "portal.procedures": "procedure",
}
KPI = "kpi"
_DATES = {"date", "timestamp"}


@dataclass(frozen=True)
class Seen:
    """What builds of a colour, broken-off ones too, were made for: days, and first months of figures."""

    as_of: tuple[date, ...] = ()
    first_months: tuple[date, ...] = ()


def first_month(conn: Connection, settings: Settings, counted: list[int], as_of: date) -> date:
    """Where the figures begin: the first month that a counted load speaks of. They end with the month of `as_of`."""
    _remember(conn, settings, counted)
    row = conn.execute(
        "select min(month) from build.load_month where domain = %s and load_seq = any(%s)", (KPI, counted)
    ).fetchone()
    begins = row[0] if row else None
    return min(begins or as_of, first_day(as_of)).replace(day=1)


def touched_months(
    conn: Connection, settings: Settings, loads: list[int], counted: list[int], as_of: date, first: date, seen: Seen
) -> Months:
    """Months by domain, and under `kpi` those whose figures may change: by these loads, by time alone, or by existing
    now."""
    found: dict[str, set[date]] = {domain: set() for domain in DOMAINS.values()}
    figures = {*month_range(min(as_of, *seen.as_of, as_of), max(as_of, *seen.as_of, as_of))}
    figures |= {*month_range(min(first, *seen.first_months, first), max(first, *seen.first_months, first))}
    figures |= {month for month in _beside_rows(conn, loads, min(as_of, *seen.as_of, as_of)) if month >= first}
    for contract in all_contracts(settings).values():
        facts, cells = _of_contract(conn, contract, loads, counted, as_of)
        found[DOMAINS[contract.id]] |= facts
        figures |= cells
    # Nothing is known of the future: a due date of next year opens no cell.
    found[KPI] = {month for month in figures if month <= max(as_of, *seen.as_of, as_of)}
    return {domain: sorted(months) for domain, months in found.items()}


def _beside_rows(conn: Connection, loads: list[int], since: date) -> set[date]:
    """Months whose refused rows, or whose age of data, change with these loads."""
    rows = conn.execute("select build.months_beside_rows(%s::bigint[], %s)", (loads, since)).fetchall()
    return {row[0] for row in rows}


def _remember(conn: Connection, settings: Settings, loads: list[int]) -> None:
    """Note the months of loads that are new here, from their own rows: once per load, so at the cost of the delta."""
    new = conn.execute(
        "select p.load_seq, p.dataset from ledger.promoted_load as p where p.load_seq = any(%s)"
        " and not exists (select from build.load_month as m where m.load_seq = p.load_seq)",
        (loads,),
    ).fetchall()
    contracts = all_contracts(settings)
    for load_seq, dataset in new:
        facts, cells = _own_months(conn, contracts[dataset], load_seq)
        rows = [(load_seq, DOMAINS[dataset], month) for month in facts] + [(load_seq, KPI, month) for month in cells]
        with conn.cursor() as cursor:
            cursor.executemany("insert into build.load_month (load_seq, domain, month) values (%s, %s, %s)", rows)


def _own_months(conn: Connection, contract: Contract, load_seq: int) -> tuple[set[date], set[date]]:
    business, others = _date_columns(contract)
    table = sql.Identifier("raw", contract.table)
    found = []
    for columns in ([business], others):
        query = sql.SQL(
            "select distinct m.month from {table} as v cross join lateral unnest({values}) as m (month)"
            " where v.load_seq = %s and m.month is not null"
        ).format(table=table, values=_months_of(columns))
        found.append({row[0] for row in conn.execute(query, (load_seq,)).fetchall()} if columns else set())
    return found[0], found[0] | found[1]


def _date_columns(contract: Contract) -> tuple[str, list[str]]:
    """The column that gives a fact its month, and those that open further cells."""
    business = contract.business_date_column.name
    if contract.shape == "snapshot":
        return business, []
    version = contract.version_column.name
    dates = [column.name for column in contract.kept_columns if column.type in _DATES]
    return business, [name for name in dates if name not in {business, version}]


def _months_of(columns: list[str]) -> sql.Composable:
    parts = [sql.SQL("date_trunc('month', v.{})::date").format(sql.Identifier(name)) for name in columns]
    return sql.SQL("array[{}]").format(sql.SQL(", ").join(parts))


def _of_contract(
    conn: Connection, contract: Contract, loads: list[int], counted: list[int], as_of: date
) -> tuple[set[date], set[date]]:
    if not loads:
        return set(), set()
    if contract.shape == "snapshot":
        return _of_snapshots(conn, contract, loads, counted, as_of)
    business, others = _date_columns(contract)
    facts = _months_of_keys(conn, contract, loads, [business])
    return facts, facts | _months_of_keys(conn, contract, loads, others)


def _months_of_keys(conn: Connection, contract: Contract, loads: list[int], columns: list[str]) -> set[date]:
    if not columns:
        return set()
    keys = sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.key_columns)
    query = sql.SQL(
        "with touched as (select distinct {keys} from {table} where load_seq = any(%s)),"
        " versions as (select v.* from {table} as v inner join touched using ({keys}))"
        " select distinct m.month from versions as v cross join lateral unnest({values}) as m (month)"
        " where m.month is not null"
    ).format(keys=keys, table=sql.Identifier("raw", contract.table), values=_months_of(columns))
    return {row[0] for row in conn.execute(query, (loads,)).fetchall()}


def _of_snapshots(
    conn: Connection, contract: Contract, loads: list[int], counted: list[int], as_of: date
) -> tuple[set[date], set[date]]:
    """A snapshot speaks for its month and for the months after it until the next one."""
    domain = DOMAINS[contract.id]
    query = (
        "with known as (select month, load_seq from build.load_month where domain = %(domain)s),"
        " touched as (select distinct month from known where load_seq = any(%(loads)s))"
        " select t.month, ("
        "select min(k.month) from known as k where k.month > t.month and k.load_seq = any(%(counted)s))"
        " from touched as t"
    )
    facts: set[date] = set()
    cells: set[date] = set()
    for month, following in conn.execute(query, {"domain": domain, "loads": loads, "counted": counted}).fetchall():
        facts.add(month)
        cells |= set(month_range(month, following or max(as_of, month)))
    return facts, cells


def first_day(day: date) -> date:
    return day.replace(day=1)


def month_range(start: date, end: date) -> Iterable[date]:
    """First days of the months from one day to another, both included."""
    month = first_day(start)
    while month <= end:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def with_coarser(months: Iterable[date]) -> set[date]:
    """The months and the first days of the quarters and years that hold them."""
    result: set[date] = set()
    for month in months:
        result |= {month, date(month.year, 3 * ((month.month - 1) // 3) + 1, 1), date(month.year, 1, 1)}
    return result
