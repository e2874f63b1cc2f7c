"""Nights of the data cases: several in a row, the last of them far too small."""

from datetime import date
from unittest.mock import patch

from egov_kpi.errors import EgovError
from egov_kpi.night import ingest
from egov_kpi.night.build import build_and_publish
from egov_kpi.publish.dbt import seed
from egov_kpi.publish.revoke import revoke
from egov_kpi.simulator import exports
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import generate
from egov_kpi.simulator.server import create_app
from proofs.faults.book import Seen, demand
from proofs.faults.rig import DOSSIERS, Rig, superuser, variables
from proofs.harness.cluster import EVERY

# The calibrated sources fall silent after 8 March: these nights are a province's.
USUAL = (date(2023, 3, 20), date(2023, 3, 21), date(2023, 3, 22), date(2023, 3, 23))
SMALL = date(2023, 3, 24)
KEY = "key-of-the-small-night"


def small_night(rig: Rig) -> Seen:
    """R: the source itself exports a fifth of a night, complete by its own count."""
    before = rig.publish_no()
    _forget_other_sources(rig)
    records = generate("province", 1, dossiers_per_night=100, history_months=1)
    with (
        FaultServer(create_app(records, KEY)) as province,
        variables(SOURCE_BASE_URL=province.url, SOURCE_TOKEN=KEY, PROVINCES=EVERY),
    ):
        seed()
        for day in USUAL:
            ingest.pull_and_stage(DOSSIERS, day)
            verdicts = [load["verdict"] for load in ingest.gate_and_promote(DOSSIERS, day)["loads"]]
            demand(verdicts == ["accepted"], f"the usual night of {day} is {verdicts}")
        rows = rig.raw_rows()
        whole = exports.dossiers
        with patch.object(exports, "dossiers", lambda records, window: whole(records, window).iloc[::5]):
            ingest.pull_and_stage(DOSSIERS, SMALL)
        load = ingest.gate_and_promote(DOSSIERS, SMALL)["loads"][0]
    fired = [rule["rule_id"] for rule in load["rules"] if not rule["success"] and rule["action"] == "block"]
    # rows of the day that was exported the night before are gone as well, and other rules say so
    demand(load["verdict"] == "blocked" and "GATE-DOS-512" in fired, f"{load['verdict']} {fired}")
    demand(rig.raw_rows() == rows, "rows of the small night came in")
    try:
        build_and_publish(SMALL)
    except EgovError as error:
        demand((error.code, rig.publish_no()) == ("EGOV-NIGHT-001", before), error.code)
        return Seen("R", f"blocked by {' '.join(fired)}, {error.code}, publish {before} stays")
    return Seen("!", "the night was published")


def _forget_other_sources(rig: Rig) -> None:
    """Take the calibrated windows out: of their last day the province's export rightly knows nothing."""
    query = "select load_seq from ledger.promoted_load where dataset = %s and window_to is not null"
    with superuser(rig) as conn:
        loads = [int(row[0]) for row in conn.execute(query, (DOSSIERS,))]
    for load_seq in loads:
        revoke(load_seq, "another source's nights follow", rig.world.settings)
