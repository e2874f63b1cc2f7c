"""A world with two publishes, made once per cluster: 6 and 7 March of the calibrated profile, one in each colour.

Dossiers, paper registers and two of the stocks; the audit has tests of its own. Whoever works in it works in a clone.
"""

import secrets
from datetime import date

from egov_kpi.gate.result import GateResult
from egov_kpi.settings import Settings
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import generate
from egov_kpi.simulator.server import create_app
from proofs.harness.cluster import CALIBRATED, PUBLISHED, Cluster, Saved
from proofs.harness.environment import environment

SEED = 20230306
NIGHTS = {
    date(2023, 3, 6): ("one_stop.dossiers", "forms.paper_register", "portal.procedures", "iso.certificates"),
    date(2023, 3, 7): ("one_stop.dossiers",),
}


def published(cluster: Cluster) -> Saved:
    """The world at rest; `cluster.world("calibrated", SEED, origin=published(cluster))` opens a copy."""
    return cluster.template(
        PUBLISHED, _publish_nights, cluster.seeded(), cluster.root / "published", PROVINCES=CALIBRATED
    )


def _publish_nights(settings: Settings) -> None:
    key = secrets.token_hex(16)
    with FaultServer(create_app(generate("calibrated", SEED), key)) as source:
        place = (settings.database_url, settings.local_dir)
        with environment(*place, SOURCE_BASE_URL=source.url, SOURCE_TOKEN=key) as pointed:
            for night, datasets in NIGHTS.items():
                publish_night(pointed, night, datasets)


def publish_night(settings: Settings, night: date, datasets: tuple[str, ...]) -> None:
    """One night of these datasets, gated, built and published without an audit."""
    from egov_kpi.night import ingest
    from egov_kpi.publish import publish as publishing
    from egov_kpi.publish.build import build

    for dataset in datasets:
        ingest.pull_and_stage(dataset, night, run_id=f"manual__{night}", settings=settings)
        ingest.gate_and_promote(dataset, night, settings=settings)
    build(settings, night, run_id=f"manual__{night}")
    audit = publishing._audit_result
    publishing._audit_result = lambda *_: GateResult("pass", {})
    try:
        publishing.publish(settings, night, run_id=f"manual__{night}")
    finally:
        publishing._audit_result = audit
