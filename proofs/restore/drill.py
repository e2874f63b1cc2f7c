"""The parts of the drill: kill the server in the middle of a build, back up, restore elsewhere, run the next night."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg

from egov_kpi.errors import EgovError
from egov_kpi.platform import backup as backups
from egov_kpi.platform import postgres, processes
from egov_kpi.platform.backup import BackupResult, BackupState
from egov_kpi.settings import Settings
from proofs.harness.cluster import Cluster, Saved
from proofs.harness.environment import environment
from proofs.harness.world import World

FIRST, SECOND = date(2023, 3, 6), date(2023, 3, 7)
NIGHTLY = [sys.executable, "-c", "from egov_kpi.cli.main import main; main()", "nightly", "--in-process", "--date"]
# The sources, the gate and the first nodes of the build take about this long at the very most.
UNTIL_BUILD_SECONDS = 300.0


def state(world: World) -> BackupState:
    """Ledger and marts of a world, every hash computed anew."""
    with psycopg.connect(world.settings.database_url) as connection:
        return backups.state_of(connection)


def start_night(day: date, log: Path) -> "subprocess.Popen[bytes]":
    """A night as a process of its own, in this process's environment."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*NIGHTLY, day.isoformat()], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def wait_for_build(world: World, night: "subprocess.Popen[bytes]") -> bool:
    """Until the builder is in the middle of writing into a colour; False when the night ended before."""
    writing = (
        "select count(*) from pg_stat_activity where datname = current_database() and usename = 'egov_builder' "
        "and state = 'active' and backend_xid is not null "
        'and query ~* \'(insert into|delete from)\\s+("?[a-z0-9_]+"?\\.)?"?(blue|green)\''
    )
    until = time.monotonic() + UNTIL_BUILD_SECONDS
    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        while time.monotonic() < until and night.poll() is None:
            row = connection.execute(writing.encode()).fetchone()
            if row is not None and row[0]:
                return True
            time.sleep(0.01)
    return False


@contextmanager
def held(night: "subprocess.Popen[bytes]") -> Iterator[None]:
    """The night stands still in the middle of what it does, its transactions open."""
    night.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        night.send_signal(signal.SIGCONT)


def crash(cluster: Cluster) -> None:
    """SIGKILL to the postmaster, and to the backends that outlive it: what a machine that loses power leaves."""
    pid = postgres.postmaster_pid(cluster.settings)
    assert pid is not None, "the cluster of the drill is its own"
    data = postgres.data_dir(cluster.settings)
    os.kill(pid, signal.SIGKILL)
    for backend in processes.working_in(data) if data else []:
        if backend != pid:
            # a backend that saw its postmaster die has ended by itself
            _kill(backend)


def recover(cluster: Cluster) -> Cluster:
    """Start the server again on what the crash left; Postgres replays its log by itself."""
    server = postgres.ensure_running(cluster.settings)
    assert server.port == cluster.server.port, "worlds know the server by its port"
    return replace(cluster, server=server)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def backup_of(world: World) -> Iterator[tuple[Path, BackupResult]]:
    """A backup in a folder that goes with the block."""
    folder = Path(tempfile.mkdtemp(prefix="egov-kpi-backup-"))
    try:
        yield folder / "backup", backups.backup(world.settings, folder / "backup")
    finally:
        shutil.rmtree(folder)


@contextmanager
def restored(backup: Path, original: World, onto: Cluster, name: str) -> Iterator[World]:
    """A world made of a backup on another server, with the sources of the original."""
    folder = onto.root / "worlds" / name
    folder.mkdir(parents=True)
    variables = {
        "SOURCE_BASE_URL": original.settings.source_base_url,
        "SOURCE_TOKEN": os.environ["EGOV_KPI_SOURCE_TOKEN"],
        "PROVINCES": original.settings.provinces,
    }
    with environment(onto.url(name), folder, **variables) as settings:
        try:
            backups.restore(settings, backup)
            yield replace(original, cluster=onto, saved=Saved(name, folder), settings=settings)
        finally:
            onto.drop(name)
            shutil.rmtree(folder)


def refusal(settings: Settings, folder: Path) -> str:
    """The code with which a restore is refused; empty when it is not."""
    try:
        backups.restore(settings, folder)
    except EgovError as error:
        return error.code
    return ""


def damage(backup: Path, copy: Path) -> Path:
    """A copy of a backup with one byte of the dump changed."""
    shutil.copytree(backup, copy)
    shutil.copytree(backups.keys_folder(backup), backups.keys_folder(copy))
    dump = copy / backups.DUMP
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    return copy
