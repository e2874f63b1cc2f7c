"""A blocked load and the person who is asked about it: when, with what words, and what becomes of the answer."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.night import question
from egov_kpi.night.ingest import load_files
from egov_kpi.quarantine import decision
from egov_kpi.settings import Settings

NIGHT = date(2023, 3, 6)
PERSON = {"id": "egov-admin", "name": "egov-admin"}


@pytest.fixture
def blocked(migrated_warehouse: Settings, tmp_path: Path) -> int:
    """Number of a load whose file lacks every column of its contract."""
    path = tmp_path / "export.csv"
    path.write_text("a,b\r\n1,2\r\n", encoding="utf-8")
    load_files("one_stop.dossiers", [path], business_date=NIGHT)
    return 1


def test_a_blocked_load_is_asked_about_until_it_is_decided(blocked: int) -> None:
    conf = {"dataset": "one_stop.dossiers", "load_seq": blocked}
    assert question.questions([blocked], NIGHT) == [{"trigger_run_id": "load_1", "conf": conf}]

    text = question.ask(blocked, "load_1")
    assert question.ask(blocked, "load_1") == text
    assert "one_stop.dossiers" in text and "EGOV-" in text and all(choice in text for choice in decision.CHOICES)
    # Nobody has answered: the same run, which Airflow has already.
    assert question.questions([blocked], NIGHT)[0]["trigger_run_id"] == "load_1"

    told = question.answer(blocked, _given("wait", PERSON))
    assert (told["choice"], told["by"]) == ("wait", "airflow:egov-admin")
    assert question.questions([blocked], NIGHT)[0]["trigger_run_id"] == "load_1_2023-03-06"

    told = question.answer(blocked, _given("reject", PERSON))
    assert told["choice"] == "reject"
    assert question.questions([blocked], NIGHT) == []


def test_nobody_answers(blocked: int) -> None:
    told = question.answer(blocked, _given("reject", None))
    assert (told["choice"], told["by"]) == ("reject", question.TIMED_OUT)


def test_what_was_decided_on_the_command_line_stands_when_nobody_answers_in_airflow(blocked: int) -> None:
    decision.record(blocked, "wait", "cli:somebody")
    assert question.answer(blocked, _given("reject", None)) == {"load_seq": blocked, "choice": "wait", "kept": True}
    assert [told["by"] for told in decision.decisions(blocked)] == ["cli:somebody"]


def test_a_waiver_without_a_rule_is_refused_and_nothing_is_decided(blocked: int) -> None:
    with pytest.raises(EgovError, match="EGOV-QUAR-"):
        question.answer(blocked, _given("propose-waiver", PERSON, rule=None, reason="", expires_on=None))
    assert decision.decisions(blocked) == []


def _given(choice: str, user: dict[str, str] | None, **params: Any) -> dict[str, Any]:
    """What Airflow's operator hands on."""
    return {"chosen_options": [choice], "params_input": params, "responded_by_user": user}
