"""The bodies of the Airflow tasks: one call of one function, its errors told to Airflow in Airflow's words.

Bad data does not get better by trying again, so such an error fails the task for good. Everything else may: a source
that is away, a database that restarts, a twin that still runs.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from egov_kpi.errors import EgovError, ExitCode

log = logging.getLogger(__name__)


def pull_and_stage(datasets: Sequence[str], partition_key: str, run_id: str) -> list[dict[str, Any]]:
    from egov_kpi.extract.source import asking
    from egov_kpi.night import ingest
    from egov_kpi.platform.airflow_connections import endpoint

    day = date.fromisoformat(partition_key)

    def pull(dataset: str) -> dict[str, Any]:
        return ingest.pull_and_stage(dataset, day, wait_seconds=ingest.TASK_WAIT_SECONDS, run_id=run_id)

    with asking(endpoint):
        return _of_each(datasets, pull)


def gate_and_promote(datasets: Sequence[str], partition_key: str) -> list[dict[str, Any]]:
    """Decide the waiting loads. One that is blocked, or never came, fails the task, so that the night shows red."""
    from egov_kpi.night import ingest

    day = date.fromisoformat(partition_key)

    def decide(dataset: str) -> dict[str, Any]:
        result = ingest.gate_and_promote(dataset, day, wait_seconds=ingest.TASK_WAIT_SECONDS)
        _require_good(dataset, result["loads"], ingest.verdict(dataset, day)["verdict"])
        return result

    return _of_each(datasets, decide)


def _require_good(dataset: str, loads: Sequence[dict[str, Any]], word: str) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from egov_kpi.night.build import GOOD

    blocked = [load["load_seq"] for load in loads if load["verdict"] == "blocked"]
    if blocked:
        raise AirflowFailException(f"{dataset}: lần nạp bị chặn · blocked loads: {blocked}")
    if word not in GOOD:
        raise AirflowFailException(f"{dataset}: không có số liệu đêm nay · nothing of this night: {word}")


def _of_each(datasets: Sequence[str], work: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """The work on one dataset after another. What fails stops no other, and is raised at the end: an error that may
    pass before one that stays, since Airflow tries again for the first only."""
    from airflow.sdk.exceptions import AirflowFailException

    results: list[dict[str, Any]] = []
    failed: dict[str, Exception] = {}
    for dataset in datasets:
        try:
            with _explained():
                results.append(work(dataset))
        except Exception as error:
            log.exception("%s: không xong · failed", dataset)
            failed[dataset] = error
    passing = [error for error in failed.values() if not isinstance(error, AirflowFailException)]
    if passing:
        raise passing[0]
    if failed:
        raise AirflowFailException("; ".join(map(str, failed.values())))
    return results


def verdict(dataset: str, partition_key: str) -> dict[str, Any]:
    from egov_kpi.night import ingest

    with _explained():
        return ingest.verdict(dataset, date.fromisoformat(partition_key))


def questions(words: dict[str, dict[str, Any]], partition_key: str) -> list[dict[str, Any]]:
    """The runs of `decide_load` that the loads of the verdicts need, as Airflow's operator takes them."""
    from egov_kpi.night import question

    day = date.fromisoformat(partition_key)
    with _explained():
        return [run for name, word in words.items() for run in question.questions(name, word["loads"], day)]


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
