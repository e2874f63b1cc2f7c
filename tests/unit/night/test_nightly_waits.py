"""How a night started by hand waits for Airflow: with an API that the test plays."""

from collections.abc import Callable
from typing import Any

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.night import nightly
from egov_kpi.night.progress import Progress


class FakeApi:
    """Runs that end when the test says so; a trigger of the build makes a run that has succeeded."""

    def __init__(self, states: dict[str, list[str]], builds: Callable[[int], list[dict[str, Any]]]) -> None:
        self.states, self.builds, self.asked, self.triggered = states, builds, 0, 0

    def dag_runs(self, dag_id: str, key: str) -> list[dict[str, Any]]:
        if dag_id == "~":
            return [{"dag_id": name, "dag_run_id": "mine", "state": self._next(name)} for name in self.states]
        self.asked += 1
        own = [{"dag_run_id": "by hand", "state": "success"}] if self.triggered else []
        return own + self.builds(self.asked)

    def _next(self, dag_id: str) -> str:
        states = self.states[dag_id]
        return states.pop(0) if len(states) > 1 else states[0]

    def trigger(self, dag_id: str, key: str) -> dict[str, Any]:
        self.triggered += 1
        return {"dag_run_id": "by hand"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(nightly, "GRACE_SECONDS", 0.0)


@pytest.fixture
def progress() -> Progress:
    return Progress(interactive=False)


def _wait_build(api: FakeApi, progress: Progress, seconds: float = 5.0) -> dict[str, Any]:
    return nightly._wait_build(api, progress, "2023-03-06", {"of yesterday"}, seconds)  # type: ignore[arg-type]


def test_the_build_that_the_verdicts_start_is_the_one(progress: Progress) -> None:
    runs = [{"dag_run_id": "by the assets", "state": "success"}, {"dag_run_id": "of yesterday", "state": "failed"}]
    api = FakeApi({}, lambda _: runs)
    assert _wait_build(api, progress)["dag_run_id"] == "by the assets"
    assert api.triggered == 0


def test_a_build_that_nobody_started_is_started_once(progress: Progress) -> None:
    api = FakeApi({}, lambda _: [{"dag_run_id": "of yesterday", "state": "success"}])
    assert _wait_build(api, progress)["dag_run_id"] == "by hand"
    assert api.triggered == 1


def test_a_build_that_runs_is_waited_for(progress: Progress) -> None:
    api = FakeApi({}, lambda asked: [{"dag_run_id": "1", "state": "running" if asked < 4 else "failed"}])
    assert _wait_build(api, progress)["state"] == "failed"


def test_a_build_that_never_ends_is_an_error(progress: Progress) -> None:
    api = FakeApi({}, lambda _: [{"dag_run_id": "1", "state": "running"}])
    with pytest.raises(EgovError, match="EGOV-NIGHT-006"):
        _wait_build(api, progress, seconds=0.05)


def test_an_ingest_that_hangs_holds_nothing_up_for_ever(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    import time

    api = FakeApi({"ingest_mail": ["running"], "ingest_iso": ["queued", "failed"]}, lambda _: [])
    runs = {"ingest_mail": "mine", "ingest_iso": "mine"}
    nightly._wait_ingests(api, progress, "2023-03-06", runs, time.monotonic() + 0.1)  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert "✗ ingest_iso  failed" in told and "… ingest_mail  running" in told
