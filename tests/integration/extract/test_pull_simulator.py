"""Every dataset pulled from the simulator over HTTP, as a night does."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import uvicorn

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.extract import pull
from egov_kpi.extract.http import Policy
from egov_kpi.landing import Delivery
from egov_kpi.settings import Settings
from egov_kpi.simulator.records import generate
from egov_kpi.simulator.server import create_app, listen

FIRST, SECOND = date(2023, 3, 6), date(2023, 3, 7)
SNAPSHOTS = {
    "directory.headcount",
    "forms.one_stop_units",
    "forms.par_scorecards",
    "ioffice.accounts",
    "forms.survey_results",
    "iso.certificates",
    "mail.accounts",
    "network.devices",
    "portal.fees",
    "portal.procedures",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = create_app(generate("calibrated", 20230306, 400, 3), "khoa")
    listening = listen(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def settings(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", "khoa")
    return Settings(local_dir=tmp_path, source_base_url=address)


def _night(settings: Settings, dataset: str, day: date, start: date | None) -> list[Delivery]:
    return pull(get_contract(dataset), day, start, settings, Policy(tries=1))


@pytest.mark.parametrize("dataset", sorted(all_contracts()))
def test_first_night_lands_the_backlog_with_declared_rows(settings: Settings, dataset: str) -> None:
    deliveries = _night(settings, dataset, FIRST, None)
    assert deliveries
    assert all(delivery.rows_declared for delivery in deliveries)
    assert all((delivery.snapshot_date is not None) == (dataset in SNAPSHOTS) for delivery in deliveries)
    assert all(path.exists() for delivery in deliveries for path in [file.path for file in delivery.files])


def test_the_same_question_gives_the_same_deliveries(settings: Settings) -> None:
    for dataset in all_contracts():
        first = [delivery.content_digest for delivery in _night(settings, dataset, FIRST, None)]
        again = [delivery.content_digest for delivery in _night(settings, dataset, FIRST, None)]
        assert first == again
        assert len(set(first)) == len(first)


def test_second_night_brings_the_delta(settings: Settings) -> None:
    backlog = _night(settings, "one_stop.dossiers", FIRST, None)[0]
    delta = _night(settings, "one_stop.dossiers", SECOND, FIRST)[0]
    assert backlog.rows_declared is not None and delta.rows_declared is not None
    assert 0 < delta.rows_declared < backlog.rows_declared / 5


def test_snapshot_of_the_window_start_is_known_already(settings: Settings) -> None:
    """The window is inclusive: what it brings again is the same content, so the same delivery."""
    first = _night(settings, "mail.accounts", FIRST, None)
    second = _night(settings, "mail.accounts", SECOND, FIRST)
    assert {delivery.content_digest for delivery in second} <= {delivery.content_digest for delivery in first}


@pytest.mark.parametrize("dataset", ["ioffice.outgoing_documents", "ioffice.incoming_documents"])
def test_secret_documents_leak_from_the_source_and_end_here(settings: Settings, dataset: str) -> None:
    delivery = _night(settings, dataset, FIRST, None)[0]
    assert delivery.rows_withheld > 0
    marker = get_contract(dataset).secret_column
    assert marker is not None
    for file in delivery.files:
        for item in json.loads(file.path.read_bytes())["items"]:
            assert not marker.is_secret(item["DoMat"])
