"""A throw-away Postgres cluster, its templates, and fresh databases cloned from them.

The tests take theirs from here too. EGOV_TEST_DATABASE_URL (a superuser's URL) puts the databases on a server of yours.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from egov_kpi.platform import postgres
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import PROVINCES_OF_PROFILE, Settings
from proofs.harness.environment import environment

if TYPE_CHECKING:
    from proofs.harness.world import World

TEST_URL = "EGOV_TEST_DATABASE_URL"
# Set by tests/conftest.py: the folder of a pytest run, shared by its workers.
TEST_ROOT = "EGOV_TEST_ROOT"
MIGRATED = "proof_migrated"
SEEDED = "proof_seeded"
PUBLISHED = "template_published"
# Provinces served, as the setting has them.
CALIBRATED, PROVINCE = (",".join(PROVINCES_OF_PROFILE[profile]) for profile in ("calibrated", "province"))
EVERY = f"{CALIBRATED},{PROVINCE}"
# What is thrown away needs no durability, and is quicker without.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
DURABLE = {"shared_buffers": "128MB"}
# What is thrown away needs no disk either, where the machine has so much memory to spare.
MEMORY, SPARE_BYTES = Path("/dev/shm"), 6 << 30  # noqa: S108 (a folder of its own is made in it)


@dataclass(frozen=True)
class Saved:
    """A world at rest: a database nobody works in, and a copy of its local folder. Worlds are cloned from it."""

    database: str
    folder: Path


@dataclass(frozen=True)
class Cluster:
    """One server, and where its worlds keep their files. `settings` has the folder whose logins the databases know."""

    server: ServerInfo
    settings: Settings
    root: Path
    migrated_name: str = MIGRATED
    seeded_name: str = SEEDED

    @property
    def projects(self) -> Path:
        """Where what dbt read of the project is kept for all worlds."""
        return self.root / "projects"

    @contextmanager
    def world(self, profile: str = "calibrated", seed: int = 1, **options: Any) -> Iterator["World"]:
        """A fresh warehouse, seeded, with its simulated sources; see `proofs.harness.world.open_world`."""
        from proofs.harness.world import open_world

        with open_world(self, profile, seed, **options) as world:
            yield world

    @property
    def migrated(self) -> Saved:
        """A warehouse with all migrations and no seeds."""
        return self.template(self.migrated_name, _migrate)

    def seeded(self, provinces: str = CALIBRATED) -> Saved:
        """A warehouse with all migrations and the seeds, serving these provinces: what a first night starts from."""
        name = "_".join([self.seeded_name, *provinces.split(",")])
        return self.template(name, _seed, self.migrated, PROVINCES=provinces)

    def template(
        self,
        name: str,
        fill: Callable[[Settings], None],
        origin: Saved | None = None,
        folder: Path | None = None,
        **variables: str,
    ) -> Saved:
        """Make a template once, by whoever needs it first; it gets its name only when it is complete.

        `folder` is where it keeps its files, when it has any of its own; `variables` are settings for filling it.
        """
        place = folder or self.settings.local_dir
        with (self.root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._exists(name):
                making = f"{name}_making"
                self.drop(making)
                self.create(making, origin.database if origin else "template0")
                if folder:
                    shutil.rmtree(folder, ignore_errors=True)
                    shutil.copytree(self.settings.secrets_dir, folder / "secrets")
                with environment(self.url(making), place, **variables) as settings:
                    fill(settings)
                self.rename(making, name)
        return Saved(name, place)

    def clone(self, origin: Saved, name: str = "") -> Saved:
        """A copy of a saved world, to be worked in."""
        name = name or f"proof_{uuid.uuid4().hex[:12]}"
        folder = self.root / "worlds" / name
        folder.mkdir(parents=True)
        self.create(name, origin.database)
        for part in ("secrets", "landing", "dbt", "gate"):
            if (origin.folder / part).exists():
                shutil.copytree(origin.folder / part, folder / part)
        return Saved(name, folder)

    def discard(self, world: Saved) -> None:
        self.drop(world.database)
        shutil.rmtree(world.folder)

    def forget_templates(self) -> None:
        """On a server of yours the templates outlive a run, but their logins' passwords don't."""
        if not self.server.embedded:
            for name in (PUBLISHED, *self._named(f"{self.seeded_name}%"), self.migrated_name):
                self.drop(name)

    def url(self, database: str) -> str:
        """The superuser's URL of one of the cluster's databases."""
        return self.server.superuser_url(database)

    def create(self, name: str, origin: str) -> None:
        """Clone a database. Sessions that an ended process or a pool left in the origin are ended first."""
        if not origin.startswith("template"):
            self.disconnect(origin)
        # of a few megabytes: to copy the files takes half as long as to log every page of them
        self._execute("create database {} template {} strategy file_copy", name, origin)

    def drop(self, name: str) -> None:
        self._execute("drop database if exists {} with (force)", name)

    def rename(self, name: str, wanted: str) -> None:
        self.disconnect(name)
        self._execute("alter database {} rename to {}", name, wanted)

    def disconnect(self, name: str) -> None:
        """End whoever is still connected to that database."""
        with self._maintenance() as conn:
            conn.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,))

    def _exists(self, name: str) -> bool:
        with self._maintenance() as conn:
            return conn.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is not None

    def _named(self, pattern: str) -> list[str]:
        with self._maintenance() as conn:
            return [row[0] for row in conn.execute("select datname from pg_database where datname like %s", (pattern,))]

    def _execute(self, statement: str, *names: str) -> None:
        with self._maintenance() as conn:
            conn.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    def _maintenance(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url("postgres"), autocommit=True)


@contextmanager
def throw_away_cluster(durable: bool = False) -> Iterator[Cluster]:
    """A cluster in a temporary folder that ends with the block; `durable` leaves fsync on, for proofs that kill it."""
    root = Path(tempfile.mkdtemp(prefix="egov-kpi-proof-", dir=None if durable else memory()))
    # the server's own user has to pass through it; what is private inside has modes of its own
    root.chmod(0o711)
    settings = _settings(root)
    owner = os.getpid()
    try:
        with _ended_in_order():
            cluster = Cluster(postgres.ensure_running(settings, DURABLE if durable else THROW_AWAY), settings, root)
            cluster.forget_templates()
            yield cluster
            cluster.forget_templates()
    finally:
        # A fork of this process that ends is no reason to end the cluster.
        if os.getpid() == owner:
            postgres.remove(settings)
            shutil.rmtree(root)


def memory() -> Path | None:
    """Where files are kept in memory; nothing where there is too little of it, or TMPDIR says where to put them."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    available = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    return MEMORY if min(available, shutil.disk_usage(MEMORY).free) >= SPARE_BYTES else None


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """TERM ends the process as Ctrl-C would: no server is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # not SystemExit: hypothesis takes that for a failing example, and goes on looking for a smaller one
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def cluster_of_tests() -> Cluster:
    """The cluster of the pytest run, its templates included; the run itself ends it."""
    settings = settings_of_tests()
    server = postgres.ensure_running(settings, THROW_AWAY)
    return Cluster(server, settings, Path(os.environ[TEST_ROOT]), "template_migrated", "template_seeded")


def settings_of_tests() -> Settings:
    """Settings of that cluster, whether it runs or not."""
    return _settings(Path(os.environ[TEST_ROOT]))


def _settings(root: Path) -> Settings:
    return Settings(local_dir=root / "local", database_url=os.environ.get(TEST_URL, ""), postgres_port=0)


def _migrate(settings: Settings) -> None:
    from egov_kpi.db.migrate import migrate

    migrate(settings)


def _seed(settings: Settings) -> None:
    from egov_kpi.publish.dbt import seed

    seed(settings)
