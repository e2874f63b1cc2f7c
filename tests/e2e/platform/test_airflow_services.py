"""Airflow's services for real: healthy after `up`, back after a kill, gone after `down`."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest

from egov_kpi.platform import airflow, clean, doctor, listening, postgres, processes
from egov_kpi.platform.airflow_api import AirflowApi
from egov_kpi.settings import Settings

pytestmark = pytest.mark.e2e

# Two tasks of a DAG that isn't ours: the first says how long an import takes, the second can be interrupted.
DAG = '''
"""An airflow dag."""
import time
from datetime import datetime

from airflow.sdk import DAG, task

with DAG("probe", schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False):

    @task
    def import_seconds():
        began = time.monotonic()
        import great_expectations, dbt.cli.main, pandas  # noqa: E401, F401

        return time.monotonic() - began

    @task
    def slow():
        time.sleep(8)

    import_seconds() >> slow()
'''


@pytest.fixture(scope="module")
def installation() -> Iterator[Settings]:
    """A whole installation of its own, with an embedded server and a DAG folder of its own."""
    root = Path(mkdtemp(prefix="egov-kpi-services-"))
    root.chmod(0o755)
    (root / "dags").mkdir()
    (root / "dags" / "probe.py").write_text(DAG, encoding="utf-8")
    settings = Settings(project_root=root, local_dir=root / ".local", database_url="", airflow_port=0)
    airflow.up(settings, quiet=True)
    yield settings
    clean.clean(settings)
    shutil.rmtree(root)


def test_every_service_is_healthy_and_on_loopback_only(installation: Settings) -> None:
    found = {check.name: check for check in doctor.checks(installation)}
    for name in ("airflow scheduler", "airflow dag-processor", "airflow triggerer", "airflow api-server"):
        assert found[name].status == "OK", found[name]
    assert found["airflow login"].status == "OK", found["airflow login"]
    assert found["ports"].status == "OK", found["ports"]
    sockets = listening.of_processes(doctor._our_processes(installation))
    assert {socket.address for socket in sockets} == {"127.0.0.1"}
    # the API server and Postgres; no log server
    assert len(sockets) == 2


def test_only_the_generated_password_opens_it(installation: Settings) -> None:
    server = airflow.info(installation)
    for password in ("admin", "airflow", ""):
        login = {"username": server.user, "password": password}
        assert httpx.post(f"{server.url}/auth/token", json=login, trust_env=False).status_code in {400, 401}
    assert httpx.get(f"{server.url}/api/v2/dags", trust_env=False).status_code == 401
    with AirflowApi(server) as api:
        assert {
            pool["name"]: pool["slots"] for pool in api._pages("/api/v2/pools", "pools")
        }.items() >= airflow.POOLS.items()


def test_a_second_up_changes_nothing(installation: Settings) -> None:
    before = airflow.component_processes(installation)
    assert airflow.up(installation, quiet=True) == airflow.info(installation)
    assert airflow.component_processes(installation) == before


def test_tasks_inherit_the_heavy_imports(installation: Settings) -> None:
    with AirflowApi.of(installation) as api:
        api.wait_dags(["probe"])
        run = api.trigger("probe", None)
        assert api.wait_dag_run("probe", run["dag_run_id"], 120)["state"] == "success"
        value = api._ask(
            "GET",
            f"/api/v2/dags/probe/dagRuns/{run['dag_run_id']}/taskInstances/import_seconds/xcomEntries/return_value",
        )
    # a fresh process needs 6 s and more
    assert float(value["value"]) < 0.5


@pytest.mark.parametrize("name", airflow.COMPONENTS)
def test_a_killed_service_comes_back_without_orphans(installation: Settings, name: str) -> None:
    killed = airflow.component_processes(installation)[name]
    os.kill(killed.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: airflow.component_processes(installation)[name] != killed, 30)
    assert processes.members(killed.pid) == []
    assert airflow.component_processes(installation)[name].alive()
    with AirflowApi.of(installation) as api:
        assert processes.wait_until(lambda: _is_well(api, name), 60)


def test_a_killed_scheduler_does_not_lose_a_running_task(installation: Settings) -> None:
    with AirflowApi.of(installation) as api:
        run = api.trigger("probe", None)
        assert processes.wait_until(lambda: _state(api, run["dag_run_id"], "slow") == "running", 60, 0.2)
        os.kill(airflow.component_processes(installation)["scheduler"].pid, signal.SIGKILL)
        assert api.wait_dag_run("probe", run["dag_run_id"], 180)["state"] == "success"


def test_a_killed_postgres_comes_back_and_the_services_with_it(installation: Settings) -> None:
    pid = postgres.postmaster_pid(installation)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: postgres.is_running(installation), 60, 0.2)
    with AirflowApi.of(installation) as api:
        assert processes.wait_until(lambda: all(_is_well(api, name) for name in airflow.COMPONENTS), 120, 0.5)
        run = api.trigger("probe", None)
        assert api.wait_dag_run("probe", run["dag_run_id"], 120)["state"] == "success"


def test_down_leaves_no_process(installation: Settings) -> None:
    leaders = airflow.component_processes(installation)
    assert airflow.down(installation)
    assert [pid for leader in leaders.values() for pid in processes.members(leader.pid)] == []
    assert not airflow.is_supervised(installation)
    assert not airflow.down(installation)


def _is_well(api: AirflowApi, name: str) -> bool:
    health = api.health()
    key = "metadatabase" if name == "api-server" else name.replace("-", "_")
    return health.get(key, {}).get("status") == "healthy"


def _state(api: AirflowApi, run_id: str, task: str) -> str | None:
    return {one["task_id"]: one["state"] for one in api.task_instances("probe", run_id)}.get(task)
