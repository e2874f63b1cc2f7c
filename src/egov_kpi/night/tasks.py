"""The bodies of the Airflow tasks: one call of one function, its errors told to Airflow in Airflow's words.

Bad data does not get better by trying again, so such an error fails the task for good. Everything else may: a source
that is away, a database that restarts, a twin that still runs.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from egov_kpi.errors import EgovError, ExitCode

log = logging.getLogger(__name__)


def pull_and_stage(dataset: str, partition_key: str, run_id: str) -> dict[str, Any]:
    from egov_kpi.extract.source import asking
    from egov_kpi.night import ingest
    from egov_kpi.platform.airflow_connections import endpoint

    with _explained(), asking(endpoint):
        return ingest.pull_and_stage(
            dataset, date.fromisoformat(partition_key), wait_seconds=ingest.TASK_WAIT_SECONDS, run_id=run_id
        )


def gate_and_promote(dataset: str, partition_key: str) -> dict[str, Any]:
    """Decide the waiting loads. A blocked one fails the task, so that the night shows red where it was red."""
    from airflow.sdk.exceptions import AirflowFailException

    from egov_kpi.night import ingest

    with _explained():
        result = ingest.gate_and_promote(
            dataset, date.fromisoformat(partition_key), wait_seconds=ingest.TASK_WAIT_SECONDS
        )
    blocked = [load["load_seq"] for load in result["loads"] if load["verdict"] == "blocked"]
    if blocked:
        raise AirflowFailException(f"{dataset}: lần nạp bị chặn · blocked loads: {blocked}")
    return result


def verdict(dataset: str, partition_key: str) -> dict[str, Any]:
    from egov_kpi.night import ingest

    with _explained():
        return ingest.verdict(dataset, date.fromisoformat(partition_key))


def questions(dataset: str, load_seqs: list[int], partition_key: str) -> list[dict[str, Any]]:
    """The runs of `decide_load` that the dataset's loads need, as Airflow's operator takes them."""
    from egov_kpi.night import question

    with _explained():
        return question.questions(dataset, load_seqs, date.fromisoformat(partition_key))


def ask(load_seq: int, run_id: str) -> str:
    from egov_kpi.night import question

    with _explained():
        return question.ask(load_seq, run_id)


def answer(load_seq: int, given: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Carry a decision out; one that can't be, such as a waiver without a reason, fails for good: the next night asks
    anew."""
    from egov_kpi.night import question

    with _explained(final=(ExitCode.BAD_DATA, ExitCode.USAGE, ExitCode.REFUSED)):
        return question.answer(load_seq, given, run_id)


def build_and_publish(partition_key: str, run_id: str = "") -> dict[str, Any]:
    """A dataset that is missing is not waited for: the build of 04:30, or the next night, finds it."""
    from egov_kpi.night import build, ingest

    with _explained(final_codes=("EGOV-NIGHT-002",)):
        return build.build_and_publish(
            date.fromisoformat(partition_key), wait_seconds=ingest.TASK_WAIT_SECONDS, run_id=run_id
        )


def report() -> dict[str, Any]:
    """The end of every night, published or not: the head of the ledger is anchored, then the report is made.

    Without a report nothing more is done. An anchor that fails is told and recorded, and undoes nothing.
    """
    from egov_kpi.evidence.anchor import anchor_after_publish
    from egov_kpi.report.site import build_report
    from egov_kpi.report.state import told
    from egov_kpi.settings import get_settings

    anchor_after_publish(get_settings())
    if not get_settings().report_after_publish:
        return {}
    with _explained(final=(ExitCode.REFUSED,)):
        return told(build_report(get_settings()))


@contextmanager
def _explained(final: tuple[ExitCode, ...] = (ExitCode.BAD_DATA,), final_codes: tuple[str, ...] = ()) -> Iterator[None]:
    """Log a coded error in both languages; raise it so that Airflow tries again only where that can help."""
    from airflow.sdk.exceptions import AirflowFailException

    # A line per metric of every rule would bury what a person looks for in a task's log.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    try:
        yield
    except EgovError as error:
        log.error("%s %s → %s", error.code, error.text("vi"), error.remedy("vi"))
        log.error("%s %s → %s", error.code, error.text("en"), error.remedy("en"))
        if error.exit_code in final or error.code in final_codes:
            raise AirflowFailException(str(error)) from error
        raise
