"""The surface of `egov-kpi`: exit codes, languages, and what goes to stdout and to stderr."""

import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
import typer

from egov_kpi.cli import main, output
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.platform import doctor
from egov_kpi.settings import PROJECT_ROOT

COMMANDS = {
    "nightly", "status", "load", "pull", "gate", "revoke", "build", "publish", "rollback", "doctor", "up", "down",
    "db", "ledger", "simulate", "quarantine", "waiver", "decision", "claims", "backup", "restore",
    "evidence", "deadline", "trace", "restatements", "report", "purge", "reproduce", "open-row",
}  # fmt: skip


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    told = capsys.readouterr().out
    assert {line.split()[0] for line in told.split("Commands:")[1].splitlines() if line.strip()} == COMMANDS


def test_help_imports_nothing_heavy() -> None:
    """A person who asks for help waits for Python, not for Airflow, dbt or Great Expectations."""
    heavy = ("airflow", "dbt", "great_expectations", "pandas", "pyarrow", "psycopg", "sqlalchemy", "starlette")
    code = (
        "import sys; from egov_kpi.cli.main import run; run(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["nightly", "--date", "06/03/2023"],
        ["nightly", "--date", "2023-02-31"],
        ["load", "one_stop.dossier", __file__],
        ["load", "one_stop.dossiers"],
        ["load", "one_stop.dossiers", "/no/such/file.csv"],
        ["build"],
        ["revoke", "twelve", "--reason", "x"],
        ["revoke", "12"],
        ["rollback"],
        ["rollback", "--resume", "--reason", "x"],
        ["db", "url"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.out == "" and told.err


def test_wrong_usage_is_told_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["load", "one_stop.dossiers", "/no/such/file.csv"]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert "EGOV-CLI-002 Lệnh dùng sai" in told and "EGOV-CLI-002 Wrong usage" in told
    assert "/no/such/file.csv" in told and "Usage: egov-kpi load" in told
    assert main.run(["load", "one_stop.dossiers", "/no/such/file.csv", "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().err)["code"] == "EGOV-CLI-002"


def test_every_command_takes_json() -> None:
    commands = _leaves(typer.main.get_command(main.build_app()), ())
    assert len(commands) > 35
    assert [" ".join(path) for path, names in commands if "--json" not in names] == []


def _leaves(command: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], set[str]]]:
    if hasattr(command, "commands"):
        return [leaf for name, below in command.commands.items() for leaf in _leaves(below, (*path, name))]
    return [(path, {name for parameter in command.params for name in parameter.opts})]


@pytest.mark.parametrize(("status", "code"), [("OK", 0), ("WARN", 0), ("FAIL", 1)])
def test_doctor_leaves_with_1_when_anything_fails(
    status: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [doctor.Check("python", "OK", "a", "b"), doctor.Check("disk", status, "c", "d")]
    monkeypatch.setattr(doctor, "checks", lambda _: found)
    assert main.run(["doctor", "--json"]) == code
    assert [check["status"] for check in json.loads(capsys.readouterr().out)] == ["OK", status]


def _raises(error: BaseException) -> Any:
    def command(*_: Any, **__: Any) -> None:
        raise error

    return command


def test_a_coded_error_is_told_in_both_languages_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = EgovError("EGOV-NIGHT-001", date=date(2023, 3, 6), dataset="one_stop.dossiers")
    monkeypatch.setattr("egov_kpi.night.status.status", _raises(error))
    assert main.run(["status"]) == ExitCode.BAD_DATA
    told = capsys.readouterr()
    assert told.out == ""
    assert "EGOV-NIGHT-001 Đêm 2023-03-06 không công bố" in told.err
    assert "EGOV-NIGHT-001 The night of 2023-03-06 was not published" in told.err
    assert "dataset=one_stop.dossiers" in told.err
    assert told.err.count("→") == 2


def test_with_json_an_error_is_one_document_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("egov_kpi.night.status.status", _raises(EgovError("EGOV-DB-001", what="load:mail.accounts")))
    assert main.run(["status", "--json"]) == ExitCode.REFUSED
    told = capsys.readouterr()
    assert told.out == ""
    assert json.loads(told.err)["code"] == "EGOV-DB-001"
    assert {"message_vi", "message_en", "remedy_vi", "remedy_en"} <= set(json.loads(told.err))


def test_an_error_nobody_foresaw_says_nothing_about_the_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 would mean bad data; a bug is not that, and never a pass."""
    monkeypatch.setattr("egov_kpi.night.status.status", _raises(RuntimeError("boom")))
    assert main.run(["status"]) == ExitCode.COULD_NOT_CHECK
    told = capsys.readouterr().err
    assert "RuntimeError: boom" in told and "EGOV-CLI-001" in told


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("accepted", 0), ("no_op", 0), ("empty", 0), ("quarantined", 1), ("blocked", 1),
        ("could_not_check", 3), ("pending", 3), ("missing", 3),
    ],
)  # fmt: skip
def test_every_verdict_has_its_exit_code(verdict: str, code: int) -> None:
    assert output.exit_code(verdict) == code


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [(["accepted", "no_op"], 0), (["accepted", "quarantined"], 1), (["blocked", "could_not_check"], 3), ([], 0)],
)
def test_several_loads_leave_with_the_worst(
    verdicts: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loads = [_load(number, verdict) for number, verdict in enumerate(verdicts, 1)]
    monkeypatch.setattr("egov_kpi.night.ingest.load_files", lambda *_, **__: loads)
    assert main.run(["load", "one_stop.dossiers", __file__, "--json"]) == code
    told = capsys.readouterr()
    assert [load["verdict"] for load in json.loads(told.out)] == verdicts
    # what people read beside the result is part of it for programs
    assert told.err == ""


def test_a_failed_rule_is_listed_under_its_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"rule_id": "GATE-X-1", "severity": "critical", "action": "quarantine", "success": False, "failed_rows": 3}
    load = {**_load(7, "quarantined"), "rules": [rule, {**rule, "rule_id": "GATE-X-2", "success": True}]}
    monkeypatch.setattr("egov_kpi.night.ingest.load_files", lambda *_, **__: [load])
    assert main.run(["load", "one_stop.dossiers", __file__]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "one_stop.dossiers load=7 quarantined received=10 accepted=10"
    assert lines[1:] == ["  GATE-X-1 critical quarantine: 3"]


def test_status_is_a_table_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = {
        "dataset": "mail.accounts", "load_seq": None, "business_date": None, "verdict": "never_loaded",
        "account": None, "critical": False,
    }  # fmt: skip
    result = {"publish": None, "report": None, "on_hold": True, "datasets": [dataset], "incidents": []}
    monkeypatch.setattr("egov_kpi.night.status.status", lambda: result)
    assert main.run(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "nothing published yet" in lines[0] and "report build" in lines[1] and "on hold" in lines[2]
    assert lines[4].split() == ["mail.accounts", "-", "-", "never_loaded", "-", "-", "-", "-", "no"]


def test_a_night_without_its_report_says_what_is_published_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish = {"publish_no": 7, "business_date": "2023-03-06", "colour": "blue", "code_version": "abc"}
    error = EgovError("EGOV-REPORT-004", publish_no=7, shown=6)
    report = {"path": None, "error": error.as_dict(), "exit_code": int(error.exit_code)}
    result = {"business_date": "2023-03-06", "publish": publish, "report": report, "verdicts": {}, "loads": []}
    monkeypatch.setattr("egov_kpi.night.nightly.run_in_process", lambda *_: result)
    assert main.run(["nightly", "--in-process"]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("publish=7 ")
    assert "EGOV-REPORT-004" in said.err and "egov-kpi report build" in said.err


def _load(number: int, verdict: str) -> dict[str, Any]:
    account = {"accepted": 10, "received": 10}
    return {
        "load_seq": number, "dataset": "one_stop.dossiers", "verdict": verdict, "account": account, "rules": [],
        "notices": ["added column: X"],
    }  # fmt: skip


def test_every_command_and_exit_code_is_in_the_reference() -> None:
    text = (PROJECT_ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`{command}" in text or f"`{command}`" in text, command
    for code in ExitCode:
        assert f"| {int(code)} |" in text, code
