"""Calibrated nights from source to audit: only the rows that were made wrong are refused, and no figure is."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest
import uvicorn

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect
from egov_kpi.gate.marts import audit
from egov_kpi.night.ingest import gate_and_promote, pull_and_stage
from egov_kpi.publish.build import build
from egov_kpi.settings import Settings, get_settings
from egov_kpi.simulator.records import generate
from egov_kpi.simulator.server import create_app, listen

pytestmark = pytest.mark.long

NIGHTS = (date(2023, 3, 6), date(2023, 3, 7), date(2023, 3, 8))


@pytest.fixture
def night(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A warehouse whose sources are served on loopback."""
    listening = listen(0)
    server = uvicorn.Server(
        uvicorn.Config(create_app(generate("calibrated", 20230306, 400, 3), "khoa"), log_level="warning")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", "khoa")
    monkeypatch.setenv("EGOV_KPI_SOURCE_BASE_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
    get_settings.cache_clear()
    yield get_settings()
    server.should_exit = True
    thread.join(timeout=10)


def test_calibrated_nights(night: Settings) -> None:
    for day in NIGHTS:
        for dataset in all_contracts():
            pull_and_stage(dataset, day)
            gate_and_promote(dataset, day)
    with connect("superuser", night) as conn:
        verdicts = conn.execute(
            "select l.dataset, l.business_date, v.verdict, count(*) from ledger.gate_verdict as v"
            " inner join ledger.load as l using (load_seq) where v.verdict <> 'pass' group by 1, 2, 3"
        ).fetchall()
        rules = conn.execute("select rule_ids, agency_code from quarantine.one_stop__dossiers order by 1, 2").fetchall()
        decided = conn.execute("select count(*) = (select count(*) from ledger.load) from ledger.account").fetchone()
    assert verdicts == [("one_stop.dossiers", NIGHTS[0], "quarantine", 1)]
    assert rules == [
        (["GATE-DOS-011"], "823"),
        (["GATE-DOS-501"], "82999"),
        (["GATE-DOS-501"], "82999"),
        (["GATE-DOS-504"], "823"),
        (["GATE-DOS-504"], "823"),
    ]
    assert decided == (True,)

    colour = build(night, NIGHTS[-1]).colour
    audited = audit(night, colour)
    assert (audited.verdict, audited.failed) == ("pass", [])
