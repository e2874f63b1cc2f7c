"""Two published nights of the calibrated profile: dossiers, paper registers, and of the stocks two."""

from collections.abc import Iterator

import pytest

from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import SEED
from proofs.harness.published import published as two_publishes
from proofs.harness.world import World


@pytest.fixture(scope="module")
def published() -> Iterator[World]:
    """Publish 1 of 6 March in one colour, publish 2 of 7 March in the other."""
    cluster = cluster_of_tests()
    with cluster.world("calibrated", SEED, origin=two_publishes(cluster)) as world:
        yield world
