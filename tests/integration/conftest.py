"""Fixtures of all integration tests."""

from collections.abc import Iterator

import pytest

from proofs.harness.cluster import cluster_of_tests
from proofs.properties.warm import kept_manifests


@pytest.fixture(scope="session", autouse=True)
def warm_dbt() -> Iterator[None]:
    """dbt reads the project once per colour and run, not once per build; e2e tests read it as a night does."""
    with kept_manifests(cluster_of_tests().projects):
        yield
