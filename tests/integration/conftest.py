"""Fixtures of all integration tests."""

from collections.abc import Iterator

import pytest

from egov_kpi.settings import Settings
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.few import keep_units, units_of_reports
from proofs.properties.warm import kept_manifests


@pytest.fixture(scope="session", autouse=True)
def warm_dbt() -> Iterator[None]:
    """dbt reads the project once per colour and run, not once per build; e2e tests read it as a night does."""
    with kept_manifests(cluster_of_tests().projects):
        yield


@pytest.fixture
def few_units(warehouse: Settings) -> None:
    """The warehouse knows the units of the published reports alone: others have their zeros in every table of figures,
    and most of a small build's time goes into those."""
    keep_units(warehouse, units_of_reports())
