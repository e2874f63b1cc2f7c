"""Back to the publish before, at once, and the hold that keeps the next night from publishing the bad one again."""

from dataclasses import dataclass
from typing import Any

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.db.migrate import schema_version
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.publish import colours
from egov_kpi.publish.build import FENCE
from egov_kpi.settings import Settings, get_settings

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class RollbackResult:
    """Where the pointer stands now."""

    publish_no: int
    from_publish_no: int
    colour: str
    on_hold: bool


def rollback(reason: str, settings: Settings | None = None) -> RollbackResult:
    """Point at the other colour, which still holds the publish before, and hold; EGOV-PUB-007 when it doesn't."""
    settings = settings or get_settings()
    if not reason.strip():
        raise EgovError("EGOV-PUB-009")
    with (
        fence(FENCE, settings=settings, role="publisher"),
        connect("publisher", settings) as conn,
    ):
        pointer = colours.live(conn)
        target = _target(conn, pointer)
        body = {
            "from_publish_no": pointer.publish_no,
            "to_publish_no": target,
            "colour": pointer.idle,
            "reason": reason.strip(),
        }
        event_no = append(conn, "rolled_back", body)
        conn.execute(
            "update ledger.live set colour = %s, publish_no = %s, on_hold = true, event_no = %s",
            (pointer.idle, target, event_no),
        )
        conn.commit()
    return RollbackResult(target, pointer.publish_no, pointer.idle, on_hold=True)


def _target(conn: Connection, pointer: colours.Live) -> int:
    """Number of the publish that the other colour still holds untouched."""
    row = conn.execute(
        "select publish_no, event_no, schema_version from ledger.publish"
        " where colour = %s and publish_no < %s order by publish_no desc limit 1",
        (pointer.idle, pointer.publish_no),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-PUB-007", reason=f"there is no publish before {pointer.publish_no}")
    publish_no, event_no, schema = row
    if _was_built_since(conn, pointer.idle, event_no):
        raise EgovError("EGOV-PUB-007", reason=f"a build has begun where publish {publish_no} stood")
    if schema != schema_version(conn):
        raise EgovError("EGOV-PUB-007", reason=f"the structure has changed since publish {publish_no}")
    return int(publish_no)


def _was_built_since(conn: Connection, colour: str, event_no: int) -> bool:
    row = conn.execute(
        "select 1 from ledger.event"
        " where kind = 'build_planned' and event_no > %s and body_json ->> 'colour' = %s limit 1",
        (event_no, colour),
    ).fetchone()
    return row is not None


def resume(settings: Settings | None = None) -> RollbackResult:
    """Lift the hold without revoking: the next night publishes all that counts. EGOV-PUB-010 without a hold."""
    settings = settings or get_settings()
    with connect("publisher", settings) as conn:
        pointer = colours.live(conn)
        if not pointer.on_hold:
            raise EgovError("EGOV-PUB-010")
        lift_hold(conn, by="resume")
        conn.commit()
    return RollbackResult(pointer.publish_no, pointer.publish_no, pointer.colour, on_hold=False)


def lift_hold(conn: Connection, by: str) -> None:
    """In the caller's transaction."""
    event_no = append(conn, "hold_lifted", {"by": by})
    conn.execute("update ledger.live set on_hold = false, event_no = %s", (event_no,))
