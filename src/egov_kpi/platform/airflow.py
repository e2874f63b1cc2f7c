"""Airflow on this machine: its settings, its four services under a supervisor, started and stopped as one.

Its metadata lives in the database `airflow` beside the warehouse, owned by a login of its own. Everything listens on
loopback; the API server reads logs from disk, so that no log server is started at all.
"""

import base64
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from egov_kpi.errors import EgovError
from egov_kpi.platform import postgres, processes
from egov_kpi.platform.ports import LOOPBACK, stable_port
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.platform.processes import Process
from egov_kpi.platform.ready import workers_ready
from egov_kpi.platform.secrets import private_dir, secret, write_private
from egov_kpi.settings import Settings

if TYPE_CHECKING:
    from egov_kpi.platform.airflow_api import AirflowApi

DATABASE = "airflow"
DATABASE_LOGIN = "egov_airflow"
COMPONENTS = ("scheduler", "dag-processor", "triggerer", "api-server")
# Pools that the DAGs name: pulls wait for each other's sources little, gates for memory, a build for nobody.
POOLS = {"sources": 3, "gate": 2, "marts": 1}
HEALTHY_SECONDS = 180.0
STOP_SECONDS = 30.0
# The key of the sources, for whoever asks them without Airflow.
SOURCE_KEY_VARIABLE = "EGOV_KPI_SOURCE_TOKEN"
# Of the caller's environment; anything else, a proxy or somebody's AIRFLOW__* setting, stays outside.
PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class AirflowInfo:
    """A running Airflow and how to log in to it."""

    url: str
    user: str
    password: str = field(repr=False)


def home(settings: Settings) -> Path:
    return settings.local_dir.resolve() / "airflow"


def info(settings: Settings) -> AirflowInfo:
    """Address and login, whether it runs or not."""
    url = settings.airflow_url.rstrip("/") or f"http://{LOOPBACK}:{stable_or_kept_port(settings)}"
    return AirflowInfo(url, _user(), secret(settings, "airflow_admin", 16))


def environment(settings: Settings) -> dict[str, str]:
    """The whole environment of Airflow's processes; starts Postgres if need be, as its address is part of it."""
    return {
        **_machine_environment(settings),
        **shared_environment(),
        **installation_environment(settings),
        **_own_environment(settings),
    }


def component_environment(settings: Settings, name: str) -> dict[str, str]:
    """The environment of one service. Only the API server, whom tasks ask, holds the connections to the sources."""
    from egov_kpi.platform import airflow_connections

    common = environment(settings)
    common.pop(SOURCE_KEY_VARIABLE, None)
    if name != "api-server":
        return common
    return {**airflow_connections.variables(settings, _saved_connections(settings)), **common}


def shared_environment() -> dict[str, str]:
    """Settings that hold on every machine, in containers too."""
    return _read_variables(Path(__file__).with_name("airflow.env"))


def installation_environment(settings: Settings) -> dict[str, str]:
    """Airflow settings of this installation alone, from an optional file of its own; they win over the shared ones."""
    path = installation_file(settings)
    return _read_variables(path) if path.exists() else {}


def installation_file(settings: Settings) -> Path:
    return settings.local_dir / "airflow.env"


def commands(settings: Settings) -> dict[str, list[str]]:
    """How each service is started."""
    airflow = [sys.executable, "-m", "airflow"]
    at = ["--host", settings.airflow_bind, "--port", str(stable_or_kept_port(settings))]
    return {
        "scheduler": [*airflow, "scheduler", "--skip-serve-logs"],
        "dag-processor": [*airflow, "dag-processor"],
        "triggerer": [*airflow, "triggerer", "--skip-serve-logs"],
        "api-server": [*airflow, "api-server", *at],
    }


def up(settings: Settings, quiet: bool = False) -> AirflowInfo:
    """Start Airflow unless it runs, wait until every service is healthy, and say where it is."""
    with _lock(settings):
        starts = not is_supervised(settings)
        if starts:
            _start(settings)
    found = wait_healthy(settings, workers=starts)
    _make_pools(settings)
    if not quiet:
        _say(settings, found)
    return found


def down(settings: Settings) -> bool:
    """Stop the supervisor and every process of every service; False when nothing ran."""
    with _lock(settings):
        supervisor = _kept_supervisor(settings)
        leaders = component_processes(settings)
        was_running = bool(supervisor and supervisor.alive()) or any(one.alive() for one in leaders.values())
        if supervisor and supervisor.alive():
            processes.end_session(supervisor.pid, STOP_SECONDS)
        # a supervisor that was killed leaves its components running
        for leader in leaders.values():
            if leader.alive() or processes.members(leader.pid):
                processes.kill_session(leader.pid)
        supervisor_file(settings).unlink(missing_ok=True)
        state_file(settings).unlink(missing_ok=True)
    return was_running


def is_supervised(settings: Settings) -> bool:
    supervisor = _kept_supervisor(settings)
    return supervisor is not None and supervisor.alive()


def wait_healthy(settings: Settings, seconds: float = HEALTHY_SECONDS, workers: bool = False) -> AirflowInfo:
    """Wait until each service's own heartbeat is from this start; a start that can't succeed ends the wait early.

    With `workers` also until those take tasks: the scheduler's heartbeat begins seconds before they are there.
    """
    from egov_kpi.platform.airflow_api import AirflowApi

    found = info(settings)
    started = _started_at(settings)
    until = time.monotonic() + seconds
    with AirflowApi(found) as api:
        while ill := _ill(api, started) or (workers and _no_workers(settings)):
            if time.monotonic() > until or not is_supervised(settings):
                raise EgovError("EGOV-PLATFORM-021", detail=", ".join(ill), log=str(home(settings) / "logs"))
            time.sleep(0.2)
    return found


def component_processes(settings: Settings) -> dict[str, Process]:
    """The present process of each component, as the supervisor recorded it."""
    path = state_file(settings)
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))["components"]
    return {name: Process.from_json(entry) for name, entry in kept.items()}


def state_file(settings: Settings) -> Path:
    return home(settings) / "components.json"


def supervisor_file(settings: Settings) -> Path:
    return home(settings) / "supervisor.json"


def passwords_file(settings: Settings) -> Path:
    return home(settings) / "passwords.json"


def stable_or_kept_port(settings: Settings) -> int:
    """The API server's port: kept while our Airflow runs on it, else the remembered one if it is still free."""
    ports = settings.local_dir / "ports.json"
    if is_supervised(settings):
        return int(json.loads(ports.read_text(encoding="utf-8"))["airflow"])
    return stable_port(ports, "airflow", settings.airflow_port)


# -------------------------------------------------------------------------------------------------------- environment


def _machine_environment(settings: Settings) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    ours = {name: value for name, value in os.environ.items() if name.startswith("EGOV_KPI_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, **ours, **settings_environment(settings), "PATH": path}


def settings_environment(settings: Settings) -> dict[str, str]:
    """These very settings as variables, whether they came from the environment or were made in code."""
    values = settings.model_copy(update={"local_dir": settings.local_dir.resolve()}).model_dump(mode="json")
    return {f"EGOV_KPI_{name.upper()}": str(value) for name, value in values.items() if value is not None}


def _read_variables(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def _saved_connections(settings: Settings) -> list[str]:
    """Connections that a person has saved in Airflow, by name."""
    with psycopg.connect(postgres.ensure_running(settings).superuser_url(DATABASE)) as connection:
        rows = connection.execute("select conn_id from connection").fetchall()
    return [str(row[0]) for row in rows]


def _own_environment(settings: Settings) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home(settings)),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project_root / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{info(settings).url}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": _fernet_key(settings),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings)),
        # what a browser on this machine calls it; between containers it has another name
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{stable_or_kept_port(settings)}",
        "AIRFLOW__API__SECRET_KEY": secret(settings, "airflow_api_key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secret(settings, "airflow_jwt", 64),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _database_url(settings, postgres.ensure_running(settings)),
    }


def _fernet_key(settings: Settings) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(secret(settings, "airflow_fernet"))).decode("ascii")


def _user() -> str:
    return shared_environment()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(":")[0]


def _database_url(settings: Settings, server: ServerInfo) -> str:
    url = server.url_for(DATABASE_LOGIN, secret(settings, DATABASE_LOGIN), DATABASE)
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


# -------------------------------------------------------------------------------------------------------------- start


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    settings.local_dir.mkdir(parents=True, exist_ok=True)
    with (settings.local_dir / "airflow.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(settings: Settings) -> None:
    """Everything that the services need before they start: folders, login, database, Airflow's own tables."""
    private_dir(home(settings))
    private_dir(home(settings) / "logs")
    write_private(passwords_file(settings), json.dumps({_user(): info(settings).password}) + "\n")
    server = postgres.ensure_running(settings)
    _prepare_database(settings, server)
    _migrate(settings, server)


def _start(settings: Settings) -> None:
    prepare(settings)
    workers_ready(home(settings)).unlink(missing_ok=True)
    variables = environment(settings)
    began = datetime.now(UTC).isoformat()
    command = [sys.executable, "-m", "egov_kpi.platform.supervisor"]
    log = home(settings) / "logs" / "supervisor.log"
    process = Process.of(processes.start_session(command, variables, log, settings.project_root).pid)
    if process is None:
        raise EgovError("EGOV-PLATFORM-021", detail="supervisor", log=str(log))
    kept = {"pid": process.pid, "started": process.started, "at": began}
    write_private(supervisor_file(settings), json.dumps(kept) + "\n")


def _prepare_database(settings: Settings, server: ServerInfo) -> None:
    """A login that owns Airflow's database and reaches nothing else, with this installation's password."""
    password = secret(settings, DATABASE_LOGIN)
    login, database = sql.Identifier(DATABASE_LOGIN), sql.Identifier(DATABASE)
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        known = connection.execute("select 1 from pg_roles where rolname = %s", [DATABASE_LOGIN]).fetchone()
        action = sql.SQL("alter" if known else "create")
        connection.execute(sql.SQL("{} role {} login password {}").format(action, login, sql.Literal(password)))
        postgres.ensure_database(server, DATABASE)
        connection.execute(sql.SQL("alter database {} owner to {}").format(database, login))
        connection.execute(sql.SQL("revoke connect on database {} from public").format(database))


def _migrate(settings: Settings, server: ServerInfo) -> None:
    """Airflow's own migrations, unless this version's have been run on this very database: the command takes 8 s."""
    stamp = home(settings) / "migrated.json"
    if stamp.exists() and json.loads(stamp.read_text(encoding="utf-8")) == _migration_stamp(server):
        return
    log = home(settings) / "logs" / "migrate.log"
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=environment(settings),
            cwd=settings.project_root,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode:
        raise EgovError("EGOV-PLATFORM-020", status=done.returncode, log=str(log))
    write_private(stamp, json.dumps(_migration_stamp(server)) + "\n")


def _migration_stamp(server: ServerInfo) -> dict[str, str]:
    """Version of Airflow, its schema's revision and the server that it is on; without a revision it equals no stamp."""
    with psycopg.connect(server.superuser_url(DATABASE)) as connection:
        is_there = connection.execute("select to_regclass('public.alembic_version')").fetchone()
        row = (
            connection.execute("select version_num from alembic_version").fetchone()
            if is_there and is_there[0]
            else None
        )
        system = connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    return {
        "airflow": package_version("apache-airflow-core"),
        "revision": str(row[0]) if row else f"none at {time.time_ns()}",
        "server": hashlib.sha256(str(system).encode()).hexdigest()[:16],
    }


def _kept_supervisor(settings: Settings) -> Process | None:
    path = supervisor_file(settings)
    return Process.from_json(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _started_at(settings: Settings) -> datetime:
    path = supervisor_file(settings)
    if not path.exists():
        raise EgovError("EGOV-PLATFORM-022")
    return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])


def _ill(api: "AirflowApi", started: datetime) -> list[str]:
    """Services that are not healthy yet; a heartbeat from before this start doesn't count."""
    health = api.health()
    if not health or not api.serves_tasks():
        return list(COMPONENTS)
    ill = []
    for name in ("scheduler", "dag_processor", "triggerer"):
        found = health.get(name, {})
        beat = found.get(f"latest_{name}_heartbeat")
        if found.get("status") != "healthy" or not beat or datetime.fromisoformat(beat) < started:
            ill.append(name.replace("_", "-"))
    return ill


def _no_workers(settings: Settings) -> list[str]:
    """Only the project's own executor says when its workers are there."""
    variables = {**shared_environment(), **installation_environment(settings)}
    says = variables["AIRFLOW__CORE__EXECUTOR"].startswith("egov_kpi.")
    return ["workers"] if says and not workers_ready(home(settings)).exists() else []


def _make_pools(settings: Settings) -> None:
    from egov_kpi.platform.airflow_api import AirflowApi

    with AirflowApi(info(settings)) as api:
        for name, slots in POOLS.items():
            api.ensure_pool(name, slots)


def _say(settings: Settings, found: AirflowInfo) -> None:
    """The password itself is shown to a person only; a log gets the name of the file that holds it."""
    password = found.password if sys.stdout.isatty() else f"{settings.secrets_dir / 'airflow_admin'}"
    print(f"Airflow: {found.url}")
    print(f"  đăng nhập · login: {found.user}   mật khẩu · password: {password}", flush=True)
