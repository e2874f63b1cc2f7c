"""What the decision on a load does to rows that were refused before: corrected, replayed, waived.

Runs in the transaction of that decision: `closings` finds the rows, and `close` writes event and state of each group.
A row is corrected by a row of its key that was taken in and whose version, by the source's own time, is not older. So
the order in which loads arrive doesn't matter: a row refused today may have been brought right by a load of yesterday.
"""

# ruff: noqa: S608  (the names in these statements are a contract's, which allow no character that could do harm)

from dataclasses import dataclass
from typing import Any

import psycopg

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import (
    TIMEZONE,
    cast_or_null,
    identifier,
    inbound_name,
    key_digest_expression,
    literal,
    source_version_expression,
)
from egov_kpi.gate.relation import ROW_KEY, waived_name
from egov_kpi.gate.result import GateResult

Connection = psycopg.Connection[tuple[Any, ...]]

NIGHT = "egov-kpi"
LATER_EXPORT, EARLIER_EXPORT, REPLAY = "later_export", "earlier_export", "replay"


@dataclass(frozen=True)
class Closing:
    """Refused rows of `load_seq` that end their being open together; `ids` is a multirange of quarantine_id."""

    load_seq: int
    state: str
    ids: str
    by_load: int
    cause: str


def closings(conn: Connection, contract: Contract, load_seq: int, result: GateResult) -> list[Closing]:
    """What the load in hand closes, its rows being in raw and quarantine already, and its inbound table still there."""
    conn.execute("select quarantine.lock(%s)", (contract.id,))
    found = _heard_again(conn, contract, load_seq, result)
    if result.verdict == "block":
        return found
    found += _corrected_by(conn, contract, load_seq, _ids(found))
    return found + _corrected_before(conn, contract, load_seq, _ids(found))


def close(conn: Connection, contract: Contract, found: list[Closing]) -> None:
    """Events and states; whatever was found is open still, since the dataset's lock is held."""
    for item in found:
        conn.execute(
            "select quarantine.close_rows(%s, %s, %s, %s::int8multirange, %s, %s, %s)",
            (contract.id, item.load_seq, item.state, item.ids, item.by_load, NIGHT, item.cause),
        )


def born(conn: Connection, contract: Contract, load_seq: int) -> dict[str, str]:
    """Numbers of the rows that the load has just set aside, for its event; nothing when there are none."""
    row = conn.execute(
        f"select range_agg(int8range(quarantine_id, quarantine_id + 1))::text from {_table(contract)}"
        " where load_seq = %s".encode(),
        (load_seq,),
    ).fetchone()
    return {"quarantine_rows": row[0]} if row and row[0] else {}


def _table(contract: Contract) -> str:
    return f"quarantine.{identifier(contract.table)}"


def _ids(found: list[Closing]) -> list[str]:
    return [item.ids for item in found]


# --------------------------------------------------------------------------------------------------------------- replay


def _heard_again(conn: Connection, contract: Contract, load_seq: int, result: GateResult) -> list[Closing]:
    """Open rows of the load that this one replays: waived when a waiver alone let them in, replayed otherwise."""
    row = conn.execute("select replay_of from ledger.load where load_seq = %s", (load_seq,)).fetchone()
    if row is None or row[0] is None:
        return []
    original = int(row[0])
    query = f"""
        select
            case when {_let_in(contract, load_seq, result)} then 'waived' else 'replayed' end as state,
            range_agg(int8range(o.quarantine_id, o.quarantine_id + 1))::text
        from {_table(contract)} as o
        where o.load_seq = %(original)s and o.state = 'open'
        group by 1 order by 1
    """
    rows = conn.execute(query.encode(), {"original": original, "load_seq": load_seq}).fetchall()
    return [Closing(original, state, ids, load_seq, REPLAY) for state, ids in rows]


def _let_in(contract: Contract, load_seq: int, result: GateResult) -> str:
    """Condition on an old row `o`: the replay took it in, and without a waiver it would not have."""
    if result.verdict == "block":
        return "false"
    if result.waived_whole:
        return f"""not exists (
            select from {_table(contract)} as n
            where n.load_seq = %(load_seq)s and n.file_digest = o.file_digest and n.row_no = o.row_no
        )"""
    return f"""exists (
        select from inbound.{identifier(waived_name(contract, load_seq))} as w
        inner join inbound.{identifier(inbound_name(contract, load_seq))} as i on {ROW_KEY} = w._row_id
        inner join ledger.load_file as f on f.load_seq = %(load_seq)s and f.file_no = i._file + 1
        where f.sha256_landed = o.file_digest and i._row_no = o.row_no
    )"""


# ----------------------------------------------------------------------------------------------------------- correction

# Rows that a load may bring right. A version that can't be read is taken for the latest that its load may hold, so that
# no older row passes for its correction. Rows that a load corrected which has been revoked since wait again.
_WAITING = """
    select
        q.quarantine_id,
        q.load_seq,
        q.file_digest,
        q.row_no,
        q.key_digest,
        coalesce(q.source_version_at, (l.business_date + 1)::timestamp at time zone {timezone}) as version_at,
        l.snapshot_date,
        q.state = 'corrected' as is_again
    from {table} as q
    inner join ledger.load as l on l.load_seq = q.load_seq
    where q.key_digest is not null
        and not q.quarantine_id <@ any(%(taken)s::int8multirange[])
        and (q.state = 'open' or (q.state = 'corrected' and q.closed_event_no in (
            select c.event_no from ledger.quarantine_closing as c
            inner join ledger.revoked_load as v on v.load_seq = c.by_load
        )))
"""


def _waiting(contract: Contract) -> str:
    return _WAITING.format(table=_table(contract), timezone=literal(TIMEZONE))


def _corrected_by(conn: Connection, contract: Contract, load_seq: int, taken: list[str]) -> list[Closing]:
    """Rows of any load whose key this load has brought in a version that is not older."""
    query = f"""
        with waiting as materialized ({_waiting(contract)}),

        -- Digests of keys are only worked out when somebody waits for them.
        accepted as materialized (
            select
                {key_digest_expression(contract, "r", typed=True)} as key_digest,
                max({source_version_expression(contract, "r", typed=True)}) as version_at
            from raw.{identifier(contract.table)} as r
            where r.load_seq = %(load_seq)s and exists (select from waiting)
            group by 1
        )

        select w.load_seq, w.is_again, range_agg(int8range(w.quarantine_id, w.quarantine_id + 1))::text
        from waiting as w
        inner join accepted as a on a.key_digest = w.key_digest and a.version_at >= w.version_at
        group by w.load_seq, w.is_again
        order by w.load_seq, w.is_again
    """
    rows = conn.execute(query.encode(), {"load_seq": load_seq, "taken": taken}).fetchall()
    return [Closing(refused_by, "corrected", ids, load_seq, LATER_EXPORT) for refused_by, _, ids in rows]


def _corrected_before(conn: Connection, contract: Contract, load_seq: int, taken: list[str]) -> list[Closing]:
    """Rows that this load has just refused, although another load brought their key in a version that is not older.

    Of several loads the one of the same snapshot comes first, then the newest version.
    """
    keys = [column for column in contract.key_columns if column.role != "snapshot_date"]
    same = " and ".join(f"r.{identifier(column.name)} = {cast_or_null(column, 'i')}" for column in keys)
    version = source_version_expression(contract, "r", typed=True)
    query = f"""
        with waiting as materialized ({_waiting(contract)} and q.load_seq = %(load_seq)s)

        select b.load_seq, range_agg(int8range(w.quarantine_id, w.quarantine_id + 1))::text
        from waiting as w
        inner join ledger.load_file as f on f.load_seq = w.load_seq and f.sha256_landed = w.file_digest
        inner join inbound.{identifier(inbound_name(contract, load_seq))} as i
            on i._file = f.file_no - 1 and i._row_no = w.row_no
        cross join lateral (
            select r.load_seq
            from raw.{identifier(contract.table)} as r
            inner join ledger.load as l on l.load_seq = r.load_seq
            where {same} and {version} >= w.version_at and r.load_seq <> %(load_seq)s
                and not exists (select from ledger.revoked_load as v where v.load_seq = r.load_seq)
            order by l.snapshot_date is not distinct from w.snapshot_date desc, {version} desc, r.load_seq
            limit 1
        ) as b
        group by b.load_seq
        order by b.load_seq
    """
    rows = conn.execute(query.encode(), {"load_seq": load_seq, "taken": taken}).fetchall()
    return [Closing(load_seq, "corrected", ids, brought_by, EARLIER_EXPORT) for brought_by, ids in rows]
