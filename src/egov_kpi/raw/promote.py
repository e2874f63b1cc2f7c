"""From inbound to raw: the rows that the gate let pass, typed, once each, for ever.

Grain of `raw.<table>`: one row per exported row and load. A row that another load already brought is stored again and
marked unchanged; a row that repeats an earlier one of its own load word for word is counted as a duplicate and left
out. Everything happens in the caller's transaction, together with quarantine, account and ledger.
"""

# ruff: noqa: S608  (the names in these statements are a contract's, which allow no character that could do harm)

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import cast_expression, identifier
from egov_kpi.errors import EgovError
from egov_kpi.raw.digest import row_digest_expression, whole_row_expression

Connection = psycopg.Connection[tuple[Any, ...]]

# Hash tables of a million keys; the transaction's own, gone with it.
WORK_MEM = "128MB"


@dataclass(frozen=True)
class Account:
    """Where the landed rows of a load went; each counted on its own, so that the sum can be held against `landed`."""

    landed: int
    accepted: int
    unchanged: int
    quarantined: int
    duplicate: int
    structural: int


def promote(conn: Connection, contract: Contract, load_seq: int, file_digests: Sequence[str] | None = None) -> Account:
    """Append the load's rows to raw. `file_digests` are the landed digests in the manifest's order (default: ledger).

    EGOV-RAW-001 when the load has no inbound table, EGOV-RAW-002 when it has rows in raw already.
    """
    _require_new(conn, contract, load_seq)
    digests = list(file_digests) if file_digests is not None else _landed_digests(conn, load_seq)
    conn.execute("select set_config('work_mem', %s, true)", (WORK_MEM,))
    conn.execute("select raw.ensure_partition(%s, current_date)", (contract.table,))
    landed, structural, quarantined = _count_inbound(conn, contract, load_seq, digests)
    repeated = _repeated_rows(conn, contract, load_seq, digests, quarantined > 0)
    _insert(conn, contract, load_seq, digests, repeated, quarantined > 0)
    accepted, unchanged = _count_raw(conn, contract, load_seq)
    return Account(landed, accepted, unchanged, quarantined, len(repeated), structural)


def drop_inbound(conn: Connection, contract: Contract, load_seq: int) -> None:
    """Remove a load's inbound table, once the load has been decided."""
    conn.execute(_sql(f"drop table if exists {_inbound(contract, load_seq)}"))


def _require_new(conn: Connection, contract: Contract, load_seq: int) -> None:
    known = conn.execute("select to_regclass(%s) is not null", (_inbound(contract, load_seq),)).fetchone()
    if known is None or not known[0]:
        raise EgovError("EGOV-RAW-001", dataset=contract.id, load_seq=load_seq)
    query = f"select exists (select from {_raw(contract)} where load_seq = %s)"
    if _row(conn, query, (load_seq,))[0]:
        raise EgovError("EGOV-RAW-002", dataset=contract.id, load_seq=load_seq)


def _landed_digests(conn: Connection, load_seq: int) -> list[str]:
    query = "select sha256_landed from ledger.load_file where load_seq = %s order by file_no"
    return [row[0] for row in conn.execute(query, (load_seq,))]


def _count_inbound(conn: Connection, contract: Contract, load_seq: int, digests: Sequence[str]) -> tuple[int, int, int]:
    """Rows landed, structural ones, and those in quarantine that really are rows of this load."""
    counted = f"select count(*), count(*) filter (where _kind <> 'data') from {_inbound(contract, load_seq)}"
    refused = f"select count(*) from {_source(contract, load_seq)} where i._kind = 'data' and {_refused(contract)}"
    landed, structural = _row(conn, counted)
    (in_quarantine,) = _row(conn, f"select count(*) from {_quarantine(contract)} where load_seq = %s", (load_seq,))
    if not in_quarantine:
        return landed, structural, 0
    (quarantined,) = _row(conn, refused, {"digests": list(digests), "load_seq": load_seq})
    if quarantined != in_quarantine:
        raise EgovError("EGOV-RAW-004", load_seq=load_seq, found=quarantined, expected=in_quarantine)
    return landed, structural, quarantined


def _repeated_rows(
    conn: Connection, contract: Contract, load_seq: int, digests: Sequence[str], is_filtered: bool
) -> list[tuple[int, int]]:
    """File and row number of every word-for-word repetition of an earlier row of the load.

    Only rows that share key and version are compared in full: hashing every row twice would cost more than the insert.
    """
    names = [identifier(column.name) for column in (*contract.key_columns, contract.version_column)]
    unique = list(dict.fromkeys(names))
    rows = f"{_source(contract, load_seq)} where {_passed(contract, is_filtered)}"
    query = f"""
        with suspect as (
            select {", ".join(f"i.{name}" for name in unique)}
            from {rows}
            group by {", ".join(f"i.{name}" for name in unique)}
            having count(*) > 1
        ),
        numbered as (
            select
                i._file,
                i._row_no,
                row_number() over (
                    partition by {whole_row_expression(contract, "i")} order by i._file, i._row_no
                ) as occurrence
            from {_source(contract, load_seq)}
            inner join suspect as s on {" and ".join(f"s.{name} = i.{name}" for name in unique)}
            where {_passed(contract, is_filtered)}
        )
        select _file, _row_no from numbered where occurrence > 1
    """
    return conn.execute(_sql(query), {"digests": list(digests), "load_seq": load_seq}).fetchall()


def _insert(
    conn: Connection,
    contract: Contract,
    load_seq: int,
    digests: Sequence[str],
    repeated: list[tuple[int, int]],
    is_filtered: bool,
) -> None:
    """Append, typed. Whether earlier loads brought a row is only asked when there are earlier loads."""
    kept = ", ".join(identifier(column.name) for column in contract.kept_columns)
    casts = ",\n            ".join(cast_expression(column, "i") for column in contract.kept_columns)
    (has_history,) = _row(conn, f"select exists (select from {_raw(contract)})")
    query = f"""
        insert into {_raw(contract)}
            (load_seq, file_digest, sheet, row_no, row_digest, is_unchanged, loaded_month, {kept})
        select
            %(load_seq)s,
            (%(digests)s::text[])[i._file + 1],
            i._sheet,
            i._row_no,
            d.row_digest,
            {_known(contract) if has_history else "false"},
            date_trunc('month', current_date)::date,
            {casts}
        from {_source(contract, load_seq)}
        cross join lateral (select {row_digest_expression(contract, "i")} as row_digest offset 0) as d
        where {_passed(contract, is_filtered)} and {_is_first() if repeated else "true"}
    """
    values = {
        "load_seq": load_seq,
        "digests": list(digests),
        "files": [file for file, _ in repeated],
        "rows": [row for _, row in repeated],
    }
    try:
        conn.execute(_sql(query), values)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise EgovError("EGOV-RAW-003", dataset=contract.id, load_seq=load_seq, detail=error.sqlstate) from error


def _count_raw(conn: Connection, contract: Contract, load_seq: int) -> tuple[int, int]:
    query = f"""
        select count(*) filter (where not is_unchanged), count(*) filter (where is_unchanged)
        from {_raw(contract)} where load_seq = %s and loaded_month = date_trunc('month', current_date)::date
    """
    accepted, unchanged = _row(conn, query, (load_seq,))
    return accepted, unchanged


def _passed(contract: Contract, is_filtered: bool) -> str:
    return f"i._kind = 'data' and {f'not {_refused(contract)}' if is_filtered else 'true'}"


def _refused(contract: Contract) -> str:
    return f"""exists (
            select from {_quarantine(contract)} as q
            where q.load_seq = %(load_seq)s and q.row_no = i._row_no
                and q.file_digest = (%(digests)s::text[])[i._file + 1]
        )"""


def _is_first() -> str:
    return """not exists (
            select from unnest(%(files)s::smallint[], %(rows)s::bigint[]) as x (file_no, row_no)
            where x.file_no = i._file and x.row_no = i._row_no
        )"""


def _known(contract: Contract) -> str:
    """Whether any earlier load brought this key with this content; of a snapshot, on whatever date."""
    keys = [column for column in contract.key_columns if column.role != "snapshot_date"]
    same = " and ".join(f"r.{identifier(column.name)} = {cast_expression(column, 'i')}" for column in keys)
    return f"exists (select from {_raw(contract)} as r where {same} and r.row_digest = d.row_digest)"


def _source(contract: Contract, load_seq: int) -> str:
    return f"{_inbound(contract, load_seq)} as i"


def _inbound(contract: Contract, load_seq: int) -> str:
    return f"inbound.{identifier(f'{contract.table}__{load_seq}')}"


def _raw(contract: Contract) -> str:
    return f"raw.{identifier(contract.table)}"


def _quarantine(contract: Contract) -> str:
    return f"quarantine.{identifier(contract.table)}"


def _row(conn: Connection, query: str, parameters: Any = None) -> tuple[Any, ...]:
    row = conn.execute(_sql(query), parameters).fetchone()
    assert row is not None  # an aggregate without groups always has one row
    return row


def _sql(text: str) -> Any:
    """A statement made of a contract's names; psycopg's type for it wants literals only."""
    return text
