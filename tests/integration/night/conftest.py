"""A simulator in a thread that nights of this folder pull from, with faults on demand."""

from collections.abc import Iterator

import pytest

from egov_kpi.settings import Settings, get_settings
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.server import create_app

KEY = "key-of-the-night-tests"


@pytest.fixture(scope="session")
def records() -> Records:
    return generate("calibrated")


@pytest.fixture(scope="session")
def running(records: Records) -> Iterator[FaultServer]:
    with FaultServer(create_app(records, KEY)) as server:
        yield server


@pytest.fixture
def source(running: FaultServer) -> FaultServer:
    """The simulated source systems, behaving."""
    running.clear()
    return running


@pytest.fixture
def night_warehouse(warehouse: Settings, source: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A fresh warehouse that pulls from the simulator."""
    monkeypatch.setenv("EGOV_KPI_SOURCE_BASE_URL", source.url)
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", KEY)
    get_settings.cache_clear()
    return get_settings()
