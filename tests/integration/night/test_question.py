"""A blocked load and the person who is asked about it: when, with what words, and what becomes of the answer."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.night import question
from egov_kpi.night.choices import GRACE
from egov_kpi.night.ingest import load_files
from egov_kpi.quarantine import decision
from egov_kpi.settings import Settings, get_settings
from proofs.faults.golden import changed, csv_file, dossiers, table

NIGHT, NEXT_NIGHT, THIRD_NIGHT = (date(2023, 3, day) for day in (6, 7, 8))
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
    assert _questions(blocked) == [{"trigger_run_id": "load_1", "conf": conf}]

    text = question.ask(blocked, "load_1")
    assert question.ask(blocked, "load_1") == text
    assert "one_stop.dossiers" in text and "EGOV-" in text and all(choice in text for choice in decision.CHOICES)
    # Nobody has answered: the same run, which Airflow has already.
    assert _questions(blocked)[0]["trigger_run_id"] == "load_1"

    told = question.answer(blocked, _given("wait", PERSON), "load_1")
    assert (told["choice"], told["by"]) == ("wait", "airflow:egov-admin")
    assert _questions(blocked)[0]["trigger_run_id"] == "load_1_2023-03-06"

    told = question.answer(blocked, _given("reject", PERSON), "load_1_2023-03-06")
    assert told["choice"] == "reject"
    assert _questions(blocked) == []


def test_nobody_answers(blocked: int) -> None:
    told = question.answer(blocked, _given("reject", None), "load_1")
    assert (told["choice"], told["by"]) == ("reject", question.TIMED_OUT)


def test_what_was_decided_on_the_command_line_stands_when_nobody_answers_in_airflow(blocked: int) -> None:
    question.ask(blocked, "load_1")
    decision.record(blocked, "wait", "cli:somebody")
    kept = question.answer(blocked, _given("reject", None), "load_1")
    assert kept == {"load_seq": blocked, "choice": "wait", "kept": True}
    assert [told["by"] for told in decision.decisions(blocked)] == ["cli:somebody"]


@pytest.mark.parametrize("rule", [None, "GATE-DOS-999"])
def test_a_waiver_that_cannot_be_proposed_is_noted_and_asked_anew(blocked: int, rule: str | None) -> None:
    """Twice, by the same person: a question that was answered must not keep the next one from being put."""
    for night, run_id in ((NIGHT, "load_1"), (NEXT_NIGHT, "load_1_2023-03-07")):
        assert _questions(blocked, night)[0]["trigger_run_id"] == run_id
        question.ask(blocked, run_id)
        with pytest.raises(EgovError, match="EGOV-QUAR-"):
            question.answer(blocked, _proposal(rule), run_id)
    assert _questions(blocked, THIRD_NIGHT)[0]["trigger_run_id"] == "load_1_2023-03-08"
    told = decision.decisions(blocked)
    assert [(one["choice"], one["by"]) for one in told] == [("wait", "airflow:egov-admin")] * 2
    assert all("propose-waiver: EGOV-QUAR-" in one["reason"] for one in told)


def test_an_older_answer_does_not_answer_the_next_question(blocked: int) -> None:
    """Put off the night before, asked again, and nobody answers: rejected like any other."""
    question.ask(blocked, "load_1")
    question.answer(blocked, _given("wait", PERSON), "load_1")
    question.ask(blocked, "load_1_2023-03-07")
    told = question.answer(blocked, _given("reject", None), "load_1_2023-03-07")
    assert (told["choice"], told["by"]) == ("reject", question.TIMED_OUT)


def test_a_question_that_broke_off_is_put_again(blocked: int) -> None:
    """Its run is over without an answer; as long as it may live, the question counts as open."""
    question.ask(blocked, "load_1")
    assert _questions(blocked, NEXT_NIGHT)[0]["trigger_run_id"] == "load_1"
    impatient = get_settings().model_copy(update={"decision_timeout": -GRACE})
    assert question.questions("one_stop.dossiers", [blocked], NEXT_NIGHT, impatient)[0]["trigger_run_id"] == (
        "load_1_2023-03-07"
    )


def test_a_load_that_was_put_off_is_asked_about_in_a_night_that_does_not_name_it(
    warehouse: Settings, tmp_path: Path
) -> None:
    """The source's next export has other content, another load: the rows of the first one are still open."""
    rows = [changed(row, received="31/02/2023 08:00") for row in dossiers(40)]
    path = csv_file(tmp_path / "export.csv", table(rows))
    load = load_files("one_stop.dossiers", [path], business_date=NIGHT)[0]
    assert load["verdict"] == "blocked"
    assert question.questions("one_stop.dossiers", [], NEXT_NIGHT) == []
    question.ask(load["load_seq"], "load_1")
    question.answer(load["load_seq"], _given("wait", PERSON), "load_1")
    (asked,) = question.questions("one_stop.dossiers", [], NEXT_NIGHT)
    assert asked["trigger_run_id"] == "load_1_2023-03-07"
    assert question.questions("mail.accounts", [], NEXT_NIGHT) == []
    question.answer(load["load_seq"], _given("reject", PERSON), "load_1_2023-03-07")
    assert question.questions("one_stop.dossiers", [], NEXT_NIGHT) == []


def _questions(load_seq: int, night: date = NIGHT) -> list[dict[str, Any]]:
    return question.questions("one_stop.dossiers", [load_seq], night)


def _proposal(rule: str | None) -> dict[str, Any]:
    return _given("propose-waiver", PERSON, rule=rule, reason="thử", expires_on="2023-03-20", agency=None)


def _given(choice: str, user: dict[str, str] | None, **params: Any) -> dict[str, Any]:
    """What Airflow's operator hands on."""
    return {"chosen_options": [choice], "params_input": params, "responded_by_user": user}
