"""What the end-to-end tests share: simulated sources that may misbehave, the oracle that knows what is right, and one
installation with Airflow.

Airflow takes half a minute to start, so it is started once and all tests use it, each with business dates of its own.
It has a Postgres of its own, which a test may kill; tests without Airflow use the run's server like all others.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd
import psycopg
import pytest

from egov_kpi.db.connect import role_url
from egov_kpi.night.nightly import run_in_process
from egov_kpi.night.progress import Progress
from egov_kpi.platform import airflow, postgres
from egov_kpi.platform.secrets import write_private
from egov_kpi.settings import Settings, get_settings
from egov_kpi.simulator import faults
from egov_kpi.simulator.faults import Answer, Fault, FaultServer
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.server import create_app
from egov_kpi.simulator.truth_units import differences, expected_both
from proofs.harness.cluster import PROVINCE, cluster_of_tests
from proofs.harness.few import few_records, keep_units, units_of_a_province
from proofs.properties.warm import kept_manifests

# It must not be found anywhere but in the environment of those who ask the sources.
KEY = "canary-key-of-the-end-to-end-tests"
PROBES = Path(__file__).with_name("probes")
LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"
# Deaths are noticed sooner than in an installation for use, whose machine may be busy with other work.
QUICK = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
    # Titles of processes are written over their environment unless it is kept for those who look into it.
    "SPT_NOENV": "1",
}

FIRST = date(2023, 3, 6)

Check = Callable[[Settings, date], None]
Installed = Callable[[Records, str], AbstractContextManager[Settings]]


class Digests:
    """Digests by night, in a file of the test run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __contains__(self, night: date) -> bool:
        return night.isoformat() in self._kept()

    def __getitem__(self, night: date) -> str:
        return self._kept()[night.isoformat()]

    def __setitem__(self, night: date, digest: str) -> None:
        write_private(self._path, json.dumps({**self._kept(), night.isoformat(): digest}))

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text(encoding="utf-8"))) if self._path.exists() else {}


@pytest.fixture(scope="session")
def provinces() -> str:
    return PROVINCE


@pytest.fixture(scope="session")
def records() -> Records:
    """Few units, so that tests of many nights take minutes; test_calibrated_night.py has those of reports."""
    return few_records()


@pytest.fixture(scope="session")
def running_source(records: Records) -> Iterator[FaultServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(faults.KINDS, "renamed_column", _renamed_column)
        with FaultServer(create_app(records, KEY)) as server:
            yield server


@pytest.fixture
def source(running_source: FaultServer) -> Iterator[FaultServer]:
    """The simulated source systems, behaving until a test adds a fault."""
    running_source.clear()
    yield running_source
    running_source.clear()


@pytest.fixture
def installation(warehouse: Settings, source: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A fresh warehouse without Airflow, whose sources are the simulator."""
    keep_units(warehouse, units_of_a_province())
    monkeypatch.setenv("EGOV_KPI_SOURCE_BASE_URL", source.url)
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", KEY)
    get_settings.cache_clear()
    return get_settings()


@pytest.fixture(scope="session")
def airflow_installation(running_source: FaultServer, provinces: str) -> Iterator[Settings]:
    """The installation that the tests of nights through Airflow share."""
    with _installed(running_source.url, provinces, units_of_a_province()) as settings:
        yield settings


@pytest.fixture
def installed() -> Installed:
    """An installation of a test's own, up, whose sources tell of other records; this process is pointed at it."""

    @contextmanager
    def made(records: Records, provinces: str) -> Iterator[Settings]:
        with (
            FaultServer(create_app(records, KEY)) as source,
            _installed(source.url, provinces) as settings,
            pytest.MonkeyPatch.context() as patch,
        ):
            _point_at(patch, settings)
            yield settings
        get_settings.cache_clear()

    return made


@contextmanager
def _installed(source_url: str, provinces: str, units: list[str] | None = None) -> Iterator[Settings]:
    """A whole installation as `make up` makes it, with its own embedded server; gone at the end whatever happened.

    `units` are those that the warehouse knows, when not all of the provinces.
    """
    root = Path(mkdtemp(prefix="egov-kpi-e2e-"))
    root.chmod(0o755)
    settings = Settings(
        local_dir=root / ".local",
        database_url="",
        airflow_port=0,
        source_base_url=source_url,
        provinces=provinces,
        night_timeout_seconds=600,
        service_silence=timedelta(seconds=40),
    )
    _write_installation_file(settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            _point_at(patch, settings)
            _start(settings)
            if units:
                keep_units(settings, units)
        yield settings
    finally:
        airflow.down(settings)
        postgres.remove(settings)
        shutil.rmtree(root)


@pytest.fixture
def running(airflow_installation: Settings, source: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The installation with Airflow, up, and this process pointed at it."""
    _point_at(monkeypatch, airflow_installation)
    airflow.up(airflow_installation, quiet=True)
    yield airflow_installation
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def expected(records: Records) -> Callable[[date], dict[str, pd.DataFrame]]:
    """What the oracle says of a day, which it works out once."""
    return cache(lambda day: expected_both(records, pd.Timestamp(day)))


@pytest.fixture(scope="session")
def marts_are_right(expected: Callable[[date], dict[str, pd.DataFrame]]) -> Check:
    """Compare every cell of marts.kpi_value with a calculation from the simulator's own records."""

    def check(settings: Settings, as_of: date) -> None:
        actual = _as_bi(settings, "select * from marts.kpi_value")
        differing = differences(expected(as_of), actual)
        assert len(actual) > 5_000
        assert differing.empty, differing.head(20).to_string()

    return check


@pytest.fixture
def digests() -> Digests:
    """Mart digests of nights in which nothing died, kept for the tests that kill, whichever process runs them."""
    return Digests(Path(os.environ["EGOV_TEST_ROOT"]) / "undisturbed.json")


@pytest.fixture
def undisturbed(
    request: pytest.FixtureRequest, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> Callable[[date], str]:
    """The mart digest of such a night: of a test that ran before, or of the nights run once more in this process."""

    def digest(day: date) -> str:
        if day not in digests:
            before = get_settings()
            settings = request.getfixturevalue("installation")
            # what dbt reads of the project is the same in every test
            with Progress(interactive=False) as progress, kept_manifests(cluster_of_tests().projects):
                for night in pd.date_range(FIRST, day).date:
                    digests[night] = run_in_process(night, progress, settings)["publish"]["mart_digest"]
            _point_at(monkeypatch, before)
        return digests[day]

    return digest


@pytest.fixture(scope="session")
def source_key() -> str:
    return KEY


@pytest.fixture(scope="session")
def as_bi() -> Callable[[Settings, str], pd.DataFrame]:
    """A query as the BI role asks it."""
    return _as_bi


def _as_bi(settings: Settings, query: str) -> pd.DataFrame:
    with psycopg.connect(role_url("bi", settings)) as conn:
        cursor: psycopg.Cursor[Any] = conn.execute(query.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])


def _point_at(patch: pytest.MonkeyPatch, settings: Settings) -> None:
    for name, value in airflow.settings_environment(settings).items():
        patch.setenv(name, value)
    patch.setenv(airflow.SOURCE_KEY_VARIABLE, KEY)
    get_settings.cache_clear()


def _start(settings: Settings) -> None:
    """The warehouse is made while Airflow starts: both wait for one processor each."""
    from egov_kpi.db.migrate import migrate
    from egov_kpi.publish.dbt import seed

    postgres.ensure_running(settings)
    with ThreadPoolExecutor(1) as beside:
        started = beside.submit(airflow.up, settings, quiet=True)
        migrate(settings)
        seed(settings)
        started.result()


def _write_installation_file(settings: Settings) -> None:
    bundles = [
        {"name": "dags-folder", "classpath": LOCAL_BUNDLE, "kwargs": {}},
        {"name": "probes", "classpath": LOCAL_BUNDLE, "kwargs": {"path": str(PROBES)}},
    ]
    variables = {**QUICK, "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}
    lines = "".join(f"{name}={value}{os.linesep}" for name, value in variables.items())
    settings.local_dir.mkdir()
    airflow.installation_file(settings).write_text(lines, encoding="utf-8")


def _renamed_column(answer: Answer, fault: Fault) -> None:
    """A CSV export whose first column has a name that no contract knows."""
    header, end, rows = answer.body.partition(b"\r\n")
    _, comma, others = header.partition(b",")
    answer.body = b"unheard_of" + comma + others + end + rows
