"""From inbound to raw: the rows that the gate let pass, typed, once each, for ever.

Grain of `raw.<table>`: one row per exported row and load. A row that another load already brought is stored again and
marked unchanged; a row that repeats an earlier one of its own load word for word is counted as a duplicate and left
out. Everything is written in the caller's transaction, together with quarantine, account and ledger.

The first load of a month fills the month's partition before that joins its table, so that its indexes are made once,
over all rows.
"""

# ruff: noqa: S608  (the names in these statements are a contract's, which allow no character that could do harm)

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.contracts.sql import TIMEZONE, cast_expression, identifier, inbound_name
from egov_kpi.errors import EgovError
from egov_kpi.gate.relation import refused_name, waived_name
from egov_kpi.raw.digest import REPEATED, REPEATED_BYTES, row_digest_expression, whole_row_expression

Connection = psycopg.Connection[tuple[Any, ...]]

# Hash tables of a million keys; the transaction's own, gone with it.
WORK_MEM = "128MB"
_OWN_COLUMNS = ("load_seq", "file_digest", "sheet", "row_no", "row_digest", "is_unchanged", "loaded_month")


@dataclass(frozen=True)
class Account:
    """Where the landed rows of a load went; each counted on its own, so that the sum can be held against `landed`."""

    landed: int
    accepted: int
    unchanged: int
    quarantined: int
    duplicate: int
    structural: int


@dataclass(frozen=True)
class _Place:
    """Rows of a load by file and row number."""

    files: list[int]
    rows: list[int]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class _Load:
    """The load in hand; digests in the order of the manifest; the month names the partition."""

    contract: Contract
    load_seq: int
    digests: list[str]
    month: date | None = None

    @property
    def inbound(self) -> str:
        return f"inbound.{identifier(inbound_name(self.contract, self.load_seq))}"

    @property
    def raw(self) -> str:
        return f"raw.{identifier(self.contract.table)}"

    @property
    def quarantine(self) -> str:
        return f"quarantine.{identifier(self.contract.table)}"

    @property
    def values(self) -> dict[str, Any]:
        return {"load_seq": self.load_seq, "digests": self.digests, "month": self.month}


def promote(conn: Connection, contract: Contract, load_seq: int, file_digests: Sequence[str] | None = None) -> Account:
    """Append the load's rows to raw. `file_digests` are the landed digests in the manifest's order (default: ledger).

    EGOV-RAW-001 when the load has no inbound table, -002 when it has rows in raw already, -003 when a value that passed
    the gate can't be typed, -004 when quarantine holds rows that the load hasn't.
    """
    digests = list(file_digests) if file_digests is not None else _landed_digests(conn, load_seq)
    (month,) = _row(conn, "select date_trunc('month', current_date)::date")
    load = _Load(contract, load_seq, digests, month)
    _require_new(conn, load)
    conn.execute("select set_config('work_mem', %s, true)", (WORK_MEM,))
    landed, structural = _row(conn, f"select count(*), count(*) filter (where _kind <> 'data') from {load.inbound}")
    refused = _refused_rows(conn, load)
    repeated = _repeated_rows(conn, load, refused)
    # Whether earlier loads brought a row is only asked when there are earlier loads.
    (has_history,) = _row(conn, f"select exists (select from {load.raw})")
    left_out = _Place(refused.files + repeated.files, refused.rows + repeated.rows)
    stored = _store(conn, load, left_out, has_history)
    unchanged = _unchanged(conn, load) if has_history else 0
    return Account(landed, stored - unchanged, unchanged, len(refused), len(repeated), structural)


def drop_inbound(conn: Connection, contract: Contract, load_seq: int) -> None:
    """Remove a load's inbound table, and the gate's lists of its rows, once the load has been decided."""
    for name_of in (inbound_name, refused_name, waived_name):
        conn.execute(f"drop table if exists inbound.{identifier(name_of(contract, load_seq))}".encode())


def _landed_digests(conn: Connection, load_seq: int) -> list[str]:
    query = "select sha256_landed from ledger.load_file where load_seq = %s order by file_no"
    return [row[0] for row in conn.execute(query, (load_seq,))]


def _require_new(conn: Connection, load: _Load) -> None:
    if not _row(conn, "select to_regclass(%s) is not null", (load.inbound,))[0]:
        raise EgovError("EGOV-RAW-001", dataset=load.contract.id, load_seq=load.load_seq)
    if _row(conn, f"select exists (select from {load.raw} where load_seq = %s)", (load.load_seq,))[0]:
        raise EgovError("EGOV-RAW-002", dataset=load.contract.id, load_seq=load.load_seq)


def _refused_rows(conn: Connection, load: _Load) -> _Place:
    """Rows of the load that are in quarantine; every row there must be one of its data rows."""
    (expected,) = _row(conn, f"select count(*) from {load.quarantine} where load_seq = %(load_seq)s", load.values)
    if not expected:
        return _Place([], [])
    query = f"""
        select i._file, i._row_no from {load.inbound} as i
        where i._kind = 'data' and exists (
            select from {load.quarantine} as q
            where q.load_seq = %(load_seq)s and q.row_no = i._row_no
                and q.file_digest = (%(digests)s::text[])[i._file + 1]
        )
    """
    refused = _places(conn, query, load.values)
    if len(refused) != expected:
        raise EgovError("EGOV-RAW-004", load_seq=load.load_seq, found=len(refused), expected=expected)
    return refused


def _prefixes_met_again(conn: Connection, load: _Load) -> list[bytes]:
    """Beginnings of the digests that more than one row may have, as loading noted them, else by a look at all rows."""
    (note,) = _row(conn, "select obj_description(to_regclass(%s), 'pg_class')", (load.inbound,))
    if note is not None and note.startswith(REPEATED):
        return [bytes.fromhex(prefix) for prefix in note.removeprefix(REPEATED).split()]
    query = f"""
        select {_prefix(load.contract)} from {load.inbound} as i
        where i._kind = 'data' group by 1 having count(*) > 1
    """
    return [row[0] for row in conn.execute(query.encode())]


def _prefix(contract: Contract) -> str:
    return f"substr({row_digest_expression(contract, 'i')}, 1, {REPEATED_BYTES})"


def _repeated_rows(conn: Connection, load: _Load, refused: _Place) -> _Place:
    """Every word-for-word repetition of an earlier row of the load that passed.

    Word for word is more than the digest, which leaves out the version of a snapshot.
    """
    prefixes = _prefixes_met_again(conn, load)
    if not prefixes:
        return _Place([], [])
    query = f"""
        select n._file, n._row_no
        from (
            select
                i._file,
                i._row_no,
                row_number() over (
                    partition by {whole_row_expression(load.contract, "i")} order by i._file, i._row_no
                ) as occurrence
            from {load.inbound} as i
            where {_passed(refused)}
                and {_prefix(load.contract)} in (select p.prefix from unnest(%(prefixes)s::bytea[]) as p (prefix))
        ) as n
        where n.occurrence > 1
    """
    return _places(conn, query, {**_left_out(refused), "prefixes": prefixes})


def _store(conn: Connection, load: _Load, left_out: _Place, has_history: bool) -> int:
    """Insert the typed rows; how many Postgres says it stored."""
    (fresh,) = _row(conn, "select raw.begin_partition(%s, %s)", (load.contract.table, load.month))
    target = load.raw if fresh is None else f"raw.{identifier(fresh)}"
    names = ", ".join((*_OWN_COLUMNS, *(identifier(column.name) for column in load.contract.kept_columns)))
    query = f"insert into {target} ({names}) {_typed_rows(load, left_out, has_history)}"
    _read_as_contracts_write(conn)
    try:
        stored = conn.execute(query.encode(), {**load.values, **_left_out(left_out)}).rowcount
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # The message may quote the value.
        detail = error.sqlstate
        raise EgovError("EGOV-RAW-003", dataset=load.contract.id, load_seq=load.load_seq, detail=detail) from None
    if fresh is not None:
        conn.execute("select raw.attach_partition(%s, %s)", (load.contract.table, load.month))
    return stored


def _read_as_contracts_write(conn: Connection) -> None:
    """For this transaction a date of text reads day first and means a day in Viet Nam."""
    conn.execute("select set_config('datestyle', 'ISO, DMY', true), set_config('timezone', %s, true)", (TIMEZONE,))


def _typed_rows(load: _Load, left_out: _Place, has_history: bool) -> str:
    casts = ", ".join(_typed(column) for column in load.contract.kept_columns)
    return f"""
        select
            %(load_seq)s::bigint,
            (%(digests)s::text[])[i._file + 1],
            i._sheet,
            i._row_no,
            {row_digest_expression(load.contract, "i")},
            {_known(load) if has_history else "false"},
            %(month)s::date,
            {casts}
        from {load.inbound} as i
        where {_passed(left_out)}
    """


def _typed(column: Column) -> str:
    """The column's type from its text, which is NULL where it is empty.

    Where day is read first a plain cast of a date is right, and much quicker than the one that is right everywhere.
    """
    if column.sql_type == "text" and not column.values:
        return f"i.{identifier(column.name)}"
    if column.type in ("date", "timestamp"):
        return f"i.{identifier(column.name)}::{column.sql_type}"
    return cast_expression(column, "i")


def _known(load: _Load) -> str:
    """Whether any earlier load brought this key with this content; of a snapshot, on whatever date."""
    keys = [column for column in load.contract.key_columns if column.role != "snapshot_date"]
    same = " and ".join(f"r.{identifier(column.name)} = {_typed(column)}" for column in keys)
    digest = row_digest_expression(load.contract, "i")
    return f"exists (select from {load.raw} as r where {same} and r.row_digest = {digest})"


def _unchanged(conn: Connection, load: _Load) -> int:
    query = f"select count(*) from {load.raw} where load_seq = %s and is_unchanged and loaded_month = %s"
    (unchanged,) = _row(conn, query, (load.load_seq, load.month))
    return int(unchanged)


def _passed(left_out: _Place) -> str:
    if not left_out:
        return "i._kind = 'data'"
    return """i._kind = 'data' and not exists (
            select from unnest(%(files)s::smallint[], %(rows)s::bigint[]) as x (file_no, row_no)
            where x.file_no = i._file and x.row_no = i._row_no
        )"""


def _left_out(place: _Place) -> dict[str, Any]:
    return {"files": place.files, "rows": place.rows}


def _places(conn: Connection, query: str, values: dict[str, Any]) -> _Place:
    found = conn.execute(query.encode(), values).fetchall()
    return _Place([file for file, _ in found], [row for _, row in found])


def _row(conn: Connection, query: str, values: Any = None) -> tuple[Any, ...]:
    row = conn.execute(query.encode(), values).fetchone()
    assert row is not None  # an aggregate without groups always has one row
    return row
