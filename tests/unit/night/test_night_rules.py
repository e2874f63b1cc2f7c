"""The rules of a night that need no database: accounts, verdicts, what Airflow is told, progress."""

from collections.abc import Callable
from typing import Any

import pytest

from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night import books, ingest
from egov_kpi.night.decide import check_account
from egov_kpi.night.progress import Progress

STAGED = {"received": 12, "withheld": 2, "landed": 10, "structural": 1}
ACCOUNT = {**STAGED, "accepted": 4, "unchanged": 2, "quarantined": 2, "duplicate": 1}


def test_an_account_that_adds_up_is_the_account() -> None:
    assert check_account(1, ACCOUNT, STAGED, 2) == ACCOUNT


@pytest.mark.parametrize(
    "changes",
    [{"accepted": 5}, {"withheld": 1}, {"landed": 9}, {"duplicate": 0}, {"quarantined": 1, "accepted": 5}],
    ids=str,
)
def test_a_row_lost_or_counted_twice_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(EgovError, match="EGOV-NIGHT-005") as caught:
        check_account(1, {**ACCOUNT, **changes}, STAGED, 2)
    assert caught.value.exit_code == ExitCode.COULD_NOT_CHECK


def test_an_account_that_differs_from_staging_is_refused_even_when_it_adds_up() -> None:
    smaller = {**ACCOUNT, "received": 11, "landed": 9, "accepted": 3}
    with pytest.raises(EgovError, match="EGOV-NIGHT-005"):
        check_account(1, smaller, STAGED, 2)


PULLED = {"kind": "delivery_pulled"}


@pytest.mark.parametrize(
    ("pulled", "verdicts", "word"),
    [
        (None, [], "missing"),
        ({"kind": "delivery_empty"}, [], "empty"),
        (PULLED, ["accepted"], "accepted"),
        (PULLED, ["accepted", "quarantined"], "quarantined"),
        (PULLED, ["quarantined", "blocked", "accepted"], "blocked"),
        (PULLED, ["blocked", "pending"], "pending"),
        (PULLED, ["pending", "could_not_check"], "could_not_check"),
        ({"kind": "pull_failed", "exit_code": 1}, [], "blocked"),
        ({"kind": "pull_failed", "exit_code": 3}, [], "could_not_check"),
    ],
    ids=str,
)
def test_the_word_of_a_night_is_the_worst_of_its_loads(pulled: Any, verdicts: list[str], word: str) -> None:
    assert ingest._word(pulled, verdicts) == word


@pytest.mark.parametrize(
    ("promoted", "quarantined", "gate", "word"),
    [
        (None, 0, None, "pending"),
        (None, 0, "could_not_check", "could_not_check"),
        (False, 9, "block", "blocked"),
        (True, 0, "pass", "accepted"),
        (True, 1, "quarantine", "quarantined"),
    ],
)
def test_the_verdict_of_a_load_is_that_of_the_ledger(promoted: Any, quarantined: int, gate: Any, word: str) -> None:
    load = {"is_promoted": promoted, "gate_verdict": gate, "account": {"quarantined": quarantined}}
    assert books._verdict(load) == word


def _raising(code: str) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        raise EgovError(code, dataset="x")

    return call


@pytest.mark.parametrize(
    ("code", "is_final"),
    [("EGOV-LOAD-001", True), ("EGOV-NIGHT-003", False), ("EGOV-DB-001", False)],
    ids=["bad data", "could not check", "a twin runs"],
)
def test_airflow_tries_again_only_where_that_can_help(
    code: str, is_final: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from egov_kpi.night import tasks

    monkeypatch.setattr("egov_kpi.night.ingest.pull_and_stage", _raising(code))
    with pytest.raises(AirflowFailException if is_final else EgovError):
        tasks.pull_and_stage(["one_stop.dossiers"], "2023-03-06", "run")


def test_a_dataset_that_fails_stops_no_other_of_its_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may pass is tried again, whatever else has failed for good."""
    from airflow.sdk.exceptions import AirflowFailException

    from egov_kpi.night import tasks

    codes = {"a.bad": "EGOV-LOAD-001", "a.away": "EGOV-DB-001"}
    asked: list[str] = []

    def pull(dataset: str, *_: Any, **__: Any) -> dict[str, Any]:
        asked.append(dataset)
        if dataset in codes:
            raise EgovError(codes[dataset])
        return {"dataset": dataset}

    monkeypatch.setattr("egov_kpi.night.ingest.pull_and_stage", pull)
    with pytest.raises(EgovError, match="EGOV-DB-001"):
        tasks.pull_and_stage(["a.bad", "a.away", "a.good"], "2023-03-06", "run")
    with pytest.raises(AirflowFailException, match="EGOV-LOAD-001"):
        tasks.pull_and_stage(["a.bad", "a.good"], "2023-03-06", "run")
    assert tasks.pull_and_stage(["a.good"], "2023-03-06", "run") == [{"dataset": "a.good"}]
    assert asked == ["a.bad", "a.away", "a.good", "a.bad", "a.good", "a.good"]


@pytest.mark.parametrize(
    ("loads", "word", "told"),
    [
        ([{"load_seq": 3, "verdict": "blocked"}, {"load_seq": 4, "verdict": "accepted"}], "blocked", r"\[3\]"),
        ([], "missing", "missing"),
    ],
    ids=["blocked", "never pulled"],
)
def test_a_night_without_a_dataset_is_red_for_good(
    loads: list[dict[str, Any]], word: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from egov_kpi.night import tasks

    monkeypatch.setattr("egov_kpi.night.ingest.gate_and_promote", lambda *_, **__: {"loads": loads})
    monkeypatch.setattr("egov_kpi.night.ingest.verdict", lambda *_, **__: {"verdict": word})
    with pytest.raises(AirflowFailException, match=told):
        tasks.gate_and_promote(["one_stop.dossiers"], "2023-03-06")


def test_progress_tells_each_change_once_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(interactive=False) as progress:
        for state in ("running", "running", "done"):
            progress.step("ingest_mail", state)
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.split(" s  ")[1] for line in told.err.splitlines()] == [
        "… ingest_mail  running",
        "✓ ingest_mail  done",
    ]


def test_progress_on_a_terminal_redraws(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(interactive=True) as progress:
        progress.step("ingest_mail", "done")
    assert "ingest_mail" in capsys.readouterr().err


def test_a_late_night_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from egov_kpi.night import alerts

    noted: list[tuple[str, str]] = []
    monkeypatch.setattr(alerts, "_record", lambda step, run_id: noted.append((step, run_id)))
    asyncio.run(alerts.night_is_late(step="build_marts", context={"dag_run": {"dag_run_id": "r1"}}))
    assert noted == [("build_marts", "r1")]
