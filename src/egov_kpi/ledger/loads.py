"""Loads as the ledger knows them: one per dataset, snapshot date and content.

A load is registered once, then decided once (promoted or blocked), and perhaps revoked later. Whoever is run again
after a kill asks here where it stood.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import psycopg

from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append

Connection = psycopg.Connection[tuple[Any, ...]]


class LandedFileLike(Protocol):
    """What the ledger keeps of a landed file."""

    @property
    def name(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256_received(self) -> str: ...
    @property
    def sha256_landed(self) -> str: ...


class DeliveryLike(Protocol):
    """What the ledger keeps of a delivery."""

    @property
    def snapshot_date(self) -> date | None: ...
    @property
    def window_from(self) -> date | None: ...
    @property
    def window_to(self) -> date | None: ...
    @property
    def content_digest(self) -> str: ...
    @property
    def landing_path(self) -> Path | str: ...
    @property
    def files(self) -> Any: ...


@dataclass(frozen=True)
class Load:
    """One row per registered load. `state` is registered, promoted, blocked or revoked."""

    load_seq: int
    dataset: str
    shape: str
    content_digest: str
    snapshot_date: date | None
    window_from: date | None
    window_to: date | None
    business_date: date
    landing_path: str
    state: str


_SELECT = """
    select l.load_seq, l.dataset, l.shape, l.content_digest, l.snapshot_date, l.window_from, l.window_to,
        l.business_date, l.landing_path,
        case
            when exists (select from ledger.revoked_load as r where r.load_seq = l.load_seq) then 'revoked'
            else coalesce((
                select case when a.is_promoted then 'promoted' else 'blocked' end
                from ledger.account as a where a.load_seq = l.load_seq
            ), 'registered')
        end as state
    from ledger.load as l
    where (%(load_seq)s::bigint is null or l.load_seq = %(load_seq)s)
        and (%(dataset)s::text is null or l.dataset = %(dataset)s)
    order by l.load_seq
"""


def load_key(
    dataset: str, snapshot_date: date | None, content_digest: str, again_after: int | None = None, replays: int = 0
) -> str:
    """Identity of a load, by content: the same bytes sent twice are one load.

    `again_after` names the load whose bytes get another hearing, under other rules; `replays` how many it had before.
    """
    text = f"{dataset}|{snapshot_date.isoformat() if snapshot_date else ''}|{content_digest}"
    if again_after:
        text = f"{text}|{again_after}"
    return hashlib.sha256((f"{text}|replay {replays}" if replays else text).encode()).hexdigest()


def register_load(
    conn: Connection,
    contract_id: str,
    delivery: DeliveryLike,
    *,
    shape: str,
    business_date: date,
    key_id: str,
    code_version: str,
    run_id: str = "",
) -> tuple[int, bool]:
    """Number of the load of this content and whether it is new. The caller commits, and at once.

    Content that was blocked is a new load once contracts, rules, seeds or code are no longer those that blocked it:
    otherwise nobody could mend a contract and then load the file that showed the need.
    """
    key = load_key(contract_id, delivery.snapshot_date, delivery.content_digest)
    heard_before: dict[str, Any] = {}
    # Same lock as ledger.append takes: of two processes that register one content, the second sees the first's load.
    conn.execute("select pg_advisory_xact_lock(7305100, 1)")
    known = _last_of_content(conn, contract_id, delivery)
    if known is not None:
        load_seq, was_blocked, blocked_by = known
        if not was_blocked or blocked_by == code_version:
            return load_seq, False
        key = load_key(contract_id, delivery.snapshot_date, delivery.content_digest, again_after=load_seq)
        heard_before = {"replay_of": load_seq}
    load_seq = _next_load_seq(conn)
    body = {
        "load_seq": load_seq,
        "dataset": contract_id,
        "shape": shape,
        "load_key": key,
        "content_digest": delivery.content_digest,
        "snapshot_date": delivery.snapshot_date,
        "window_from": delivery.window_from,
        "window_to": delivery.window_to,
        "business_date": business_date,
        "landing_path": str(delivery.landing_path),
        "files": [_file_entry(item) for item in delivery.files],
        "key_id": key_id,
        "code_version": code_version,
        "run_id": run_id,
        **heard_before,
    }
    append(conn, "load_registered", body)
    return load_seq, True


def register_replay(conn: Connection, load_seq: int, *, reason: str, code_version: str) -> int:
    """Number of a load that hears again what `load_seq` brought; one that still waits is the one. The caller commits.

    It says of itself what its original said, and `replay_of`: same content, window and business date.
    """
    conn.execute("select pg_advisory_xact_lock(7305100, 1)")
    known = conn.execute(
        "select l.load_seq, a.load_seq is null from ledger.load as l"
        " left join ledger.account as a on a.load_seq = l.load_seq where l.replay_of = %s order by l.load_seq",
        (load_seq,),
    ).fetchall()
    waiting = [int(seq) for seq, is_waiting in known if is_waiting]
    if waiting:
        return waiting[-1]
    original = get_load(conn, load_seq)
    row = conn.execute(
        "select e.body_json from ledger.event as e"
        " where e.kind = 'load_registered' and (e.body_json ->> 'load_seq')::bigint = %s",
        (load_seq,),
    ).fetchone()
    told: dict[str, Any] = dict(row[0]) if row else {}
    key = load_key(original.dataset, original.snapshot_date, original.content_digest, load_seq, replays=len(known) + 1)
    number = _next_load_seq(conn)
    changed = {"load_seq": number, "load_key": key, "replay_of": load_seq, "reason": reason, "run_id": ""}
    append(conn, "load_registered", {**told, **changed, "code_version": code_version})
    return number


def _next_load_seq(conn: Connection) -> int:
    row = conn.execute("select nextval('ledger.load_seq')").fetchone()
    return int(row[0]) if row else 0


def _last_of_content(conn: Connection, dataset: str, delivery: DeliveryLike) -> tuple[int, bool, str] | None:
    """The youngest load of the same content: its number, whether it is blocked, and the code that decided it."""
    row = conn.execute(
        """
        select l.load_seq, coalesce(not a.is_promoted, false), l.code_version
        from ledger.load as l
        left join ledger.account as a on a.load_seq = l.load_seq
        where l.dataset = %s and l.content_digest = %s and l.snapshot_date is not distinct from %s
        order by l.load_seq desc limit 1
        """,
        (dataset, delivery.content_digest, delivery.snapshot_date),
    ).fetchone()
    return (int(row[0]), bool(row[1]), str(row[2])) if row else None


def _file_entry(item: LandedFileLike) -> dict[str, Any]:
    return {
        "name": item.name,
        "sha256_received": item.sha256_received,
        "sha256_landed": item.sha256_landed,
        "bytes": item.bytes,
    }


def _select(conn: Connection, load_seq: int | None = None, dataset: str | None = None) -> list[Load]:
    rows = conn.execute(_SELECT, {"load_seq": load_seq, "dataset": dataset}).fetchall()
    return [Load(*row) for row in rows]


def get_load(conn: Connection, load_seq: int) -> Load:
    """One load; EGOV-LEDGER-002 when there is none of that number."""
    found = _select(conn, load_seq=load_seq)
    if not found:
        raise EgovError("EGOV-LEDGER-002", load_seq=load_seq)
    return found[0]


def promoted_loads(conn: Connection, dataset: str | None = None) -> list[Load]:
    """Loads that count: promoted and not revoked, of one dataset or of all, oldest first."""
    return [load for load in _select(conn, dataset=dataset) if load.state == "promoted"]
