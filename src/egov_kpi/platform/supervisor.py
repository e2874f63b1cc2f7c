"""The process that keeps Airflow's components alive: `python -m egov_kpi.platform.supervisor`.

It starts the scheduler, the dag-processor, the triggerer and the API server, each in a session of its own, starts each
again when it dies (sooner the first time, later while it keeps dying), and ends them all when it is told to end. An
embedded Postgres that was killed is started again too, because none of them lives without it. Of a service that
lives and hangs it writes an incident (`pulse`); to end it is for a person.
"""

import contextlib
import json
import logging
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from egov_kpi.errors import EgovError
from egov_kpi.platform import airflow, postgres, processes, pulse
from egov_kpi.platform.processes import Process
from egov_kpi.platform.secrets import write_private
from egov_kpi.settings import Settings, get_settings

POLL_SECONDS = 0.5
POSTGRES_POLL_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A component that has lived so long starts from the shortest pause again.
SETTLED_SECONDS = 60.0
STOP_SECONDS = 15.0
LARGEST_LOG_BYTES = 20_000_000

log = logging.getLogger("egov_kpi.supervisor")


@dataclass
class Component:
    """One service of Airflow and its present process."""

    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_after: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    restarts: int = -1

    def start(self, environment: dict[str, str], cwd: Path) -> None:
        self.process = processes.start_session(self.command, environment, self.log, cwd)
        self.started_at = time.monotonic()
        self.restarts += 1
        log.info("%s started, pid %d, start number %d", self.name, self.process.pid, self.restarts + 1)

    def check(self) -> None:
        """Notice a death: end what the dead component left behind, and plan the next start."""
        if self.process is None or self.process.poll() is None:
            return
        log.warning("%s ended with %s", self.name, self.process.returncode)
        # workers and tasks of a killed scheduler would go on beside those of the next one
        processes.kill_session(self.process.pid)
        if time.monotonic() - self.started_at > SETTLED_SECONDS:
            self.pause = FIRST_PAUSE_SECONDS
        self.start_after = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        self.process = None

    def due(self) -> bool:
        return self.process is None and time.monotonic() >= self.start_after


@dataclass
class Supervisor:
    """All components of one installation; `run` returns when it was told to stop."""

    settings: Settings
    components: list[Component] = field(default_factory=list)
    stopping: bool = False
    postgres_checked: float = 0.0

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        home = airflow.home(self.settings)
        self.components = [
            Component(name, command, _fresh_log(home / "logs" / f"{name}.log"))
            for name, command in airflow.commands(self.settings).items()
        ]
        watch = pulse.start(self.settings)
        try:
            while not self.stopping:
                self._look()
                time.sleep(POLL_SECONDS)
        finally:
            watch.set()
            self._end_all()

    def _look(self) -> None:
        for component in self.components:
            component.check()
        self._keep_postgres()
        due = [component for component in self.components if component.due()]
        if due:
            for component in due:
                environment = airflow.component_environment(self.settings, component.name)
                component.start(environment, self.settings.project_root)
            self._record()

    def _keep_postgres(self) -> None:
        if self.settings.database_url or time.monotonic() - self.postgres_checked < POSTGRES_POLL_SECONDS:
            return
        self.postgres_checked = time.monotonic()
        try:
            postgres.ensure_running(self.settings)
        except EgovError as error:
            # said again every two seconds until it is back: there is nothing else a supervisor could do
            log.error("%s", error)

    def _record(self) -> None:
        kept = {
            component.name: {**_identity(component.process.pid), "restarts": component.restarts}
            for component in self.components
            if component.process is not None
        }
        write_private(airflow.state_file(self.settings), json.dumps({"components": kept}, indent=2) + "\n")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        """All at once first, so that they shut down side by side; then whatever is left of each."""
        running = [component.process for component in self.components if component.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
            processes.kill_session(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)


def _identity(pid: int) -> dict[str, int]:
    process = Process.of(pid)
    return {"pid": pid, "started": process.started if process else 0}


def _fresh_log(path: Path) -> Path:
    """One older file is kept; logs of services that run for months must not fill the disk."""
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    Supervisor(get_settings()).run()


if __name__ == "__main__":
    main()
