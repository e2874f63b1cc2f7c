"""What the ledger says about the night so far. A task that is run again asks here where it stood.

Only reads; the events themselves are written by the step that did the work.
"""

from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import inbound_name

Connection = psycopg.Connection[tuple[Any, ...]]

# A load that was decided has an account; one that was not is waiting for the gate.
_LOADS = """
    select
        l.load_seq,
        l.dataset,
        l.business_date,
        l.snapshot_date,
        l.window_from,
        l.window_to,
        l.content_digest,
        l.landing_path,
        l.registered_at,
        a.is_promoted,
        to_jsonb(a) - 'load_seq' - 'is_promoted' - 'decided_at' - 'event_no' as account,
        r.load_seq is not null as is_revoked,
        g.verdict as gate_verdict
    from ledger.load as l
    left join ledger.account as a on a.load_seq = l.load_seq
    left join ledger.revoked_load as r on r.load_seq = l.load_seq
    left join lateral (
        select v.verdict from ledger.gate_verdict as v where v.load_seq = l.load_seq order by v.event_no desc limit 1
    ) as g on true
"""


def loads(conn: Connection, load_seqs: list[int]) -> list[dict[str, Any]]:
    """The named loads, each with its verdict; in order of their numbers."""
    return _read(conn, f"{_LOADS} where l.load_seq = any(%s) order by l.load_seq", (load_seqs,))


def heard_last(conn: Connection, load_seqs: list[int]) -> list[int]:
    """The loads, each with the youngest promoted load in its place that heard the same content again."""
    rows = conn.execute(
        """
        with recursive heard (asked, load_seq) as (
            select l.load_seq, l.load_seq from unnest(%s::bigint[]) as l (load_seq)
            union
            select h.asked, again.load_seq
            from heard as h
            inner join ledger.load as again on again.replay_of = h.load_seq
        )

        select distinct coalesce(
            (
                select max(h.load_seq)
                from heard as h
                inner join ledger.promoted_load as p on p.load_seq = h.load_seq
                where h.asked = a.load_seq
                    and not exists (select from ledger.revoked_load as r where r.load_seq = h.load_seq)
            ),
            a.load_seq
        )
        from unnest(%s::bigint[]) as a (load_seq)
        """,
        (load_seqs, load_seqs),
    ).fetchall()
    return sorted(row[0] for row in rows)


def watermark(conn: Connection, dataset: str, before: date) -> date | None:
    """End of the last window whose every load was promoted and not revoked, before that date; None on a first night.

    A window with a blocked load in it is asked for again, with all that the source has mended since.
    """
    row = conn.execute(
        """
        select max((e.body_json ->> 'window_to')::date)
        from ledger.event as e
        where e.kind in ('delivery_pulled', 'delivery_empty')
            and e.body_json ->> 'dataset' = %(dataset)s
            and (e.body_json ->> 'window_to')::date < %(before)s
            and not exists (
                select from jsonb_array_elements_text(coalesce(e.body_json -> 'loads', '[]'::jsonb)) as l (load_seq)
                where not exists (select from ledger.promoted_load as p where p.load_seq = l.load_seq::bigint)
                    or exists (select from ledger.revoked_load as r where r.load_seq = l.load_seq::bigint)
            )
        """,
        {"dataset": dataset, "before": before},
    ).fetchone()
    return row[0] if row else None


def pending(conn: Connection, dataset: str) -> list[dict[str, Any]]:
    """Loads that no gate has decided on: left by this night or by one that was broken off."""
    where = "where l.dataset = %s and a.load_seq is null order by l.load_seq"
    return _read(conn, f"{_LOADS} {where}", (dataset,))


def last_load(conn: Connection, dataset: str) -> dict[str, Any] | None:
    """The youngest load of a dataset."""
    found = _read(conn, f"{_LOADS} where l.dataset = %s order by l.load_seq desc limit 1", (dataset,))
    return found[0] if found else None


def last_pull(conn: Connection, dataset: str, business_date: date) -> dict[str, Any] | None:
    """What the source last answered for this night: the event's body with its `kind`; None when it was never asked."""
    row = conn.execute(
        """
        select e.kind, e.body_json
        from ledger.event as e
        where e.kind in ('delivery_pulled', 'delivery_empty', 'pull_failed')
            and e.body_json ->> 'dataset' = %s and (e.body_json ->> 'business_date')::date = %s
        order by e.event_no desc limit 1
        """,
        (dataset, business_date),
    ).fetchone()
    return None if row is None else {"kind": row[0], **row[1]}


def staged(conn: Connection, load_seq: int) -> dict[str, int] | None:
    """The rows of a load as its staging counted them; None before the first staging."""
    row = conn.execute(
        "select e.body_json from ledger.event as e where e.kind = 'load_staged' "
        "and (e.body_json ->> 'load_seq')::bigint = %s order by e.event_no desc limit 1",
        (load_seq,),
    ).fetchone()
    return None if row is None else {name: row[0][name] for name in ("received", "withheld", "landed", "structural")}


def columns_added(conn: Connection, load_seq: int) -> list[str]:
    """Headers of the load that its contract does not know; their values are nowhere."""
    row = conn.execute(
        "select e.body_json -> 'columns_added' from ledger.event as e where e.kind = 'load_staged' "
        "and (e.body_json ->> 'load_seq')::bigint = %s order by e.event_no desc limit 1",
        (load_seq,),
    ).fetchone()
    return list(row[0] or []) if row else []


def inbound_rows(conn: Connection, contract: Contract, load_seq: int) -> int | None:
    """Rows that wait in inbound; None when the table is not there. A crash of Postgres leaves it empty."""
    name = f'inbound."{inbound_name(contract, load_seq)}"'
    row = conn.execute("select to_regclass(%s)", (name,)).fetchone()
    if row is None or row[0] is None:
        return None
    counted = conn.execute(f"select count(*) from {name}".encode()).fetchone()  # noqa: S608
    return int(counted[0]) if counted else None


def _read(conn: Connection, query: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query.encode(), parameters).fetchall()
    for load in found:
        load["verdict"] = _verdict(load)
    return found


def _verdict(load: dict[str, Any]) -> str:
    """accepted, quarantined (in part), blocked, could_not_check or pending."""
    if load["is_promoted"] is None:
        return "could_not_check" if load["gate_verdict"] == "could_not_check" else "pending"
    if not load["is_promoted"]:
        return "blocked"
    return "quarantined" if load["account"]["quarantined"] else "accepted"
