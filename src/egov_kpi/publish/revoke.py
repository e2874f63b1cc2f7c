"""Take a load out of all figures. Nothing is deleted: the next build recomputes every key that the load touched."""

from dataclasses import dataclass

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.ledger.loads import get_load
from egov_kpi.ledger.purges import require_kept
from egov_kpi.publish import colours
from egov_kpi.publish.rollback import lift_hold
from egov_kpi.settings import Settings, get_settings


@dataclass(frozen=True)
class RevokeResult:
    """`revoked` is False when it had been revoked before; `hold_lifted` when a hold ended with it."""

    load_seq: int
    dataset: str
    revoked: bool
    hold_lifted: bool


def revoke(load_seq: int, reason: str, settings: Settings | None = None) -> RevokeResult:
    """Append the revocation and lift a hold; EGOV-PUB-008 for a load that was never promoted, EGOV-PURGE-005 for one
    whose rows are gone: nobody knows its keys any more."""
    settings = settings or get_settings()
    if not reason.strip():
        raise EgovError("EGOV-PUB-009")
    with connect("publisher", settings) as conn:
        load = get_load(conn, load_seq)
        if load.state == "revoked":
            return RevokeResult(load_seq, load.dataset, revoked=False, hold_lifted=False)
        if load.state != "promoted":
            raise EgovError("EGOV-PUB-008", load_seq=load_seq, reason=f"its state is {load.state}")
        require_kept(conn, [load_seq])
        append(conn, "load_revoked", {"load_seq": load_seq, "reason": reason.strip()})
        on_hold = colours.live(conn).on_hold
        if on_hold:
            lift_hold(conn, by=f"revoke {load_seq}")
        conn.commit()
    return RevokeResult(load_seq, load.dataset, revoked=True, hold_lifted=on_hold)
