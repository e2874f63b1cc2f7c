"""What `egov-kpi status` shows: one row per dataset, the current publish, the last incidents. All from the ledger."""

from dataclasses import asdict
from typing import Any

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.night import books
from egov_kpi.night.build import current_publish
from egov_kpi.report.state import site_state
from egov_kpi.settings import Settings, get_settings

INCIDENTS_SHOWN = 5


def status(settings: Settings | None = None) -> dict[str, Any]:
    """The state of the warehouse as the ledger tells it."""
    settings = settings or get_settings()
    with connect("auditor", settings) as conn:
        datasets = [_dataset(conn, contract) for contract in all_contracts(settings).values()]
        held = conn.execute("select l.on_hold from ledger.live as l").fetchone()
        incidents = _incidents(conn)
    publish = current_publish(settings)
    return {
        "publish": publish,
        "report": _report(settings, publish),
        "on_hold": bool(held and held[0]),
        "datasets": datasets,
        "incidents": incidents,
    }


def _report(settings: Settings, publish: dict[str, Any] | None) -> dict[str, Any] | None:
    """The site that is shown, and whether it is that of the current publish."""
    state = site_state(settings)
    if state is None:
        return None
    is_current = publish is not None and publish["publish_no"] == state.publish_no
    return {**asdict(state), "path": state.path / "index.html", "is_current": is_current}


def _dataset(conn: books.Connection, contract: Contract) -> dict[str, Any]:
    load = books.last_load(conn, contract.id) or {}
    return {
        "dataset": contract.id,
        "title_vi": contract.title_vi,
        "critical": contract.critical,
        "load_seq": load.get("load_seq"),
        "business_date": load.get("business_date"),
        "verdict": load.get("verdict", "never_loaded"),
        "is_revoked": load.get("is_revoked", False),
        "account": load.get("account"),
    }


def _incidents(conn: books.Connection) -> list[dict[str, Any]]:
    rows = conn.execute(
        """
        select
            e.occurred_at,
            case when e.kind = 'incident' then e.body_json ->> 'kind' else e.kind end,
            coalesce(e.body_json ->> 'dataset', e.body_json ->> 'detail'),
            coalesce(e.body_json ->> 'detail', e.body_json ->> 'reason')
        from ledger.event as e
        where e.kind in ('incident', 'pull_failed', 'night_failed', 'rolled_back', 'load_blocked')
        order by e.event_no desc limit %s
        """,
        (INCIDENTS_SHOWN,),
    ).fetchall()
    return [dict(zip(("occurred_at", "kind", "dataset", "detail"), row, strict=True)) for row in rows]
