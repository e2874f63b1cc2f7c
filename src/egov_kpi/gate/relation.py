"""The relation that the rules of a dataset look at: one load's data rows, typed as far as their text allows.

Beside every typed column `c` stand `c__text` (the source's text, NULL when empty) and, for a column that is parsed,
`c__valid` (whether the text can be cast). Plain text columns stand alone. What depends on the night is a column as well
(`_latest_date`, `_latest_at`, `_earliest_date`, `_earliest_at`, `_snapshot_date`, and `_load_seq`, `_window_from`, by
which a rule finds what came before), so that a rule compares two columns and its query can be run anywhere. `_row_id`
names a row of the load, `_content` digests the whole of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.contracts.sql import (
    TIMEZONE,
    alone_with,
    cast_expression,
    identifier,
    inbound_name,
    literal,
    validity_expression,
)

Connection = psycopg.Connection[tuple[Any, ...]]

# Systems older than this do not exist; dates before it are defaults of a spreadsheet or of an empty field.
EARLIEST_DATE = date(2000, 1, 1)
NIGHT_COLUMNS = (
    "_earliest_date", "_earliest_at", "_latest_date", "_latest_at", "_snapshot_date", "_load_seq", "_window_from",
)  # fmt: skip


@dataclass(frozen=True)
class Night:
    """What a load is measured against: its business date and, for a snapshot, the date that it speaks of."""

    business_date: date
    snapshot_date: date | None

    @property
    def latest_date(self) -> date:
        """The last day that a row may speak of: an export that starts at 02:00 already holds the next day."""
        return self.business_date + timedelta(days=1)


# Rows are numbered within their file, and a load may have many: one number for both, so that a rule names a row by it.
ROW_ID = "_row_id"
ROW_KEY = "(i._file::bigint << 40) + i._row_no"


def checked_name(contract: Contract, load_seq: int) -> str:
    return f"{inbound_name(contract, load_seq)}__gate"


def refused_name(contract: Contract, load_seq: int) -> str:
    return f"{inbound_name(contract, load_seq)}__refused"


def waived_name(contract: Contract, load_seq: int) -> str:
    return f"{inbound_name(contract, load_seq)}__waived"


def together_name(contract: Contract, first_load: int) -> str:
    """Of the loads that are asked together; named after one of them, so that it is swept with what that one left."""
    return f"{inbound_name(contract, first_load)}__together"


def create(conn: Connection, name: str, query: str) -> None:
    """Make a table of the gate's own in inbound, in the place of one that a broken-off check left."""
    with _room(conn, name):
        conn.execute(f'create unlogged table inbound."{name}" as\n{query}'.encode())


def create_for_rows(conn: Connection, name: str) -> sql.Identifier:
    """The same for rows by their numbers, each with a rule that speaks of it."""
    table = sql.Identifier("inbound", name)
    with _room(conn, name):
        conn.execute(sql.SQL("create unlogged table {} (_row_id bigint not null, rule_id text not null)").format(table))
    return table


@contextmanager
def _room(conn: Connection, name: str) -> Iterator[None]:
    """A transaction in which nobody else makes a table of that name, and none is there."""
    with conn.transaction():
        conn.execute(alone_with(name).encode())
        drop(conn, name)
        yield


def drop(conn: Connection, name: str) -> None:
    conn.execute(sql.SQL("drop table if exists {}").format(sql.Identifier("inbound", name)))


def has_text_twin(column: Column) -> bool:
    """Whether the typed value may differ from the text, so that both are kept."""
    return bool(column.values) or column.sql_type != "text"


def is_parsed(column: Column) -> bool:
    """Whether the text may fail to be cast, other than by a code outside its enumeration."""
    return not column.values and column.sql_type != "text"


def text_name(column: Column) -> str:
    """The column that holds the source's text."""
    return f"{column.name}__text" if has_text_twin(column) else column.name


def checked_columns(contract: Contract) -> list[str]:
    """Names of all columns of the checked relation, in order."""
    names = [ROW_ID]
    for column in contract.kept_columns:
        names.append(column.name)
        names += [text_name(column)] if has_text_twin(column) else []
        names += [f"{column.name}__valid"] if is_parsed(column) else []
    return [*names, "_content", *NIGHT_COLUMNS]


def checked_query(contract: Contract, load_seq: int, night: Night) -> str:
    """Select of the checked relation from the load's inbound table. Never fails on a value, whatever its text."""
    items = [f"{ROW_KEY} as {ROW_ID}"]
    for column in contract.kept_columns:
        items += _column_items(column)
    items.append(f"{_content(contract)} as _content")
    items += _night_items(night, load_seq)
    source = f"inbound.{identifier(inbound_name(contract, load_seq))}"
    return "select\n    " + ",\n    ".join(items) + f"\nfrom {source} as i\n{_flags(contract)}\nwhere i._kind = 'data'"


def _flags(contract: Contract) -> str:
    """Whether each text can be cast, worked out once per row; `offset 0` keeps Postgres from repeating it."""
    flags = [
        f"{validity_expression(column, 'i')} as {identifier(_flag(column))}"
        for column in contract.kept_columns
        if has_text_twin(column)
    ]
    return f"cross join lateral (select {', '.join(flags)} offset 0) as v" if flags else ""


def _flag(column: Column) -> str:
    return f"{column.name}__valid"


def _column_items(column: Column) -> list[str]:
    name = identifier(column.name)
    text = f"nullif(i.{name}, '')"
    if not has_text_twin(column):
        return [f"{text} as {name}"]
    flag = identifier(_flag(column))
    items = [
        f"case when v.{flag} then {cast_expression(column, 'i')} end as {name}",
        f"{text} as {identifier(text_name(column))}",
    ]
    return [*items, f"v.{flag} as {flag}"] if is_parsed(column) else items


def _content(contract: Contract) -> str:
    texts = ", ".join(f"coalesce(i.{identifier(column.name)}, '')" for column in contract.kept_columns)
    return f"md5(concat_ws(chr(31), {texts}))"


def _night_items(night: Night, load_seq: int) -> list[str]:
    snapshot = literal(night.snapshot_date.isoformat()) if night.snapshot_date else "null"
    return [
        f"{_date(EARLIEST_DATE)} as _earliest_date",
        f"{_midnight(EARLIEST_DATE)} as _earliest_at",
        f"{_date(night.latest_date)} as _latest_date",
        f"{_midnight(night.latest_date + timedelta(days=1))} as _latest_at",
        f"{snapshot}::date as _snapshot_date",
        f"{load_seq}::bigint as _load_seq",
        f"(select l.window_from from ledger.load as l where l.load_seq = {load_seq}) as _window_from",  # noqa: S608
    ]


def _date(day: date) -> str:
    return f"{literal(day.isoformat())}::date"


def _midnight(day: date) -> str:
    return f"({literal(day.isoformat())}::timestamp at time zone {literal(TIMEZONE)})"
