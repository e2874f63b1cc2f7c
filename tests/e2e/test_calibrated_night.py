"""The night of the published reports through the real scheduler: Go Cong Tay and Huyen Tung, as in `make nightly`."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pandas as pd
import pytest

from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.night.progress import Progress
from egov_kpi.settings import Settings
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.truth_units import compare_both
from proofs.harness.cluster import CALIBRATED

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NIGHT = date(2023, 3, 6)
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


def test_the_figures_are_those_published(
    installed: Callable[[Records, str], AbstractContextManager[Settings]],
    as_bi: Callable[[Settings, str], pd.DataFrame],
) -> None:
    records = generate("calibrated")
    with installed(records, CALIBRATED) as settings:
        began = time.monotonic()
        with Progress(interactive=False) as progress:
            assert run_through_airflow(NIGHT, progress, settings)["publish"]["publish_no"] == 1
        print(f"\nfrom trigger to the end, the report included: {time.monotonic() - began:.1f} s")
        values = as_bi(settings, "select * from marts.kpi_value")
    assert len(values) > 100_000
    differing = compare_both(records, pd.Timestamp(NIGHT), values)
    assert differing.empty, differing.head(20).to_string()
    _figures_are_those_published(values[(values["scope"] == "tree") & (values["unit_basis"] == "as_was")])


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
