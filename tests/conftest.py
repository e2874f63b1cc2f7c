"""Fixtures that every kind of test shares: one Postgres cluster per test run, and a fresh database per test.

The cluster lives in a folder of its own, apart from `.local/`, and ends with the run. With pytest-xdist all workers use
the same one. EGOV_TEST_DATABASE_URL (a superuser's URL) runs the same tests on a server of yours, say Postgres 15.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from egov_kpi.platform import postgres
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import Settings, get_settings
from proofs.harness.cluster import TEST_ROOT, TEST_URL, Cluster, cluster_of_tests, memory, settings_of_tests


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[TEST_ROOT] = tempfile.mkdtemp(prefix="egov-kpi-test-", dir=memory())
        # the server's own user has to pass through it; what is private inside has modes of its own
        Path(os.environ[TEST_ROOT]).chmod(0o711)
        _forget_templates()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        root = Path(os.environ[TEST_ROOT])
        _forget_templates()
        postgres.remove(settings_of_tests())
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's Postgres server, with its templates."""
    return cluster_of_tests()


@pytest.fixture(scope="session")
def pg_server(cluster: Cluster) -> ServerInfo:
    """The run's Postgres server."""
    return cluster.server


@pytest.fixture
def warehouse(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a fresh warehouse: migrated, seeded, nothing loaded, nothing published."""
    with _fresh_database(cluster, cluster.seeded.database, tmp_path, monkeypatch) as settings:
        yield settings


@pytest.fixture
def migrated_warehouse(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a fresh warehouse without seeds: quicker where no dbt model is built."""
    with _fresh_database(cluster, cluster.migrated.database, tmp_path, monkeypatch) as settings:
        yield settings


@pytest.fixture
def empty_warehouse(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of an empty database."""
    with _fresh_database(cluster, "template0", tmp_path, monkeypatch) as settings:
        yield settings


def _forget_templates() -> None:
    if os.environ.get(TEST_URL):
        cluster_of_tests().forget_templates()


@contextmanager
def _fresh_database(
    cluster: Cluster, template: str, local_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    cluster.create(name, template)
    # logins belong to the whole cluster, so each of its databases goes with the same passwords
    secrets = cluster.settings.secrets_dir
    if secrets.exists():
        shutil.copytree(secrets, local_dir / "secrets")
    try:
        yield _use(monkeypatch, cluster.url(name), local_dir)
    finally:
        get_settings.cache_clear()
        cluster.drop(name)


def _use(monkeypatch: pytest.MonkeyPatch, url: str, local_dir: Path) -> Settings:
    """Point the whole process, and what it starts, at that database; what a test sets beside it is undone in order."""
    monkeypatch.setenv("EGOV_KPI_DATABASE_URL", url)
    monkeypatch.setenv("EGOV_KPI_LOCAL_DIR", str(local_dir))
    get_settings.cache_clear()
    return get_settings()
