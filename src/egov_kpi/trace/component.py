"""The figures' own query, run at the grain of single rows.

What a KPI counts is written once: in the model `fct_kpi_component`, which the builds run. A trace runs the same text
over the same facts, with one change: the unit of each row carries the row's own address. What the model then groups by
unit it groups by row, and says of each row to which measures it contributes, on which day and how much. Nothing about
rows is stored beside the figures, so lineage can't drift away from them.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from jinja2 import Environment, StrictUndefined
from psycopg import sql

from egov_kpi.publish import facts
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

MODEL = "models/marts/kpi/fct_kpi_component.sql"
# Facts by the datasets that feed them.
FACTS = {fact.table: fact.datasets for fact in facts.FACTS}
# Measures without a key that are one per unit, however many rows of the unit show it.
ONE_PER_UNIT = frozenset({"iso_mandated"})
# The key of what was open on a day: it names the day of looking, not a thing.
PENDING = "pending"
# Parts of an address stand where no code has a character.
_MARK = "\x1f"
_ADDRESS = ("agency_code", "load_seq", "file_digest", "row_no")
_COLUMNS = "measure_code, agency_code, load_seq, file_digest, row_no, observed_date, distinct_key, amount, valid_until"


@dataclass(frozen=True)
class Wanted:
    """Which rows of a colour to ask for; `months` are first days, None for all, `where` a condition on the facts."""

    colour: str
    as_of: date
    measures: Collection[str]
    datasets: Collection[str]
    months: Sequence[date] | None
    where: sql.Composable


def contributions(conn: Connection, settings: Settings, wanted: Wanted) -> sql.Composed:
    """A query with one row per row of a fact and measure to which it contributes, nothing for one that adds nothing.

    Columns: measure_code, agency_code, load_seq, file_digest, row_no, observed_date (first day of the month for flows),
    distinct_key, amount, valid_until.
    """
    model = (settings.dbt_dir / MODEL).read_text(encoding="utf-8")
    text = _environment(conn, wanted).from_string(model).render()
    return sql.SQL(
        "select c.measure_code, {unit} as agency_code, {load}::bigint as load_seq, {digest} as file_digest,"
        " {row}::bigint as row_no, c.observed_date, split_part(c.distinct_key, {mark}, 1) as distinct_key,"
        " c.amount, c.valid_until from ({model}) as c"
        " where c.measure_code = any({measures}) and c.amount <> 0"
    ).format(
        **{name: _part(number) for number, name in enumerate(("unit", "load", "digest", "row"), start=1)},
        mark=sql.Literal(_MARK),
        measures=sql.Literal(list(wanted.measures)),
        model=sql.SQL(text),  # the project's own model, rendered
    )


def _part(number: int) -> sql.Composed:
    return sql.SQL("split_part(c.agency_code, {}, {})").format(sql.Literal(_MARK), sql.Literal(number))


_COMMENT = re.compile(r"--[^\n]*")
# One row of a list of values ends, and the next begins with the name of its measure.
_BETWEEN_VALUES = re.compile(r",\s*(?=\(\s*'\w+'\s*[,)])")
_MEASURE = re.compile(r"\(\s*'(\w+)'")


def _environment(conn: Connection, wanted: Wanted) -> Environment:
    """What the model asks dbt for, in the words of `macros/inputs.sql`; an unknown macro is an error."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  (SQL, no HTML)
    environment.globals.update(
        config=lambda **_: "",
        refresh_statistics=lambda: "",
        as_of=lambda: f"date '{wanted.as_of:%Y-%m-%d}'",
        asked=_asked(wanted.measures),
        in_touched_months=_in_months(wanted.months),
        not_before_touched_months=_not_before(wanted.months),
        ref=lambda name: _fact(conn, wanted, name) if name in FACTS else "",
    )
    return environment


def _asked(measures: Collection[str]) -> Callable[..., str]:
    """`asked` of the model: of its rows those of these measures. What isn't one list of values stays or goes whole."""

    def rows(kind: str, caller: Callable[[], str]) -> str:
        text = _COMMENT.sub("", caller()).strip()
        if text.startswith("values"):
            listed = _BETWEEN_VALUES.split(text.removeprefix("values").strip())
            kept = [row for row in listed if (found := _MEASURE.match(row)) and found[1] in measures]
            text = "values " + ", ".join(kept) if kept else ""
        elif not any(f"'{measure}'" in text for measure in measures):
            text = ""
        return text or f"select null::text, null::{kind} where false"

    return rows


def _in_months(months: Sequence[date] | None) -> Callable[[str, str], str]:
    def condition(column: str, domain: str) -> str:
        if months is None:
            return f"{column} is not null"
        literals = ", ".join(f"date '{month:%Y-%m-%d}'" for month in months)
        return f"{column} in ({literals})"

    return condition


def _not_before(months: Sequence[date] | None) -> Callable[[str, str], str]:
    def condition(column: str, domain: str) -> str:
        return "true" if months is None else f"{column} >= date '{min(months):%Y-%m-%d}'"

    return condition


def _fact(conn: Connection, wanted: Wanted, name: str) -> str:
    """A fact in which every row is its own unit: of its columns those that the auditor may see."""
    is_needed = not set(FACTS[name]).isdisjoint(wanted.datasets)
    address = sql.SQL("concat_ws({}, agency_code, load_seq, file_digest, row_no)").format(sql.Literal(_MARK))
    columns = [column for column in _visible_columns(conn, wanted.colour, name) if column not in _ADDRESS]
    query = sql.SQL("(select {address} as agency_code, {columns} from {table} where {where}) as {name}").format(
        address=address,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(wanted.colour, name),
        where=wanted.where if is_needed else sql.SQL("false"),
        name=sql.Identifier(name),
    )
    return query.as_string(conn)


def _visible_columns(conn: Connection, colour: str, table: str) -> list[str]:
    rows = conn.execute(
        "select a.attname from pg_attribute as a"
        " where a.attrelid = to_regclass(%(table)s) and a.attnum > 0 and not a.attisdropped"
        " and has_column_privilege(a.attrelid, a.attnum, 'select') order by a.attnum",
        {"table": f"{colour}.{table}"},
    ).fetchall()
    return [str(row[0]) for row in rows]
