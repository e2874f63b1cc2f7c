"""Two published nights of the calibrated profile: dossiers, paper registers, and of the stocks two."""

from collections.abc import Iterator
from datetime import date

import pytest

from egov_kpi.gate.result import GateResult
from egov_kpi.night import ingest
from egov_kpi.publish import publish as publishing
from egov_kpi.publish.build import build
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.world import World

NIGHTS = {
    date(2023, 3, 6): ("one_stop.dossiers", "forms.paper_register", "portal.procedures", "iso.certificates"),
    date(2023, 3, 7): ("one_stop.dossiers",),
}


@pytest.fixture(scope="package")
def published() -> Iterator[World]:
    """Publish 1 of 6 March in one colour, publish 2 of 7 March in the other; the audit has tests of its own."""
    passed = GateResult("pass", {})
    with cluster_of_tests().world("calibrated", 20230306) as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_audit_result", lambda *_: passed)
        for night, datasets in NIGHTS.items():
            for dataset in datasets:
                ingest.pull_and_stage(dataset, night, run_id=f"manual__{night}", settings=world.settings)
                ingest.gate_and_promote(dataset, night, settings=world.settings)
            build(world.settings, night)
            publishing.publish(world.settings, night)
        yield world
