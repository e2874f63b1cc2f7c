"""A replay: what a load brought is heard again, under today's rules, contracts and waivers, as a load of its own.

Rows that were taken in the first time come out unchanged, so no figure doubles. The open rows of the first load are
closed by the decision on the second, in its transaction; whatever is refused again is an open row of the second.
"""

from typing import Any

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import Connection
from egov_kpi.ledger.loads import Load, get_load, register_replay
from egov_kpi.ledger.purges import require_kept
from egov_kpi.night import ingest
from egov_kpi.publish.code import code_version
from egov_kpi.quarantine.database import require
from egov_kpi.settings import Settings, get_settings

_STATES_VI = {"registered": "đang chờ kiểm tra", "revoked": "đã bị thu hồi"}


def replay(load_seq: int, reason: str, settings: Settings | None = None) -> dict[str, Any]:
    """Hear a load again; the report of the new load, with `replay_of`. A replay that was broken off is finished.

    EGOV-QUAR-001 when nothing of it is left to hear, EGOV-QUAR-002 when it waits or is revoked, EGOV-NIGHT-003 when the
    gate could not check it, EGOV-DB-001 while another run loads the dataset, EGOV-PURGE-005 when its files are gone.
    """
    settings = settings or get_settings()
    require(reason=reason)
    with connect("loader", settings) as conn:
        original = get_load(conn, load_seq)
    contract = get_contract(original.dataset)
    with ingest.loading(settings, contract):
        number = _registered(settings, original, reason)
        return {**ingest.decide_waiting(settings, contract, number), "replay_of": load_seq}


def _registered(settings: Settings, original: Load, reason: str) -> int:
    with connect("loader", settings) as conn:
        # Anew, under the fence: whoever held it may have decided.
        load = get_load(conn, original.load_seq)
        require_kept(conn, [load.load_seq])
        if load.state in _STATES_VI:
            state_vi = _STATES_VI[load.state]
            raise EgovError(
                "EGOV-QUAR-002", load_seq=load.load_seq, dataset=load.dataset, state=load.state, state_vi=state_vi
            )
        if not _has_more_to_say(conn, load):
            raise EgovError("EGOV-QUAR-001", load_seq=load.load_seq, dataset=load.dataset)
        return register_replay(conn, load.load_seq, reason=reason.strip(), code_version=code_version(settings))


def _has_more_to_say(conn: Connection, load: Load) -> bool:
    """Open rows, a replay that was broken off, or a file that nobody could read yet, neither it nor a replay of it."""
    row = conn.execute(
        """
        select
            exists (select from quarantine.row as q where q.load_seq = %(load)s and q.state = 'open')
            or exists (
                select from ledger.load as l
                where l.replay_of = %(load)s
                    and not exists (select from ledger.account as a where a.load_seq = l.load_seq)
            )
            or not exists (
                select from ledger.account as a
                inner join ledger.load as l on l.load_seq = a.load_seq
                where (a.load_seq = %(load)s or l.replay_of = %(load)s) and a.landed > 0
            )
        """,
        {"load": load.load_seq},
    ).fetchone()
    return row is not None and bool(row[0])
