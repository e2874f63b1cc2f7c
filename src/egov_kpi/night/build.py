"""From raw to what BI sees: the one step of `build_marts`, of its 04:30 twin and of a night in this process."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.evidence.anchor import anchor_after_publish
from egov_kpi.ledger import events
from egov_kpi.night.ingest import verdict
from egov_kpi.settings import Settings, get_settings

# Words with which a critical dataset lets the night go on.
GOOD = frozenset({"accepted", "quarantined", "empty"})


def build_and_publish(
    business_date: date, *, wait_seconds: float = 0, settings: Settings | None = None, run_id: str = ""
) -> dict[str, Any]:
    """Build, audit and publish what the night brought; the publish and the verdicts. Nothing new: the publish that is.

    EGOV-NIGHT-001 (exit 1) when a critical dataset is blocked, EGOV-NIGHT-002 (exit 3) when one is missing or could
    not be checked; the last publish stays. Other datasets hold nothing back: their figures show their date.
    Nor does an anchor of the ledger that fails: it is told and recorded. `run_id` is Airflow's, kept in the events.
    """
    from egov_kpi.publish.build import build
    from egov_kpi.publish.publish import publish

    settings = settings or get_settings()
    verdicts = [verdict(dataset, business_date, settings=settings) for dataset in all_contracts(settings)]
    _refuse_held_back(settings, business_date, verdicts)
    build(settings, business_date, wait_seconds, run_id=run_id)
    publish(settings, business_date, wait_seconds, run_id=run_id)
    anchor = anchor_after_publish(settings)
    current = current_publish(settings)
    return {"business_date": business_date.isoformat(), "publish": current, "verdicts": verdicts, "anchor": anchor}


def current_publish(settings: Settings) -> dict[str, Any] | None:
    """The publish that BI sees; None before the first one."""
    with connect("publisher", settings) as conn:
        row = conn.execute(
            "select p.publish_no, p.business_date, p.code_version, p.colour, p.mart_digest, p.published_at "
            "from ledger.live as l inner join ledger.publish as p on p.publish_no = l.publish_no"
        ).fetchone()
    if row is None:
        return None
    names = ("publish_no", "business_date", "code_version", "colour", "mart_digest", "published_at")
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in zip(names, row, strict=True)
    }


def _refuse_held_back(settings: Settings, business_date: date, verdicts: Iterable[dict[str, Any]]) -> None:
    holding = [item for item in verdicts if item["critical"] and item["verdict"] not in GOOD]
    if not holding:
        return
    named = ", ".join(f"{item['dataset']} ({item['verdict']})" for item in holding)
    code = "EGOV-NIGHT-001" if any(item["verdict"] == "blocked" for item in holding) else "EGOV-NIGHT-002"
    with connect("loader", settings) as conn:
        events.append(conn, "night_failed", {"business_date": business_date, "code": code, "detail": named})
    raise EgovError(code, date=business_date, dataset=named)
