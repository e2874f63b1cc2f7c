"""Digest of what a colour shows: equal wherever the figures are, whatever way they came there.

Left out are pseudonyms, numbers of loads and rows, and technical times. Rows are hashed one by one, hashes sorted and
hashed per relation and month (a leaf), leaves sorted and hashed. A night digests only the leaves of the months that it
touched; an auditor digests all of them again and compares.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.publish.months import with_coarser

Connection = psycopg.Connection[tuple[Any, ...]]

_TECHNICAL = {"load_seq", "file_digest", "row_no", "row_digest", "sheet", "built_at", "loaded_at", "build_event_no"}
_MONTHS = ("business_month", "month", "period_start")
# The leaf of a relation without months, a dimension.
_UNDATED = date(1, 1, 1)


@dataclass(frozen=True)
class Relation:
    """A table of a colour: the columns that count, as (name, type), and the one that gives the month, if any."""

    name: str
    columns: tuple[tuple[str, str], ...]
    month: str | None


def mart_digest(conn: Connection, colour: str) -> str:
    """Digest of a colour, computed from its rows."""
    leaves = [
        (relation.name, *leaf) for relation in relations(conn, colour) for leaf in _leaves(conn, colour, relation)
    ]
    return _root(leaves)


def stored_digest(conn: Connection, colour: str) -> str:
    """The same from the leaves that the builds kept: what a publish records."""
    leaves = conn.execute(
        "select relation, month, row_count, digest from build.mart_leaf where colour = %s", (colour,)
    ).fetchall()
    return _root(leaves)


def unlike_months(conn: Connection, relation: str, colours: tuple[str, str]) -> list[date]:
    """Months of a relation whose leaf the two colours don't share, as their builds kept them: in all others their rows
    are equal."""
    rows = conn.execute(
        "select month from build.mart_leaf where relation = %(relation)s and colour = any(%(colours)s)"
        # a month that one of the two lacks has one leaf
        " group by month having count(distinct (row_count, digest)) > 1 or count(*) = 1",
        {"relation": relation, "colours": list(colours)},
    ).fetchall()
    return [row[0] for row in rows]


def refresh_leaves(conn: Connection, colour: str, touched: Iterable[date] | None) -> None:
    """Recompute the leaves of the months touched and of all dimensions; of every month when `touched` is None."""
    months = None if touched is None else sorted({_UNDATED} | with_coarser(touched))
    conn.execute(
        "delete from build.mart_leaf where colour = %s and (%s::date[] is null or month = any(%s::date[]))",
        (colour, months, months),
    )
    for relation in relations(conn, colour):
        rows = [(colour, relation.name, *leaf) for leaf in _leaves(conn, colour, relation, months)]
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into build.mart_leaf (colour, relation, month, row_count, digest) values (%s, %s, %s, %s, %s)",
                rows,
            )


def relations(conn: Connection, colour: str) -> list[Relation]:
    """The tables of a colour with the columns that are figures."""
    rows = conn.execute(
        "select c.relname, array_agg(a.attname::text order by a.attname),"
        " array_agg(format_type(a.atttypid, null) order by a.attname)"
        " from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " group by c.relname order by c.relname",
        (colour,),
    ).fetchall()
    return [_relation(str(name), list(zip(columns, types, strict=True))) for name, columns, types in rows]


def _relation(name: str, columns: list[tuple[str, str]]) -> Relation:
    counted = tuple((column, kind) for column, kind in columns if _is_figure(column))
    present = {column for column, _ in counted}
    return Relation(name, counted, next((month for month in _MONTHS if month in present), None))


def _is_figure(column: str) -> bool:
    return column not in _TECHNICAL and not column.endswith("_hash")


def _text_of(column: str, kind: str) -> sql.Composable:
    """A column as text that does not depend on the session."""
    name = sql.Identifier(column)
    if kind == "numeric":
        # 1.0 and 1.00 are one figure
        return sql.SQL("trim_scale({})::text").format(name)
    if kind == "timestamp with time zone":
        return sql.SQL("to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')").format(name)
    if kind == "date":
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(name)
    return sql.SQL("{}::text").format(name)


def _leaves(
    conn: Connection, colour: str, relation: Relation, months: list[date] | None = None
) -> list[tuple[date, int, str]]:
    month = sql.Identifier(relation.month) if relation.month else sql.Literal(_UNDATED)
    values = sql.SQL(", ").join(_text_of(column, kind) for column, kind in relation.columns)
    # Materialized: a row's hash is wanted twice, to be sorted by and to be added up.
    query = sql.SQL(
        "with hashed as materialized (select {month}::date as month,"
        " sha256(convert_to(json_build_array({values})::text, 'UTF8')) as row_hash from {table}"
        " where %(months)s::date[] is null or {month}::date = any(%(months)s::date[]))"
        " select month, count(*),"
        " encode(sha256(convert_to(string_agg(encode(row_hash, 'hex'), '' order by row_hash), 'UTF8')), 'hex')"
        " from hashed group by month"
    ).format(month=month, values=values, table=sql.Identifier(colour, relation.name))
    return [(row[0], int(row[1]), str(row[2])) for row in conn.execute(query, {"months": months}).fetchall()]


def _root(leaves: Iterable[tuple[Any, ...]]) -> str:
    lines = sorted(f"{relation}|{month.isoformat()}|{rows}|{leaf}\n" for relation, month, rows, leaf in leaves)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
