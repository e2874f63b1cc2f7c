"""A night started by hand: through Airflow as at 02:00, or in this process for a test or a rescue.

It is done when the business date is published, or was already and nothing is new; anything else is an error.
"""

import time
from datetime import date
from typing import Any

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.evidence.anchor import anchor_after_publish
from egov_kpi.night import books, ingest
from egov_kpi.night.build import build_and_publish, current_publish
from egov_kpi.night.progress import Progress
from egov_kpi.platform.airflow_api import TERMINAL, AirflowApi
from egov_kpi.report.state import report_after_publish, shown_report
from egov_kpi.settings import Settings, get_settings

BUILD_DAG = "build_marts"
# Each look at the runs is work for the API server, which the tasks of the night need too.
POLL_SECONDS = 1.0
ALREADY_RUNNING = "EGOV-DB-001"
# The verdicts start the build by themselves. An earlier night that broke off may have used some of them up; then the
# build is started by hand after this long.
GRACE_SECONDS = 10.0


def run_in_process(business_date: date, progress: Progress, settings: Settings | None = None) -> dict[str, Any]:
    """The night in this process, one dataset after another. A dataset that fails is told and stops no other."""
    settings = settings or get_settings()
    for dataset in all_contracts(settings):
        progress.step(dataset, "running")
        try:
            ingest.pull_and_stage(dataset, business_date, settings=settings)
            ingest.gate_and_promote(dataset, business_date, settings=settings)
        except EgovError as error:
            progress.step(dataset, "failed", str(error))
            if error.code == ALREADY_RUNNING:
                raise
        else:
            _tell_verdict(settings, progress, dataset, business_date)
    progress.step(BUILD_DAG, "running")
    try:
        build_and_publish(business_date, settings=settings)
    finally:
        # a night that is not published is anchored and shown as well: what failed in it can't be unsaid
        anchor_after_publish(settings)
        if settings.report_after_publish:
            report_after_publish(settings)
    return _result(settings, business_date, progress)


def run_through_airflow(business_date: date, progress: Progress, settings: Settings | None = None) -> dict[str, Any]:
    """Trigger every ingest DAG for the business date and wait until its build has ended.

    EGOV-NIGHT-006 when that takes longer than `night_timeout_seconds`; EGOV-NIGHT-001, -002 or -007 when it failed;
    EGOV-PLATFORM-026 when a DAG of the night is paused.
    """
    settings = settings or get_settings()
    until = time.monotonic() + settings.night_timeout_seconds
    key = business_date.isoformat()
    ingests = sorted({f"ingest_{contract.system}" for contract in all_contracts(settings).values()})
    with AirflowApi.of(settings) as api:
        api.wait_dags([*ingests, BUILD_DAG])
        api.refuse_paused([*ingests, BUILD_DAG])
        before = {run["dag_run_id"] for run in api.dag_runs(BUILD_DAG, key)}
        runs = {dag_id: api.trigger(dag_id, key)["dag_run_id"] for dag_id in ingests}
        _wait_ingests(api, progress, key, runs, until)
        for dataset in all_contracts(settings):
            _tell_verdict(settings, progress, dataset, business_date)
        build = _wait_build(api, progress, key, before, settings.night_timeout_seconds)
    if build["state"] != "success":
        progress.step(BUILD_DAG, "failed", str(build["state"]))
        raise _explain(settings, business_date, build)
    return _result(settings, business_date, progress)


def _wait_ingests(api: AirflowApi, progress: Progress, key: str, runs: dict[str, str], until: float) -> None:
    """Until every ingest has ended or the night's time is over: the build then goes on with those that are in."""
    waiting = dict(runs)
    while waiting and time.monotonic() < until:
        states = {(run["dag_id"], run["dag_run_id"]): str(run["state"]) for run in api.dag_runs("~", key)}
        for dag_id, run_id in list(waiting.items()):
            state = states.get((dag_id, run_id), "queued")
            if state in TERMINAL:
                progress.step(dag_id, "done" if state == "success" else "failed", state)
                del waiting[dag_id]
            else:
                progress.step(dag_id, "running", state)
        if waiting:
            time.sleep(POLL_SECONDS)


def _wait_build(api: AirflowApi, progress: Progress, key: str, before: set[str], seconds: float) -> dict[str, Any]:
    """The youngest build of the night once it has ended; started here when the verdicts did not start one."""
    asked = time.monotonic()
    started_by_hand = False
    while True:
        mine = [run for run in api.dag_runs(BUILD_DAG, key) if run["dag_run_id"] not in before]
        if mine and all(run["state"] in TERMINAL for run in mine):
            return mine[0]
        progress.step(BUILD_DAG, "running" if mine else "waiting")
        if not mine and not started_by_hand and time.monotonic() - asked > GRACE_SECONDS:
            api.trigger(BUILD_DAG, key)
            started_by_hand = True
        if time.monotonic() - asked > seconds:
            raise EgovError("EGOV-NIGHT-006", date=key, seconds=int(time.monotonic() - asked), missing=BUILD_DAG)
        time.sleep(POLL_SECONDS)


def _explain(settings: Settings, business_date: date, run: dict[str, Any]) -> EgovError:
    """Why the build failed, as the ledger knows it; else where to look."""
    with connect("auditor", settings) as conn:
        row = conn.execute(
            "select e.body_json from ledger.event as e where e.kind = 'night_failed' and e.occurred_at >= %s "
            "and (e.body_json ->> 'business_date')::date = %s order by e.event_no desc limit 1",
            (run["start_date"], business_date),
        ).fetchone()
    if row is None:
        return EgovError("EGOV-NIGHT-007", step=BUILD_DAG, date=business_date, state=run["state"])
    return EgovError(str(row[0]["code"]), date=business_date, dataset=row[0]["detail"])


def _tell_verdict(settings: Settings, progress: Progress, dataset: str, business_date: date) -> None:
    word = ingest.verdict(dataset, business_date, settings=settings)["verdict"]
    is_good = word in ("accepted", "quarantined", "empty")
    progress.step(dataset, "done" if is_good else "failed", word)


def _result(settings: Settings, business_date: date, progress: Progress) -> dict[str, Any]:
    publish = current_publish(settings)
    if publish is None or publish["business_date"] < business_date.isoformat():
        raise EgovError("EGOV-NIGHT-006", date=business_date, seconds=0, missing="publish")
    progress.step(BUILD_DAG, "done", f"publish {publish['publish_no']}")
    verdicts = [ingest.verdict(dataset, business_date, settings=settings) for dataset in all_contracts(settings)]
    with connect("auditor", settings) as conn:
        loads = books.loads(conn, sorted({load for item in verdicts for load in item["loads"]}))
    plain = ("load_seq", "dataset", "business_date", "verdict", "account")
    return {
        "business_date": business_date.isoformat(),
        "publish": publish,
        "report": shown_report(settings, int(publish["publish_no"])),
        "verdicts": {item["dataset"]: item["verdict"] for item in verdicts},
        "loads": [{name: load[name] for name in plain} for load in loads],
    }
