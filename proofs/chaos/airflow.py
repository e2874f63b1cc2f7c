"""Kills under the real Airflow: of a task, its supervisor, the scheduler, the API server, Postgres.

Each seed has a night of its own in one installation, and kills while a transaction of that night is open. To be sure of
that, the task that holds the transaction is stopped first (SIGSTOP); only when Postgres still shows the transaction by
its id does SIGKILL go to the victim, and the others go on. Then Airflow is left alone, with the night run again when it
failed; the marts must be those of the same nights undisturbed, which another warehouse has gone through before.
"""

import contextlib
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd
import psycopg

from egov_kpi.db.connect import superuser_url
from egov_kpi.errors import EgovError
from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.platform import airflow, postgres, processes
from egov_kpi.settings import Settings
from egov_kpi.simulator.records import Records
from proofs.chaos.course import NIGHTS, run_night
from proofs.chaos.stage import age_leftovers, breaches
from proofs.chaos.watch import bare
from proofs.harness.cluster import PROVINCE, Cluster, Saved, throw_away_cluster
from proofs.harness.environment import environment
from proofs.harness.world import Silent, World, open_world

VICTIMS = ("task", "supervisor", "scheduler", "postgres", "api-server")
# The logins that write, by the step that a seed may pick, and how many of their transactions are let pass at most.
WRITERS = {"ingest": ("egov_loader", 3), "build": ("egov_builder", 20), "publish": ("egov_publisher", 0)}
# Deaths are noticed sooner than in an installation for use, whose machine may be busy with other work.
QUICK = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
}
NIGHT_SECONDS = 300
TRIES = 3


@dataclass(frozen=True)
class Hit:
    """Where SIGKILL struck: the process, and the transaction that was open with it."""

    victim: str
    pid: int
    login: str
    xid: str
    state: str
    query: str

    def text(self) -> str:
        return f"{self.victim} {self.pid}: {self.login} in transaction {self.xid}, {self.state}: {self.query}"


def run_seeds(records: Records, source_url: str, key: str, seeds: list[int]) -> Iterator[dict[str, Any]]:
    """The row of each seed; a night each, in one installation."""
    nights = [day.date() for day in pd.bdate_range(NIGHTS[0], periods=len(seeds))]
    digests = undisturbed(records, source_url, key, nights)
    with installation(source_url, key) as settings:
        for seed, night in zip(seeds, nights, strict=True):
            yield run_seed(settings, records, seed, night, digests[night])


def undisturbed(records: Records, source_url: str, key: str, nights: list[date]) -> dict[date, str]:
    """The digest after each of these nights where nothing dies."""
    digests = {}
    with throw_away_cluster() as cluster, open_world(cluster, source_url=source_url, key=key, records=records) as world:
        for night in nights:
            run_night(night, world.settings)
            digests[night] = world.digest()
    return digests


@contextmanager
def installation(source_url: str, key: str) -> Iterator[Settings]:
    """A whole installation as `make up` makes it, gone at the end whatever happened."""
    from egov_kpi.db.migrate import migrate
    from egov_kpi.publish.dbt import seed

    root = Path(mkdtemp(prefix="egov-kpi-proof-airflow-"))
    root.chmod(0o755)
    local = root / ".local"
    local.mkdir()
    further = {"SOURCE_BASE_URL": source_url, "SOURCE_TOKEN": key, "PROVINCES": PROVINCE}
    further["NIGHT_TIMEOUT_SECONDS"] = str(NIGHT_SECONDS)
    with environment("", local, AIRFLOW_PORT="0", **further) as settings:
        lines = "".join(f"{name}={value}\n" for name, value in QUICK.items())
        airflow.installation_file(settings).write_text(lines, encoding="utf-8")
        try:
            postgres.ensure_running(settings)
            migrate(settings)
            seed(settings)
            airflow.up(settings, quiet=True)
            yield settings
        finally:
            airflow.down(settings)
            postgres.remove(settings)
            shutil.rmtree(root)


def drawn(seed: int) -> tuple[str, str]:
    """Victim and step: five and three take turns, so that fifteen seeds in a row are each victim in each step."""
    return VICTIMS[seed % len(VICTIMS)], list(WRITERS)[seed % len(WRITERS)]


def run_seed(settings: Settings, records: Records, seed: int, night: date, digest: str) -> dict[str, Any]:
    """One night with one kill in it."""
    began, chance = time.monotonic(), random.Random(seed)  # noqa: S311 (a draw that must repeat)
    victim, step = drawn(seed)
    login, most = WRITERS[step]
    hunter = Hunter(settings, victim, login, chance.randint(0, most))
    failures = []
    with hunter:
        for _ in range(TRIES):
            try:
                run_through_airflow(night, Silent(), settings)
                break
            except (EgovError, psycopg.OperationalError) as error:
                failures.append(str(error).splitlines()[0][:100])
                airflow.wait_healthy(settings)
    wrong = list(_judge(settings, records, night, digest, hunter, len(failures) == TRIES))
    seen = [hunter.hit.text() if hunter.hit else "no kill", *failures, *wrong]
    row = {"case": f"airflow {seed} {step}", "done": f"{night} | SIGKILL {victim}", "expected": "X", "victim": victim}
    return {**row, "ok": not wrong, "seen": "; ".join(seen), "seconds": time.monotonic() - began}


def _judge(
    settings: Settings, records: Records, night: date, digest: str, hunter: "Hunter", has_failed: bool
) -> Iterator[str]:
    if hunter.hit is None:
        yield f"no open transaction of {hunter.login} was met"
    if hunter.error:
        yield hunter.error
    if has_failed:
        yield "the night was never published"
        return
    world = _world(settings, records)
    before = world.ask("auditor", "select publish_no from ledger.live")["publish_no"].iloc[0]
    # The night once more, a minute later: it finds nothing to do but to sweep.
    age_leftovers(world)
    run_night(night, settings)
    if world.ask("auditor", "select publish_no from ledger.live")["publish_no"].iloc[0] != before:
        yield "the same night again published again"
    yield from breaches(world, digest)


def _world(settings: Settings, records: Records) -> World:
    """The installation, for the questions that a world can answer; its sources are served elsewhere."""
    saved = Saved(postgres.WAREHOUSE, settings.local_dir)
    cluster = Cluster(postgres.ensure_running(settings), settings, settings.local_dir)
    return World(cluster, saved, settings, None, records)  # type: ignore[arg-type]


@dataclass
class Hunter:
    """A thread that waits for an open transaction of a login, lets some pass, and strikes once."""

    settings: Settings
    victim: str
    login: str
    let_pass: int
    hit: Hit | None = None
    error: str = ""
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Hunter":
        self._thread = threading.Thread(target=self._hunt, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _hunt(self) -> None:
        try:
            with psycopg.connect(superuser_url(self.settings), autocommit=True) as conn:
                self._look(conn)
        except (psycopg.Error, OSError) as error:
            # Expected only of Postgres that this very thread has killed.
            if self.hit is None:
                self.error = f"the hunter was stopped by {type(error).__name__}: {error}"[:200]

    def _look(self, conn: "psycopg.Connection[tuple[Any, ...]]") -> None:
        passed: set[str] = set()
        tasks: list[int] = []
        looked = 0.0
        while self.hit is None and not self._end.is_set():
            if time.monotonic() - looked > 0.1:
                tasks, looked = self._task_processes(), time.monotonic()
            found = self._open_transaction(conn, passed)
            if found is None:
                # The hunter must not take from the night the processor that it runs on.
                time.sleep(0.003 if tasks else 0.05)
            elif len(passed) < self.let_pass:
                passed.add(found[1])
            else:
                self._strike(conn, found, tasks)

    def _open_transaction(
        self, conn: "psycopg.Connection[tuple[Any, ...]]", passed: set[str]
    ) -> tuple[Any, ...] | None:
        return conn.execute(
            "select pid, backend_xid::text, client_port from pg_stat_activity "
            "where datname = current_database() and usename = %s and backend_xid is not null "
            "and not backend_xid::text = any(%s) order by backend_start limit 1",
            (self.login, list(passed)),
        ).fetchone()

    def _strike(self, conn: "psycopg.Connection[tuple[Any, ...]]", found: tuple[Any, ...], tasks: list[int]) -> None:
        """Stop everybody, look again, kill one, let the others go on."""
        _signal(tasks, signal.SIGSTOP)
        try:
            backend, xid, port = found
            row = conn.execute(
                "select state, query from pg_stat_activity where pid = %s and backend_xid::text = %s",
                (backend, xid),
            ).fetchone()
            owner = _owner_of(port, tasks)
            if row is None or owner is None:
                return
            pid = self._pid_of_victim(owner)
            os.kill(pid, signal.SIGKILL)
            self.hit = Hit(self.victim, pid, self.login, xid, row[0], bare(row[1])[:60])
        finally:
            _signal(tasks, signal.SIGCONT)

    def _pid_of_victim(self, task: int) -> int:
        if self.victim == "task":
            return task
        if self.victim == "supervisor":
            return _parent_of(task)
        if self.victim in airflow.COMPONENTS:
            return airflow.component_processes(self.settings)[self.victim].pid
        pid = postgres.postmaster_pid(self.settings)
        if pid is None:
            raise OSError("no postmaster")
        return pid

    def _task_processes(self) -> list[int]:
        """What works below the scheduler's workers: its grandchildren and theirs."""
        scheduler = airflow.component_processes(self.settings).get("scheduler")
        members = processes.members(scheduler.pid) if scheduler else []
        parents = {pid: _parent_of(pid) for pid in members}
        return [pid for pid in members if parents.get(parents[pid]) in members]


def _parent_of(pid: int) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _owner_of(port: int, pids: list[int]) -> int | None:
    """Which of the processes holds the connection with that local port."""
    inode = _inode_of(port)
    for pid in pids if inode else []:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if str(entry.readlink()) == f"socket:[{inode}]":
                        return pid
    return None


def _inode_of(port: int) -> str:
    for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            return fields[9]
    return ""
