"""What happens when the night is late. Runs in Airflow's triggerer, which is why it lives in an importable module."""

import asyncio
import logging
from typing import Any

log = logging.getLogger(__name__)


async def night_is_late(**kwargs: Any) -> None:
    """Note in the ledger, and in the log that operators watch, that a run passed its deadline."""
    run = (kwargs.get("context") or {}).get("dag_run") or {}
    await asyncio.to_thread(
        _record, str(kwargs.get("step", "night")), str(run.get("dag_run_id") or run.get("run_id") or "")
    )


def _record(step: str, run_id: str) -> None:
    from egov_kpi.db.connect import connect
    from egov_kpi.ledger import events

    log.error("Quá hạn công bố 06:00 · past the 06:00 deadline: %s %s", step, run_id)
    with connect("loader") as conn:
        events.append(
            conn, "incident", {"kind": "night_late", "dataset": None, "count": 1, "detail": f"{step} {run_id}"}
        )
