"""Nights through the real scheduler: triggered by REST, pulled over HTTP, gated, built, audited, published.

One story, because Airflow takes half a minute to start: a first night, the same night again, a night whose export is
broken, and that night once the export is mended and the scheduler has been killed in its middle.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

import pandas as pd
import pytest

from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night.build import current_publish
from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.night.progress import Progress
from egov_kpi.platform import airflow
from egov_kpi.platform.airflow_api import AirflowApi
from egov_kpi.settings import Settings
from egov_kpi.simulator.faults import Fault, FaultServer

pytestmark = pytest.mark.e2e

FIRST, SECOND = date(2023, 3, 6), date(2023, 3, 7)
# Of the published reports: unit, period, KPI, numerator, denominator.
PUBLISHED = [
    ("823", "quarter", "2023-01-01", "bcci_received", 149, 4608),
    ("823", "quarter", "2023-01-01", "bcci_returned", 1637, 4432),
    ("823", "quarter", "2023-01-01", "doc_signed_dual", 617, 623),
    ("823", "quarter", "2023-01-01", "mail_issued", 429, None),
    ("823", "quarter", "2023-01-01", "dvc_partial", 142, None),
    ("823", "quarter", "2023-01-01", "dvc_partial_active", 31, 142),
    ("823", "quarter", "2023-01-01", "dvc_full", 151, None),
    ("823", "quarter", "2023-01-01", "dvc_full_active", 15, 151),
    ("01846", "year", "2022-01-01", "online_dossier", 9, 764),
    ("01846", "year", "2022-01-01", "bcci_received", 13, 764),
    ("01846", "year", "2022-01-01", "dossier_in_software", 244, 764),
    ("01846", "year", "2022-01-01", "doc_signed_exchanged", 558, None),
]


@pytest.fixture
def running(installation: Settings) -> Iterator[Settings]:
    """Airflow beside the warehouse, stopped at the end whatever happened."""
    try:
        airflow.up(installation, quiet=True)
        yield installation
    finally:
        airflow.down(installation)


def test_nights_through_airflow(
    running: Settings,
    source: FaultServer,
    marts_are_right: Callable[[Settings, date], None],
    as_bi: Callable[[Settings, str], pd.DataFrame],
) -> None:
    began = time.monotonic()
    first = _night(running, FIRST)
    print(f"\nfrom trigger to publish: {time.monotonic() - began:.1f} s")
    assert first["publish_no"] == 1
    marts_are_right(running, FIRST)
    _figures_are_those_published(as_bi(running, "select * from marts.kpi_value where scope = 'tree'"))
    _only_that_night_ran(running, {FIRST.isoformat(): 1})

    assert _night(running, FIRST) == first

    # A broken export of critical data: the night fails at once, the last publish stays in place.
    source.add(Fault("empty_body", path="/one-stop/", times=99))
    with pytest.raises(EgovError) as caught:
        _night(running, SECOND)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-NIGHT-001", ExitCode.BAD_DATA)
    assert current_publish(running) == first

    # Mended; and the scheduler dies in the middle of it.
    source.clear()
    killer = threading.Timer(8.0, _kill_scheduler, [running])
    killer.start()
    second = _night(running, SECOND)
    killer.join()
    assert second["publish_no"] == 2
    marts_are_right(running, SECOND)
    history = as_bi(running, "select * from marts.kpi_value_history where publish_no = 1 and scope = 'tree'")
    _figures_are_those_published(history)


def _night(settings: Settings, day: date) -> dict[str, object]:
    with Progress(interactive=False) as progress:
        publish: dict[str, object] = run_through_airflow(day, progress, settings)["publish"]
    return publish


def _figures_are_those_published(values: pd.DataFrame) -> None:
    for agency, grain, start, kpi, numerator, denominator in PUBLISHED:
        cell = values[
            (values["agency_code"] == agency)
            & (values["period_grain"] == grain)
            & (values["period_start"] == date.fromisoformat(start))
            & (values["kpi_code"] == kpi)
        ]
        assert len(cell) == 1, (agency, kpi)
        assert cell["numerator"].iloc[0] == numerator, (agency, kpi)
        if denominator is not None:
            assert cell["denominator"].iloc[0] == denominator, (agency, kpi)
        if (agency, kpi) == ("01846", "online_dossier"):
            # The report printed 8.48.
            assert round(float(cell["value"].iloc[0]), 2) == 1.18


def _only_that_night_ran(settings: Settings, runs_per_key: dict[str, int]) -> None:
    """Unpaused schedules must not pull in the last night of the calendar beside a night of 2023."""
    with AirflowApi.of(settings) as api:
        for dag in api.dags():
            keys = [str(run["partition_key"]) for run in api.dag_runs(dag["dag_id"])]
            expected = {} if dag["dag_id"] == "build_marts_by_0430" else runs_per_key
            assert {key: keys.count(key) for key in keys} == expected, dag["dag_id"]


def _kill_scheduler(settings: Settings) -> None:
    os.kill(airflow.component_processes(settings)["scheduler"].pid, signal.SIGKILL)
