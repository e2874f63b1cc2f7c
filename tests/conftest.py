"""Fixtures that every kind of test shares: one Postgres cluster per test run, and a fresh database per test.

The cluster lives in a folder of its own, apart from `.local/`, and ends with the run. With pytest-xdist all workers use
the same one. EGOV_TEST_DATABASE_URL (a superuser's URL) runs the same tests on a server of yours, say Postgres 15.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from egov_kpi.platform import postgres
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import Settings, get_settings

ROOT_VARIABLE = "EGOV_TEST_ROOT"
MIGRATED = "template_migrated"
SEEDED = "template_seeded"
# A test cluster is thrown away: it needs no durability, and is quicker without.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[ROOT_VARIABLE] = tempfile.mkdtemp(prefix="egov-kpi-test-")
        # the server's own user has to pass through it; what is private inside has modes of its own
        Path(os.environ[ROOT_VARIABLE]).chmod(0o711)
        _forget_templates()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        root = Path(os.environ[ROOT_VARIABLE])
        _forget_templates()
        postgres.remove(_cluster_settings())
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def pg_server() -> ServerInfo:
    """The run's Postgres server."""
    return postgres.ensure_running(_cluster_settings(), THROW_AWAY)


@pytest.fixture(scope="session")
def migrated_db(pg_server: ServerInfo) -> str:
    """Name of a database with all migrations and no seeds."""
    return _make_once(pg_server, MIGRATED, _migrate)


@pytest.fixture(scope="session")
def template_db(pg_server: ServerInfo, migrated_db: str) -> str:
    """Name of a database with all migrations and the seeds."""
    return _make_once(pg_server, SEEDED, _seed, template=migrated_db)


@pytest.fixture
def warehouse(
    pg_server: ServerInfo, template_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a fresh warehouse: migrated, seeded, nothing loaded, nothing published."""
    with _fresh_database(pg_server, template_db, tmp_path, monkeypatch) as settings:
        yield settings


@pytest.fixture
def migrated_warehouse(
    pg_server: ServerInfo, migrated_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a fresh warehouse without seeds: quicker where no dbt model is built."""
    with _fresh_database(pg_server, migrated_db, tmp_path, monkeypatch) as settings:
        yield settings


@pytest.fixture
def empty_warehouse(pg_server: ServerInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of an empty database."""
    with _fresh_database(pg_server, "template0", tmp_path, monkeypatch) as settings:
        yield settings


def _cluster_settings() -> Settings:
    return Settings(
        local_dir=Path(os.environ[ROOT_VARIABLE]) / "local",
        database_url=os.environ.get("EGOV_TEST_DATABASE_URL", ""),
        postgres_port=0,
    )


def _forget_templates() -> None:
    """On a server of yours the templates outlive a run, but their logins' passwords don't."""
    if os.environ.get("EGOV_TEST_DATABASE_URL"):
        server = postgres.ensure_running(_cluster_settings())
        for name in (SEEDED, MIGRATED):
            _execute(server, "drop database if exists {} with (force)", name)


def _migrate(settings: Settings) -> None:
    from egov_kpi.db.migrate import migrate

    migrate(settings)


def _seed(settings: Settings) -> None:
    from egov_kpi.publish.dbt import seed

    seed(settings)


def _make_once(server: ServerInfo, name: str, fill: Callable[[Settings], None], template: str = "template0") -> str:
    """Make a template database in the first process that needs it; it gets its name only when it is complete."""
    root = Path(os.environ[ROOT_VARIABLE])
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(server, name):
            making = f"{name}_making"
            _execute(server, "drop database if exists {} with (force)", making)
            _execute(server, "create database {} template {}", making, template)
            with pytest.MonkeyPatch.context() as patch:
                fill(_use(patch, server, making, _cluster_settings().local_dir))
            _execute(server, "alter database {} rename to {}", making, name)
            get_settings.cache_clear()
    return name


@contextmanager
def _fresh_database(
    server: ServerInfo, template: str, local_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    _execute(server, "create database {} template {}", name, template)
    # logins belong to the whole cluster, so each of its databases goes with the same passwords
    secrets = _cluster_settings().secrets_dir
    if secrets.exists():
        shutil.copytree(secrets, local_dir / "secrets")
    try:
        yield _use(monkeypatch, server, name, local_dir)
    finally:
        get_settings.cache_clear()
        _execute(server, "drop database if exists {} with (force)", name)


def _use(monkeypatch: pytest.MonkeyPatch, server: ServerInfo, database: str, local_dir: Path) -> Settings:
    """Point the whole process, and what it starts, at that database."""
    monkeypatch.setenv("EGOV_KPI_DATABASE_URL", server.superuser_url(database))
    monkeypatch.setenv("EGOV_KPI_LOCAL_DIR", str(local_dir))
    get_settings.cache_clear()
    return get_settings()


def _exists(server: ServerInfo, name: str) -> bool:
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        return connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is not None


def _execute(server: ServerInfo, statement: str, *names: str) -> None:
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
