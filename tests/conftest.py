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
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from egov_kpi.platform import postgres
from egov_kpi.platform.postgres import ServerInfo
from egov_kpi.settings import Settings, get_settings
from proofs.harness.cluster import (
    CALIBRATED,
    TEST_ROOT,
    TEST_URL,
    Cluster,
    cluster_of_tests,
    memory,
    settings_of_tests,
)

# Tests that take minutes begin first, else one of them is all that still runs at the end.
LONG = (
    "e2e/",
    "integration/dbt/test_models_incremental.py",
    "integration/trace/test_trace_province.py",
    "integration/evidence/test_pack_calibrated.py",
    "proofs/test_properties.py",
    "proofs/test_mutation.py",
    "integration/publish/test_marts_of_loads.py",
    "integration/dbt/",
    "proofs/",
    "integration/publish/",
)


class OneAirflow(LoadScopeScheduling):
    """The tests of the shared Airflow are one piece of work, in order; so are those of any other file, which share a
    warehouse and build on what the ones before them did. Other end-to-end tests stand alone.

    Airflow waits more than it works, so its tests fill the pauses that two processors have beside the others.
    `--dist loadgroup` would do it, but xdist 3.8 cannot mark its groups under pytest 9.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        if "/e2e/" not in path:
            return path
        return "airflow" if "airflow" in path else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneAirflow(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first; of the end-to-end tests, those that kill the services come after those that want them to run."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, bool, bool]:
    path = item.path.as_posix()
    turn = next((number for number, part in enumerate(LONG) if f"tests/{part}" in path), len(LONG))
    return turn, "airflow" not in path, "/e2e/platform/" in path


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # whoever pulls from a source by its address says whose units it tells of
        os.environ["EGOV_KPI_PROVINCES"] = CALIBRATED
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


@pytest.fixture(scope="session")
def provinces() -> str:
    """Whose units the warehouses of these tests are about; a folder of tests may have others."""
    return CALIBRATED


@pytest.fixture
def warehouse(cluster: Cluster, provinces: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a fresh warehouse: migrated, seeded, nothing loaded, nothing published."""
    monkeypatch.setenv("EGOV_KPI_PROVINCES", provinces)
    with _fresh_database(cluster, cluster.seeded(provinces).database, tmp_path, monkeypatch) as settings:
        yield settings


@pytest.fixture(scope="module")
def shared_warehouse(cluster: Cluster, provinces: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The same for tests that stay out of each other's way, once for all of a file."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGOV_KPI_PROVINCES", provinces)
        with _fresh_database(cluster, cluster.seeded(provinces).database, folder, patch) as settings:
            yield settings


@pytest.fixture(scope="module")
def shared_migrated_warehouse(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The same without seeds, once for all tests of a file that change nothing."""
    folder = tmp_path_factory.mktemp("shared")
    with (
        pytest.MonkeyPatch.context() as patch,
        _fresh_database(cluster, cluster.migrated.database, folder, patch) as settings,
    ):
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
