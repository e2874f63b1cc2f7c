"""The simulated source systems as a background process of this installation, on a port that stays the same."""

import fcntl
import json
import os
import socket
import sys
from pathlib import Path

from egov_kpi.errors import EgovError
from egov_kpi.platform import processes
from egov_kpi.platform.airflow import PASSED_ON, SOURCE_KEY_VARIABLE, settings_environment
from egov_kpi.platform.ports import LOOPBACK, stable_port
from egov_kpi.platform.processes import Process
from egov_kpi.platform.secrets import secret, write_private
from egov_kpi.settings import Settings

START_SECONDS = 60.0
STOP_SECONDS = 5.0
RUN = "from egov_kpi.cli.main import main; main()"


def start(settings: Settings) -> str:
    """Start the simulator unless it runs with these settings; returns its base URL once it accepts connections."""
    settings.local_dir.mkdir(parents=True, exist_ok=True)
    with (settings.local_dir / "simulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_running(settings) and _kept(settings)["profile"] == _profile(settings):
            return _url(settings)
        _end(settings)
        _launch(settings)
    return _url(settings)


def stop(settings: Settings) -> bool:
    """Stop it; False when it didn't run."""
    was_running = is_running(settings)
    _end(settings)
    return was_running


def is_running(settings: Settings) -> bool:
    kept = _kept(settings)
    return bool(kept) and Process.from_json(kept).alive() and _accepts(int(kept["port"]))


def pid(settings: Settings) -> int | None:
    """Its process, which leads a session of its own."""
    return int(_kept(settings)["pid"]) if is_running(settings) else None


def base_url(settings: Settings) -> str:
    """Where the source systems are: the address that is set, else the simulator's; error -031 when it never ran."""
    if settings.source_base_url:
        return settings.source_base_url.rstrip("/")
    if not _kept(settings):
        raise EgovError("EGOV-PLATFORM-031")
    return _url(settings)


def source_token(settings: Settings) -> str:
    """The key that the sources ask for: from the environment, else the one shared with the simulator."""
    return os.environ.get(SOURCE_KEY_VARIABLE) or secret(settings, "source_token")


def _launch(settings: Settings) -> None:
    port = stable_port(settings.local_dir / "ports.json", "simulator", settings.simulator_port)
    command = [sys.executable, "-c", RUN, "simulate", "serve", "--port", str(port)]
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment = {**kept, **settings_environment(settings), SOURCE_KEY_VARIABLE: source_token(settings)}
    log = settings.local_dir / "simulator.log"
    started = processes.start_session(command, environment, log, settings.project_root)
    process = Process.of(started.pid)
    ready = processes.wait_until(lambda: started.poll() is not None or _accepts(port), START_SECONDS)
    if process is None or not ready or started.poll() is not None:
        processes.kill_session(started.pid)
        raise EgovError("EGOV-PLATFORM-030", port=port, log=str(log))
    state = {"pid": process.pid, "started": process.started, "port": port, "profile": _profile(settings)}
    write_private(_state(settings), json.dumps(state) + "\n")


def _end(settings: Settings) -> None:
    kept = _kept(settings)
    if kept and Process.from_json(kept).alive():
        processes.end_session(int(kept["pid"]), STOP_SECONDS)
    _state(settings).unlink(missing_ok=True)


def _profile(settings: Settings) -> str:
    return f"{settings.simulator_profile}/{settings.simulator_seed}"


def _state(settings: Settings) -> Path:
    return settings.local_dir / "simulator.json"


def _kept(settings: Settings) -> dict[str, str]:
    path = _state(settings)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _url(settings: Settings) -> str:
    return f"http://{LOOPBACK}:{_kept(settings)['port']}"


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0
