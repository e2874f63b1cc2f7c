"""What the end-to-end tests share: simulated sources that may misbehave, and the oracle that knows what is right."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pandas as pd
import psycopg
import pytest

from egov_kpi.db.connect import role_url
from egov_kpi.settings import Settings, get_settings
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.server import create_app
from egov_kpi.simulator.truth import COLUMNS, compare, expected_kpis

KEY = "key-of-the-end-to-end-tests"

Check = Callable[[Settings, date], None]


@pytest.fixture(scope="session")
def records() -> Records:
    return generate("calibrated")


@pytest.fixture
def source(records: Records) -> Iterator[FaultServer]:
    with FaultServer(create_app(records, KEY)) as server:
        yield server


@pytest.fixture
def installation(warehouse: Settings, source: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A fresh warehouse whose sources are the simulator of this test."""
    monkeypatch.setenv("EGOV_KPI_SOURCE_BASE_URL", source.url)
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", KEY)
    monkeypatch.setenv("EGOV_KPI_NIGHT_TIMEOUT_SECONDS", "600")
    get_settings.cache_clear()
    return get_settings()


@pytest.fixture
def marts_are_right(records: Records) -> Check:
    """Compare every cell of marts.kpi_value with a calculation from the simulator's own records."""

    def check(settings: Settings, as_of: date) -> None:
        actual = _as_bi(settings, "select * from marts.kpi_value")[COLUMNS]
        differing = compare(expected_kpis(records, pd.Timestamp(as_of)), actual)
        assert len(actual) > 100_000
        assert differing.empty, differing.head(20).to_string()

    return check


@pytest.fixture
def as_bi() -> Callable[[Settings, str], pd.DataFrame]:
    """A query as the BI role asks it."""
    return _as_bi


def _as_bi(settings: Settings, query: str) -> pd.DataFrame:
    with psycopg.connect(role_url("bi", settings)) as conn:
        cursor: psycopg.Cursor[Any] = conn.execute(query.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])
