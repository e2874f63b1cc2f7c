"""`egov-kpi deadline`: what it prints, and the exit code of everything it refuses."""

import json
import re

import pytest

from egov_kpi.cli import main
from egov_kpi.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "reference" / "deadlines.md"


def test_due_date_first_then_the_reasons_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["deadline", "2023-01-18 15:30", "3", "working_day"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "2023-01-30"
    assert "Giao thừa Tết Nguyên Đán" in told and "eve of the lunar new year" in told


def test_pauses_repeat(capsys: pytest.CaptureFixture[str]) -> None:
    pauses = ["--pause", "2023-03-03", "2023-03-07", "--pause", "2023-03-09/2023-03-10"]
    assert main.run(["deadline", "2023-03-01", "10", "working_day", *pauses, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["due"], told["without_pauses"]) == ("2023-03-20", "2023-03-15")
    assert {"kind", "vi", "en"} <= set(told["steps"][0])


def test_by_hour(capsys: pytest.CaptureFixture[str]) -> None:
    hours = ["--hours", "07:00-11:00,13:00-17:00"]
    assert (
        main.run(["deadline", "2023-03-01T12:00", "5", "giờ làm việc", "--convention", "hour", *hours, "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["due_at"] == "2023-03-02 08:00"


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["2023-01-03", "0", "working_day"], "EGOV-CAL-001", 2),
        (["2023-01-03", "-5", "working_day"], "EGOV-CAL-001", 2),
        (["2023-01-03", "4,5", "working_day"], "EGOV-CAL-001", 2),
        (["2023-01-03", "1e3", "working_day"], "EGOV-CAL-001", 2),
        (["2027-12-30", "9", "working_day"], "EGOV-CAL-002", 3),
        (["2020-01-03", "9", "working_day"], "EGOV-CAL-003", 3),
        (["2023-01-03", "9", "week"], "EGOV-CAL-004", 2),
        (["03/01/2023", "9", "working_day"], "EGOV-CAL-006", 2),
        (["2023-01-03", "9", "working_hour"], "EGOV-CAL-007", 2),
        (["2023-01-03", "9", "working_day", "--pause", "2023-01-06", "2023-01-05"], "EGOV-CAL-008", 2),
        (["2023-01-03", "9", "working_day", "--convention", "noon"], "EGOV-CAL-015", 2),
        (["2023-01-03 09:00", "9", "working_hour", "--hours", "9-17"], "EGOV-CAL-011", 2),
    ],
)
def test_refusals(arguments: list[str], code: str, exit_code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["deadline", *arguments, "--json"]) == exit_code
    told = capsys.readouterr()
    assert told.out == ""
    assert json.loads(told.err)["code"] == code


@pytest.mark.parametrize(
    "arguments",
    [["2023-01-03", "5"], ["2023-01-03", "5", "working_day", "--pause", "2023-01-06"],
     ["2023-01-03", "5", "working_day", "--pauze", "a", "b"]],
)  # fmt: skip
def test_wrong_usage(arguments: list[str]) -> None:
    assert main.run(["deadline", *arguments]) == 2


def test_the_examples_of_the_page_are_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(
        r"^```console\n\$ egov-kpi (deadline .*?)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M
    )
    assert len(blocks) >= 4
    for command, shown in blocks:
        import shlex

        assert main.run(shlex.split(command)) == 0
        assert capsys.readouterr().out == shown, command
