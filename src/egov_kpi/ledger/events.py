"""The chain of events: one way to write it, one way to verify it.

One row of `ledger.event` per thing that happened to a load, a build or a publish. Bodies are canonical JSON (RFC 8785),
so that the text under the hash is the same whoever writes it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import rfc8785

from egov_kpi.errors import EgovError

Connection = psycopg.Connection[tuple[Any, ...]]

GENESIS = "0" * 64
_BATCH = 1_000


@dataclass(frozen=True)
class VerifyResult:
    """Outcome of walking the chain from its first event; `head` is what an auditor notes down outside the database."""

    events: int
    head: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_at is None

    def require(self) -> "VerifyResult":
        """Itself, or EGOV-LEDGER-001 for a broken chain."""
        if self.broken_at is not None:
            raise EgovError("EGOV-LEDGER-001", event_no=self.broken_at, reason=self.reason)
        return self


def canonical(body: dict[str, Any]) -> str:
    """Canonical text of a body; dates become ISO text. Numbers beyond 2^53 are refused by the standard."""
    return rfc8785.dumps(_plain(body)).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def append(conn: Connection, kind: str, body: dict[str, Any]) -> int:
    """Write one event in the caller's transaction; its number. EGOV-LEDGER-003 when the database refuses it.

    Other writers of the ledger wait until that transaction ends, so append last and commit soon.
    """
    try:
        row = conn.execute("select ledger.append(%s, %s)", (kind, canonical(body))).fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityError) as error:
        raise EgovError("EGOV-LEDGER-003", kind=kind, reason=str(error).strip()) from error
    return int(row[0]) if row else 0


def verify(conn: Connection) -> VerifyResult:
    """Recompute every hash from the rows themselves, outside the database's own functions."""
    previous, count = GENESIS, 0
    for event_no, occurred_at, actor, kind, body, prev_hash, event_hash in _events(conn):
        count += 1
        reason = ""
        if event_no != count:
            reason = f"event {count} is missing"
        elif prev_hash != previous:
            reason = "it does not follow the event before it"
        elif event_hash != event_digest(prev_hash, event_no, occurred_at, actor, kind, body):
            reason = "its content does not have its hash"
        elif canonical(json.loads(body)) != body:
            reason = "its body is not canonical JSON"
        if reason:
            return VerifyResult(count, previous, broken_at=min(event_no, count), reason=reason)
        previous = event_hash
    return VerifyResult(count, previous)


def _events(conn: Connection) -> Iterator[tuple[Any, ...]]:
    # In pages, since a ledger of years does not fit in memory and a server-side cursor needs a transaction.
    after = -(2**62)
    while rows := conn.execute(
        "select event_no, occurred_at, actor, kind, body, prev_hash, event_hash from ledger.event"
        " where event_no > %s order by event_no limit %s",
        (after, _BATCH),
    ).fetchall():
        yield from rows
        after = rows[-1][0]


def event_digest(prev_hash: str, event_no: int, occurred_at: datetime, actor: str, kind: str, body: str) -> str:
    """The hash that ledger.append gives an event: fields joined by bars, the body last."""
    moment = occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = "|".join((prev_hash, str(event_no), moment, actor.replace("|", "||"), kind, body))
    return hashlib.sha256(text.encode()).hexdigest()
