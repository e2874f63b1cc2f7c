"""Which months a build touches, as literals for dbt: partitions of facts, and cells of KPIs.

A key that is touched takes the months of all its versions along, whichever load brought them: the row that a correction
moves from January to February has to leave January. A dossier is pending at every month-end until it ended: those at
which its versions differ are taken along, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.ledger.purges import purged
from egov_kpi.publish.facts import FACT_OF_DATASET
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
Months = dict[str, list[date]]

KPI = "kpi"
_DOSSIERS = "one_stop.dossiers"
_PAUSES = "one_stop.pauses"
# Months from the first of a row `f` to a day of it, or to the day looked at where that is later or missing.
_MONTHS_UNTIL = (
    "select g.month::date from generate_series(f.business_month,"
    " date_trunc('month', least(f.{day}, %(until)s)), interval '1 month') as g (month)"
)


@dataclass(frozen=True)
class _Key:
    """How a fact names what a dataset with versions tells of: its column, that of a version `v` as SQL where the name
    is another, and a query of the months in which its row `f` counts.
    """

    column: str
    of_version: str = ""
    months: str = "select f.business_month"


_DOSSIER_MONTHS = (
    "select f.settled_month union select f.returned_month union select f.closed_month union "
    + _MONTHS_UNTIL.format(day="last_pending_date")
)
# Datasets that tell something of the dossiers whose keys they carry: a row of theirs opens the months of its dossier.
_OF_DOSSIERS = (
    "one_stop.payments", "one_stop.components", "one_stop.results", "one_stop.apologies", _PAUSES,
    "portal.synchronisation", "one_stop.data_uses",
)  # fmt: skip
KEYS = {
    **dict.fromkeys(_OF_DOSSIERS, _Key("dossier_hash")),
    "ioffice.outgoing_documents": _Key("document_id"),
    "one_stop.dossiers": _Key("dossier_hash", months=_DOSSIER_MONTHS),
    "forms.paper_register": _Key(
        "dossier_hash", "concat_ws('/', v.agency_code, v.register_year, v.register_number)", _DOSSIER_MONTHS
    ),
    "one_stop.handovers": _Key("dossier_hash", months="select f.business_month union select f.due_month"),
    "one_stop.satisfaction": _Key("vote_code"),
    "portal.publications": _Key(
        "publication_code",
        "concat_ws('/', v.agency_code, v.procedure_code, v.decision_number)",
        "select f.published_month union select f.posted_month union " + _MONTHS_UNTIL.format(day="last_unposted_date"),
    ),
    "feedback.petitions": _Key(
        "petition_hash",
        months="select f.handled_month union " + _MONTHS_UNTIL.format(day="last_pending_date"),
    ),
    "communication.activities": _Key("activity_code"),
    "ioffice.incoming_documents": _Key(
        "document_id",
        months="select f.routed_month union select f.due_month union " + _MONTHS_UNTIL.format(day="last_unrouted_date"),
    ),
    "forms.vertical_settlement": _Key(
        "form_code", "concat_ws('/', v.agency_code, to_char(v.period_start, 'YYYY-MM'), v.field_name)"
    ),
    "ioffice.work_files": _Key("file_code", months="select f.business_month union select f.archive_due_month"),
    "forms.periodic_reports": _Key("report_key", "concat_ws('/', v.agency_code, v.report_code, v.reporting_period)"),
    "ioffice.tasks": _Key("task_id", months="select f.business_month union select f.due_month"),
}
_DATES = {"date", "timestamp"}


@dataclass(frozen=True)
class _Life:
    """From when until when the thing in a row is pending, as SQL on a version `v`.

    `told` is what else a figure of what is pending looks at; `first_end` and `last_end` enclose its end, and are empty
    while it has none. Form II.06a takes a dossier that waits for a supplement as ended, the other methods don't.
    """

    begins: str
    told: str
    first_end: str
    last_end: str


_LIVES = {
    "one_stop.dossiers": _Life(
        begins="v.received_at",
        told=(
            "v.agency_code, v.received_at, v.due_at, v.dossier_status in ('registered', 'refused'),"
            " coalesce(v.supplement_request_count, 0) > 1"
        ),
        first_end=(
            "least(v.finished_at, v.returned_at, case"
            " when v.dossier_status in ('withdrawn', 'stopped', 'supplement_requested') then v.updated_at end, case"
            # the form counts it from the day of the request on
            " when v.dossier_status = 'supplement_requested' then (select min(p.paused_at)"
            " from raw.one_stop__pauses as p where p.dossier_hash = v.dossier_hash) end)"
        ),
        last_end=(
            "case"
            " when v.dossier_status in ('finished', 'returned') then greatest(v.finished_at, v.returned_at)"
            " when v.dossier_status in ('withdrawn', 'stopped')"
            " then greatest(v.finished_at, v.returned_at, v.updated_at) end"
        ),
    ),
    "forms.paper_register": _Life(
        begins="v.received_date",
        told="v.received_date",
        first_end="least(v.finished_date, v.returned_date)",
        last_end="greatest(v.finished_date, v.returned_date)",
    ),
    # A posting is missing until it is made.
    "portal.publications": _Life(
        begins="v.decision_date",
        told="v.decision_date, v.change_kind",
        first_end="v.posted_date",
        last_end="v.posted_date",
    ),
    # A document waits until somebody is given it.
    "ioffice.incoming_documents": _Life(
        begins="v.arrival_date",
        told="v.agency_code, v.arrival_date, v.document_status",
        first_end="v.routed_at",
        last_end="v.routed_at",
    ),
    "feedback.petitions": _Life(
        begins="v.received_date",
        told="v.agency_code, v.received_date, v.is_first",
        first_end="v.handled_date",
        last_end="v.handled_date",
    ),
}


# The months from a first day of each `life` to its end, or to the day looked at while it has none.
_MONTHS_OF_LIFE = sql.SQL(
    "span as (select distinct date_trunc('month', {first}) as first_month,"
    " date_trunc('month', least(case when is_over then last_end end, %(until)s)) as last_month from life)"
    " select distinct m.month::date from span"
    " cross join lateral generate_series(first_month, last_month, interval '1 month') as m (month)"
)


def touched_months(
    conn: Connection, settings: Settings, colour: str, loads: list[int], as_of: date, seen_as_of: tuple[date, ...]
) -> Months:
    """Months by domain, and under `kpi` those whose figures may change.

    Figures change by these loads, by time alone (every month since the earliest day the colour was built for), by rows
    beside theirs, and where the series begins.
    """
    days = (as_of, *seen_as_of)
    found: dict[str, set[date]] = {fact.domain: set() for fact in FACT_OF_DATASET.values()}
    figures = {*month_range(min(days), max(days)), *_beside_rows(conn, loads, min(days))}
    watched = sorted({*loads, *_ahead_of(conn, min(days))})
    for contract in all_contracts(settings).values():
        fact = FACT_OF_DATASET[contract.id]
        months, cells = _of_contract(conn, contract, loads)
        kept = _of_purged_versions(conn, contract, colour, loads, max(days))
        found[fact.domain] |= months | kept
        if contract.id in _OF_DOSSIERS:
            of_facts, of_figures = _of_dossiers(conn, settings, contract, loads)
            found[FACT_OF_DATASET[_DOSSIERS].domain] |= of_facts
            figures |= of_figures
        if contract.id == _PAUSES:
            figures |= _while_paused(conn, colour, loads, max(days))
        if fact.in_figures:
            figures |= cells | kept | _of_contract(conn, contract, watched)[1]
            figures |= _while_pending(conn, contract, colour, loads, max(days))
    # Nothing is known of the future: a due date of next year opens no cell.
    known = {month for month in figures if month <= max(days)}
    found[KPI] = known | _around_beginning(conn, colour, known, as_of)
    return {domain: sorted(months) for domain, months in found.items()}


def all_months(months: Months, as_of: date) -> Months:
    """The same for a build from nothing: figures without a gap up to `as_of`."""
    return {**months, KPI: list(month_range(min(months[KPI]), as_of))}


def _beside_rows(conn: Connection, loads: list[int], since: date) -> set[date]:
    """Months whose refused rows, or whose age of data, change with these loads."""
    rows = conn.execute("select build.months_beside_rows(%s::bigint[], %s)", (loads, since)).fetchall()
    return {row[0] for row in rows}


def _ahead_of(conn: Connection, day: date) -> set[int]:
    """Loads that may hold rows later than a day for which the colour was built: time alone makes those count."""
    rows = conn.execute("select load_seq from ledger.promoted_load where business_date >= %s", (day,)).fetchall()
    return {row[0] for row in rows}


def _around_beginning(conn: Connection, colour: str, touched: set[date], as_of: date) -> set[date]:
    """Months between a touched beginning of the series and the first month that stays: they may come or go as zeros."""
    query = sql.SQL(
        "select min(business_month), min(business_month) filter (where business_month <> all(%s::date[])) from {}"
    ).format(sql.Identifier(colour, "fct_kpi_component"))
    row = conn.execute(query, (sorted(touched),)).fetchone()
    begins, stays = row if row is not None else (None, None)
    if not touched or (begins is not None and min(touched) > begins):
        return set()
    return set(month_range(min(touched), stays or as_of))


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


def _of_contract(conn: Connection, contract: Contract, loads: list[int]) -> tuple[set[date], set[date]]:
    """Months of the facts and of the figures that hang on the keys of these loads."""
    if not loads:
        return set(), set()
    business, others = _date_columns(contract)
    if contract.shape == "snapshot":
        facts = _own_months(conn, contract, loads, business)
        return facts, facts
    facts = _months_of_keys(conn, contract, loads, [business])
    return facts, facts | _months_of_keys(conn, contract, loads, others)


def _of_dossiers(
    conn: Connection, settings: Settings, contract: Contract, loads: list[int]
) -> tuple[set[date], set[date]]:
    """Months of the facts and figures of the dossiers of which these loads tell something."""
    if not loads:
        return set(), set()
    dossiers = get_contract(_DOSSIERS, settings)
    business, others = _date_columns(dossiers)
    facts = _months_of_keys(conn, dossiers, loads, [business], told_by=contract)
    return facts, facts | _months_of_keys(conn, dossiers, loads, others, told_by=contract)


def _own_months(conn: Connection, contract: Contract, loads: list[int], column: str) -> set[date]:
    """A snapshot speaks for its own month only."""
    query = sql.SQL("select distinct date_trunc('month', {})::date from {} where load_seq = any(%s)").format(
        sql.Identifier(column), sql.Identifier("raw", contract.table)
    )
    return {row[0] for row in conn.execute(query, (loads,)).fetchall()}


def _months_of_keys(
    conn: Connection, contract: Contract, loads: list[int], columns: list[str], told_by: Contract | None = None
) -> set[date]:
    """Months of all versions of the keys that these loads name, loads of the dataset itself or of `told_by`."""
    if not columns:
        return set()
    keys = sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.key_columns)
    query = sql.SQL(
        "with touched as (select distinct {keys} from {named} where load_seq = any(%s)),"
        " versions as (select v.* from {table} as v inner join touched using ({keys}))"
        " select distinct m.month from versions as v cross join lateral unnest({values}) as m (month)"
        " where m.month is not null"
    ).format(
        keys=keys,
        table=sql.Identifier("raw", contract.table),
        named=sql.Identifier("raw", (told_by or contract).table),
        values=_months_of(columns),
    )
    return {row[0] for row in conn.execute(query, (loads,)).fetchall()}


def _while_pending(conn: Connection, contract: Contract, colour: str, loads: list[int], until: date) -> set[date]:
    """Months at whose end the versions of these loads' keys do not all say the same of what is pending.

    A key that the colour holds already, and whose versions tell one beginning, differs between its earliest and its
    latest end alone: what is settled tonight was pending last month, before as after. Any other differs from its
    beginning on.
    """
    life = _LIVES.get(contract.id)
    if life is None or not loads:
        return set()
    keys = sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.key_columns)
    query = sql.SQL(
        "with touched as (select distinct {keys} from {table} where load_seq = any(%(loads)s)),"
        " held as (select load_seq from build.counted_load"
        " where colour = %(colour)s and load_seq <> all(%(loads)s)),"
        " life as (select"
        " bool_or(v.load_seq in (select load_seq from held)) and count(distinct ({told})) = 1 as is_one,"
        " min(least({begins}, {first_end})) as begins, min({first_end}) as first_end,"
        " bool_and({last_end} is not null) as is_over, max({last_end}) as last_end"
        " from {table} as v inner join touched using ({keys}) group by {keys}),"
        " {months}"
    ).format(
        keys=keys,
        table=sql.Identifier("raw", contract.table),
        months=_MONTHS_OF_LIFE.format(first=sql.SQL("case when is_one then first_end else begins end")),
        **{name: sql.SQL(getattr(life, name)) for name in ("told", "begins", "first_end", "last_end")},
    )
    rows = conn.execute(query, {"loads": loads, "colour": colour, "until": until}).fetchall()
    return {row[0] for row in rows}


def _while_paused(conn: Connection, colour: str, loads: list[int], until: date) -> set[date]:
    """Months at whose end a dossier was pending, from the first day on at which its clock may have stood.

    A pause moves the due date, and a request for a supplement is an end for form II.06a: both may be judged otherwise
    at every month-end from the first pause on that any version tells, or the colour still knows of one that was purged,
    or from the dossier's first end, if that is earlier.
    """
    if not loads:
        return set()
    life = _LIVES[_DOSSIERS]
    query = sql.SQL(
        "with touched as (select distinct dossier_hash from raw.one_stop__pauses where load_seq = any(%(loads)s)),"
        " told as (select dossier_hash, paused_at from raw.one_stop__pauses"
        " union all select dossier_hash, paused_at from {fact}),"
        " begun as (select dossier_hash, min(told.paused_at) as paused_at from told"
        " inner join touched using (dossier_hash) group by dossier_hash),"
        " life as (select least(b.paused_at, min({first_end})) as begins,"
        " bool_and({last_end} is not null) as is_over, max({last_end}) as last_end"
        " from raw.one_stop__dossiers as v inner join begun as b using (dossier_hash)"
        " group by dossier_hash, b.paused_at),"
        " {months}"
    ).format(
        fact=sql.Identifier(colour, "fct_pause"),
        months=_MONTHS_OF_LIFE.format(first=sql.SQL("begins")),
        first_end=sql.SQL(life.first_end),
        last_end=sql.SQL(life.last_end),
    )
    rows = conn.execute(query, {"loads": loads, "until": until}).fetchall()
    return {row[0] for row in rows}


def _of_purged_versions(conn: Connection, contract: Contract, colour: str, loads: list[int], until: date) -> set[date]:
    """Months that the facts still know of these keys where raw has lost the version that they were made of."""
    gone = sorted(purged(conn))
    key = KEYS.get(contract.id)
    if not gone or not loads or key is None:
        return set()
    query = sql.SQL(
        "select distinct m.month from {fact} as f cross join lateral ({months}) as m (month)"
        " where f.load_seq = any(%(gone)s) and m.month is not null"
        " and f.{column} in (select {key} from {raw} as v where v.load_seq = any(%(loads)s))"
    ).format(
        fact=sql.Identifier(colour, FACT_OF_DATASET[contract.id].table),
        column=sql.Identifier(key.column),
        months=sql.SQL(key.months),  # like the key, of this module
        key=sql.SQL(key.of_version or f"v.{key.column}"),
        raw=sql.Identifier("raw", contract.table),
    )
    return {row[0] for row in conn.execute(query, {"gone": gone, "loads": loads, "until": until}).fetchall()}


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
