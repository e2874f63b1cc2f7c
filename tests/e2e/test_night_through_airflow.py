"""Nights through the real scheduler: triggered by REST, pulled over HTTP, gated, built, audited, published.

A night follows the one before, so each of them is run once, by the first test that needs it.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import psycopg
import pytest

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night.build import current_publish
from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.night.progress import Progress
from egov_kpi.platform import airflow, postgres, processes
from egov_kpi.platform.airflow_api import AirflowApi
from egov_kpi.report.serve import PREFIX
from egov_kpi.settings import Settings
from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.faults import Fault, FaultServer
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.truth_units import differences
from proofs.chaos import airflow as chaos

pytestmark = pytest.mark.e2e

FIRST, SECOND, THIRD = (date(2023, 3, day) for day in (6, 7, 8))
# Columns of the dossiers' export that tell who somebody is, and how many people are looked for.
PERSONAL = ("Người nộp", "Số giấy tờ", "Điện thoại", "Địa chỉ")
PEOPLE_SOUGHT = 50
# Of the kill harness: the postmaster, inside a transaction of the step that the seed draws.
SEED_OF_POSTGRES = 13
# A page, data, an asset, the site's own account, and what is not there.
REPORT_PATHS = ("", "index.html", "online_service.html", "data/index.js", "assets/site.css", "site.json", "none.html")


@dataclass
class Nights:
    """The nights of the installation with Airflow, each run when it is first asked for."""

    settings: Settings
    source: FaultServer

    @cached_property
    def first_run(self) -> dict[str, Any]:
        return _run(self.settings, FIRST)

    @property
    def first(self) -> dict[str, Any]:
        publish: dict[str, Any] = self.first_run["publish"]
        return publish

    @cached_property
    def broken(self) -> EgovError:
        """The second night with two datasets whose exports can't be read, one of them critical; how it failed."""
        assert self.first
        self.source.add(Fault("renamed_column", path="/one-stop/exports/dossiers", times=99))
        self.source.add(Fault("renamed_column", path="/one-stop/exports/satisfaction", times=99))
        try:
            with pytest.raises(EgovError) as caught:
                _night(self.settings, SECOND)
        finally:
            self.source.clear()
        return caught.value

    @cached_property
    def second(self) -> dict[str, Any]:
        """The second night's publish; a test may have seen to it already."""
        assert self.broken
        publish = current_publish(self.settings)
        is_out = publish is not None and publish["business_date"] == SECOND.isoformat()
        return publish if publish is not None and is_out else _night(self.settings, SECOND)


@pytest.fixture(scope="module")
def _nights(airflow_installation: Settings, running_source: FaultServer) -> Nights:
    return Nights(airflow_installation, running_source)


@pytest.fixture
def nights(_nights: Nights, running: Settings) -> Nights:
    """Airflow runs, and this process is pointed at its warehouse."""
    return _nights


def test_a_night_is_published_and_right(nights: Nights, marts_are_right: Callable[[Settings, date], None]) -> None:
    assert nights.first["publish_no"] == 1
    marts_are_right(nights.settings, FIRST)
    _only_that_night_ran(nights.settings, {FIRST.isoformat(): 1})


def test_the_report_of_the_night_is_read_by_who_is_logged_in_and_nobody_else(nights: Nights) -> None:
    assert nights.first_run["report"]["error"] is None
    server = airflow.info(nights.settings)
    address = f"{server.url}/{PREFIX}"
    anonymous = [httpx.get(f"{address}/{path}", trust_env=False) for path in REPORT_PATHS]
    assert [answer.status_code for answer in anonymous] == [401] * len(REPORT_PATHS)
    assert not any("html" in answer.text or "egov" in answer.text for answer in anonymous)
    for cookie in ("", "not-a-token"):
        answer = httpx.get(f"{address}/index.html", cookies={"_token": cookie}, trust_env=False)
        assert answer.status_code in (401, 403), cookie
    login = {"username": server.user, "password": server.password}
    token = httpx.post(f"{server.url}/auth/token", json=login, trust_env=False).json()["access_token"]
    with httpx.Client(base_url=address, cookies={"_token": token}, trust_env=False) as reader:
        page = reader.get("/", follow_redirects=True)
        assert page.status_code == 200
        assert "Đêm nay" in page.text
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "EGOV" in reader.get("/dbt/index.html").text.upper()
        assert reader.get("/data/index.js").text.startswith("egov.index(")
        assert reader.get("/..%2f..%2fports.json").status_code == 404
        assert reader.get("/%2fetc%2fpasswd").status_code == 404


@pytest.mark.long
def test_the_same_night_again_changes_nothing(nights: Nights) -> None:
    first = nights.first
    assert _night(nights.settings, FIRST) == first


def test_a_broken_export_of_critical_data_leaves_the_last_publish_in_place(nights: Nights) -> None:
    assert (nights.broken.code, nights.broken.exit_code) == ("EGOV-NIGHT-001", ExitCode.BAD_DATA)
    assert current_publish(nights.settings) == nights.first


def test_a_blocked_load_is_put_before_a_person_and_rejected_when_nobody_answers(nights: Nights) -> None:
    assert nights.broken
    asked = dict(_blocked(nights.settings))
    assert set(asked) == {"one_stop.dossiers", "one_stop.satisfaction"}
    with AirflowApi.of(nights.settings) as api:
        for load_seq in asked.values():
            assert processes.wait_until(lambda load=load_seq: _state(api, load) == "awaiting_input", 60, 0.2)
        question = api._ask("GET", _details(asked["one_stop.dossiers"]))
        assert "EGOV-" in question["body"] and "one_stop.dossiers" in question["subject"]
        _let_time_pass(nights.settings, asked["one_stop.satisfaction"])
        assert processes.wait_until(lambda: _is_answered(api, asked["one_stop.dossiers"], "wait"), 120, 0.5)
        for load_seq in asked.values():
            assert api.wait_dag_run("decide_load", f"load_{load_seq}", 120, 0.2)["state"] == "success"
    told = {load_seq: (choice, by) for load_seq, choice, by in _decisions(nights.settings)}
    assert told == {
        asked["one_stop.dossiers"]: ("wait", "airflow:egov-admin"),
        asked["one_stop.satisfaction"]: ("reject", "airflow:timeout"),
    }


def test_a_run_past_its_deadline_is_an_incident(running: Settings) -> None:
    """Nothing is set back: the deadline passes, the scheduler sees it, and the triggerer calls the alert."""
    with AirflowApi.of(running) as api:
        api.wait_dags(["late"])
        run_id = api.trigger("late", None)["dag_run_id"]
    assert processes.wait_until(lambda: _incidents(running, "night_late") == [f"late {run_id}"], 60, 0.2)


def test_a_night_survives_its_scheduler_and_a_supervisor(
    nights: Nights,
    marts_are_right: Callable[[Settings, date], None],
    as_bi: Callable[[Settings, str], pd.DataFrame],
    expected: Callable[[date], dict[str, pd.DataFrame]],
    undisturbed: Callable[[date], str],
) -> None:
    """The scheduler dies while exports are pulled; then the supervisor of the build, whose orphan works on.

    Airflow runs the build's body a second time beside the orphan: the fence keeps them apart, and the figures are
    those of a night in which nothing died.
    """
    assert nights.broken
    with AirflowApi.of(nights.settings) as api, ThreadPoolExecutor(1) as beside:
        night = beside.submit(_night, nights.settings, SECOND)
        assert processes.wait_until(lambda: "running" in _states(api, "ingest_one_stop", SECOND), 60, 0.1)
        os.kill(airflow.component_processes(nights.settings)["scheduler"].pid, signal.SIGKILL)
        orphan = _orphan_of_the_build(api, nights.settings)
        os.kill(orphan, signal.SIGSTOP)
        try:
            assert processes.wait_until(lambda: _build(api).get("try_number") == 2, 180)
            assert processes.wait_until(lambda: _fence_is_waited_for(nights), 60)
        finally:
            os.kill(orphan, signal.SIGCONT)
        second = night.result()
    assert second["publish_no"] == 2
    assert second["mart_digest"] == undisturbed(SECOND)
    marts_are_right(nights.settings, SECOND)
    history = as_bi(nights.settings, "select * from marts.kpi_value_history where publish_no = 1")
    assert differences(expected(FIRST), history).empty


@pytest.mark.long
def test_a_night_survives_its_postgres_killed_inside_a_transaction(
    nights: Nights, records: Records, undisturbed: Callable[[date], str]
) -> None:
    """A seed of `python -m proofs.chaos --airflow`, here in an installation that has seen other things die before."""
    assert nights.second["business_date"] == SECOND.isoformat()
    expected = undisturbed(THIRD)
    row = chaos.run_seed(nights.settings, records, SEED_OF_POSTGRES, THIRD, expected)
    assert row["ok"], row["seen"]


def test_the_key_of_the_sources_is_nowhere_in_airflow(nights: Nights, source_key: str) -> None:
    """Not in a log, not in its database (XCom, rendered fields, runs), not in the environment of what runs tasks."""
    assert nights.broken
    logs = [path for path in (airflow.home(nights.settings) / "logs").rglob("*") if path.is_file()]
    assert len(logs) > 20
    assert [path for path in logs if source_key.encode() in path.read_bytes()] == []
    assert source_key not in _dump(nights.settings)
    holders = [
        name
        for name, leader in airflow.component_processes(nights.settings).items()
        for pid in processes.members(leader.pid)
        if source_key.encode() in _environment(pid)
    ]
    seen = [_environment(leader.pid) for leader in airflow.component_processes(nights.settings).values()]
    assert all(b"AIRFLOW_HOME=" in environment for environment in seen)
    assert set(holders) == {"api-server"}


def test_no_person_of_the_exports_is_anywhere_in_airflow(nights: Nights, records: Records) -> None:
    """Names, identity numbers, telephones and addresses as the sources sent them, of nights that failed too."""
    assert nights.broken
    sent = exports.dossiers(records, Window(None, pd.Timestamp(SECOND)))
    people = sent[sent["Người nộp"] != ""].iloc[:: max(1, len(sent) // PEOPLE_SOUGHT)]
    told = {str(cell) for name in PERSONAL for cell in people[name] if len(str(cell)) > 8}
    # as text, and as JSON writes it where it escapes
    canaries = {form.encode() for cell in told for form in (cell, json.dumps(cell)[1:-1])}
    assert len(canaries) > PEOPLE_SOUGHT
    # they are what lies in landing, or nothing would be shown by not finding them
    landed = b"".join(path.read_bytes() for path in nights.settings.landing_dir.rglob("*.csv"))
    assert any(canary in landed for canary in canaries)
    logs = [path for path in (airflow.home(nights.settings) / "logs").rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in logs) + _dump(nights.settings).encode()
    assert sorted(canary.decode() for canary in canaries if canary in written) == []


def _run(settings: Settings, day: date) -> dict[str, Any]:
    with Progress(interactive=False) as progress:
        return dict(run_through_airflow(day, progress, settings))


def _night(settings: Settings, day: date) -> dict[str, Any]:
    publish: dict[str, Any] = _run(settings, day)["publish"]
    return publish


def _only_that_night_ran(settings: Settings, runs_per_key: dict[str, int]) -> None:
    """Unpaused schedules must not pull in the last night of the calendar beside a night of 2023."""
    with AirflowApi.of(settings) as api:
        for dag in api.dags():
            assert not dag["is_paused"], dag["dag_id"]
            if dag["bundle_name"] == "probes":
                continue
            keys = [str(run["partition_key"]) for run in api.dag_runs(dag["dag_id"])]
            is_called = dag["dag_id"].startswith("ingest_") or dag["dag_id"] == "build_marts"
            expected = runs_per_key if is_called else {}
            assert {key: keys.count(key) for key in keys} == expected, dag["dag_id"]


def _blocked(settings: Settings) -> list[tuple[str, int]]:
    with connect("auditor", settings) as conn:
        return conn.execute(
            "select l.dataset, l.load_seq from ledger.load as l join ledger.account as a using (load_seq) "
            "where not a.is_promoted"
        ).fetchall()


def _decisions(settings: Settings) -> list[tuple[int, str, str]]:
    with connect("auditor", settings) as conn:
        return conn.execute(
            "select (body_json ->> 'load_seq')::bigint, body_json ->> 'choice', body_json ->> 'by' "
            "from ledger.event where kind = 'load_decision'"
        ).fetchall()


def _incidents(settings: Settings, kind: str) -> list[str]:
    with connect("auditor", settings) as conn:
        rows = conn.execute(
            "select body_json ->> 'detail' from ledger.event where kind = 'incident' and body_json ->> 'kind' = %s",
            (kind,),
        ).fetchall()
    return [str(row[0]) for row in rows]


def _state(api: AirflowApi, load_seq: int) -> str | None:
    runs = {run["dag_run_id"] for run in api.dag_runs("decide_load")}
    if f"load_{load_seq}" not in runs:
        return None
    tasks = api.task_instances("decide_load", f"load_{load_seq}")
    return {one["task_id"]: one["state"] for one in tasks}.get("decide")


def _details(load_seq: int) -> str:
    return f"/api/v2/dags/decide_load/dagRuns/load_{load_seq}/taskInstances/decide/-1/hitlDetails"


def _is_answered(api: AirflowApi, load_seq: int, option: str) -> bool:
    """Answer, and once more when Airflow puts the question again: version 3.3.2 does so, losing the answer, when it
    comes in the moment in which the worker that asked has not quite ended."""
    state = _state(api, load_seq)
    if state == "awaiting_input" and not api._ask("GET", _details(load_seq))["response_received"]:
        api._ask("PATCH", _details(load_seq), json={"chosen_options": [option], "params_input": {}})
    return state == "success"


def _let_time_pass(settings: Settings, load_seq: int) -> None:
    """Three days: the moment until which Airflow waits for an answer lies in the past."""
    with psycopg.connect(postgres.ensure_running(settings).superuser_url(airflow.DATABASE)) as conn:
        changed = conn.execute(
            "update task_instance set trigger_timeout = trigger_timeout - interval '3 days' "
            "where dag_id = 'decide_load' and run_id = %s and state = 'awaiting_input'",
            (f"load_{load_seq}",),
        )
        assert changed.rowcount == 1


def _states(api: AirflowApi, dag_id: str, day: date) -> set[str]:
    """States of the tasks of a DAG's youngest run of the night."""
    runs = api.dag_runs(dag_id, day.isoformat())
    ended = [run for run in runs if run["state"] not in ("success", "failed")]
    return {str(one["state"]) for run in ended for one in api.task_instances(dag_id, run["dag_run_id"])}


def _build(api: AirflowApi) -> dict[str, Any]:
    """The task that builds the second night, in the youngest run; Airflow lists tasks in no order."""
    runs = [run for run in api.dag_runs("build_marts", SECOND.isoformat()) if run["state"] not in ("success", "failed")]
    tasks = api.task_instances("build_marts", runs[0]["dag_run_id"]) if runs else []
    return next((task for task in tasks if task["task_id"] == "build_and_publish"), {})


def _orphan_of_the_build(api: AirflowApi, settings: Settings) -> int:
    """Kill the supervisor of the build once its task is inside its fence; the task's own process goes on."""
    assert processes.wait_until(lambda: _build(api).get("state") == "running" and _fences(settings), 300, 0.1)
    task = _process(f"airflow worker -- {_build(api)['id']}")
    supervisor = _process(f"airflow worker -- LocalExecutor: {_build(api)['id']}")
    os.kill(supervisor, signal.SIGKILL)
    assert processes.wait_until(lambda: processes.state(supervisor) in ("", "Z"), 10)
    assert processes.state(task) not in ("", "Z")
    return task


def _fences(settings: Settings) -> int:
    """Fences of the build that are held now."""
    with connect("superuser", settings) as conn:
        row = conn.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and classid = 7305101 and granted "
            "and database = (select oid from pg_database where datname = current_database())"
        ).fetchone()
    return int(row[0]) if row else 0


def _fence_is_waited_for(nights: Nights) -> bool:
    """A second process has connected to wait for the fence that the orphan holds."""
    with connect("superuser", nights.settings) as conn:
        row = conn.execute(
            "select count(*) from pg_stat_activity where query like 'select pg_try_advisory_lock(7305101%' "
            "and datname = current_database()"
        ).fetchone()
    return bool(row and row[0] >= 2)


def _process(title: str) -> int:
    """The process that has given itself this title, of which there may be room for the beginning only."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    processes_by_title = [line.split(None, 1) for line in listed.splitlines()]
    found = [int(pid) for pid, args in processes_by_title if len(args) > len(title) - 16 and title.startswith(args)]
    assert len(found) == 1, (title, found)
    return found[0]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _dump(settings: Settings) -> str:
    """Everything that Airflow's database holds, as text."""
    url = postgres.ensure_running(settings).superuser_url(airflow.DATABASE)
    command = [str(postgres.client(settings, "pg_dump")), "--data-only", "--inserts", url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
