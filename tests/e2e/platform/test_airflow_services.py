"""Airflow's services for real: healthy after `up`, back after a kill, gone after `down`.

A scheduler that dies while a task runs is killed in the middle of a night: tests/e2e/test_night_through_airflow.py.
"""

import os
import signal
from datetime import UTC, datetime

import httpx
import pytest

from egov_kpi.db.connect import connect
from egov_kpi.platform import airflow, doctor, listening, postgres, processes
from egov_kpi.platform.airflow_api import AirflowApi
from egov_kpi.platform.processes import Process
from egov_kpi.settings import Settings

pytestmark = pytest.mark.e2e


def test_every_service_is_healthy_and_on_loopback_only(running: Settings) -> None:
    found = {check.name: check for check in doctor.checks(running)}
    for name in ("airflow scheduler", "airflow dag-processor", "airflow triggerer", "airflow api-server"):
        assert found[name].status == "OK", found[name]
    assert found["airflow login"].status == "OK", found["airflow login"]
    assert found["ports"].status == "OK", found["ports"]
    sockets = listening.of_processes(doctor._our_processes(running))
    assert {socket.address for socket in sockets} == {"127.0.0.1"}
    # the API server and Postgres; no log server
    assert len(sockets) == 2


def test_only_the_generated_password_opens_it(running: Settings) -> None:
    server = airflow.info(running)
    for password in ("admin", "airflow", ""):
        login = {"username": server.user, "password": password}
        assert httpx.post(f"{server.url}/auth/token", json=login, trust_env=False).status_code in {400, 401}
    assert httpx.get(f"{server.url}/api/v2/dags", trust_env=False).status_code == 401
    with AirflowApi(server) as api:
        assert {
            pool["name"]: pool["slots"] for pool in api._pages("/api/v2/pools", "pools")
        }.items() >= airflow.POOLS.items()


def test_a_second_up_changes_nothing(running: Settings) -> None:
    before = airflow.component_processes(running)
    assert airflow.up(running, quiet=True) == airflow.info(running)
    assert airflow.component_processes(running) == before


def test_tasks_inherit_the_heavy_imports(running: Settings) -> None:
    with AirflowApi.of(running) as api:
        # a fresh process needs 6 s and more
        assert _probe(api) < 0.5


@pytest.mark.long
def test_all_services_and_postgres_killed_at_once_come_back_without_orphans(running: Settings) -> None:
    killed = airflow.component_processes(running)
    postmaster = postgres.postmaster_pid(running)
    assert postmaster is not None and set(killed) == set(airflow.COMPONENTS)
    began = datetime.now(UTC)
    for pid in [*(leader.pid for leader in killed.values()), postmaster]:
        os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: postgres.is_running(running), 60, 0.2)
    assert processes.wait_until(lambda: _all_are_new(running, killed), 60, 0.2)
    assert [pid for leader in killed.values() for pid in processes.members(leader.pid)] == []
    with AirflowApi.of(running) as api:
        assert processes.wait_until(lambda: not airflow._ill(api, began), 120, 0.5)
        _probe(api)


@pytest.mark.long
def test_a_scheduler_that_hangs_alive_is_an_incident(running: Settings) -> None:
    """Nobody ends it: once it may go on it is the same process."""
    scheduler = airflow.component_processes(running)["scheduler"]
    os.kill(scheduler.pid, signal.SIGSTOP)
    try:
        assert processes.wait_until(lambda: "scheduler" in _silent(running), 120, 1)
    finally:
        os.kill(scheduler.pid, signal.SIGCONT)
    assert airflow.component_processes(running)["scheduler"] == scheduler


def test_down_leaves_no_process(running: Settings) -> None:
    leaders = airflow.component_processes(running)
    assert airflow.down(running)
    assert [pid for leader in leaders.values() for pid in processes.members(leader.pid)] == []
    assert not airflow.is_supervised(running)
    assert not airflow.down(running)


def _silent(settings: Settings) -> set[str]:
    with connect("auditor", settings) as conn:
        rows = conn.execute(
            "select detail from ledger.incident where kind = 'service_hung' order by event_no"
        ).fetchall()
    return {str(row[0]).split(":")[0] for row in rows}


def _all_are_new(settings: Settings, before: dict[str, Process]) -> bool:
    now = airflow.component_processes(settings)
    return all(name in now and now[name] != leader and now[name].alive() for name, leader in before.items())


def _probe(api: AirflowApi) -> float:
    """Run the probe; the seconds that its imports took."""
    api.wait_dags(["probe"])
    run_id = api.trigger("probe", None)["dag_run_id"]
    assert api.wait_dag_run("probe", run_id, 120)["state"] == "success"
    path = f"/api/v2/dags/probe/dagRuns/{run_id}/taskInstances/import_seconds/xcomEntries/return_value"
    return float(api._ask("GET", path)["value"])
