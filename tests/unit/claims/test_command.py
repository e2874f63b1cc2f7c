"""`egov-kpi claims check`: its results, exit codes and published shape."""

import json
from pathlib import Path

import pytest

from egov_kpi.cli.main import run

FIELDS = [
    "denominator", "end", "file", "kind", "numerator", "reason_en", "reason_vi", "recomputed",
    "start", "stated", "text", "verdict",
]  # fmt: skip
WRONG = "Hồ sơ trực tuyến đạt 7,87% (11/866 hồ sơ).\n"
RIGHT = "Đã xử lý 26/26 phản ánh, đạt 100%.\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "báo cáo.txt"
    path.write_text(RIGHT + WRONG, encoding="utf-8")
    return path


def test_json_has_the_published_fields(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "check", str(report), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [sorted(claim) for claim in result] == [FIELDS, FIELDS]
    assert [claim["verdict"] for claim in result] == ["holds", "wrong"]
    text = report.read_text(encoding="utf-8")
    assert all(text[claim["start"] : claim["end"]] == claim["text"] for claim in result)


def test_strict_fails_on_a_wrong_claim_only(report: Path, tmp_path: Path) -> None:
    assert run(["claims", "check", str(report)]) == 0
    assert run(["claims", "check", str(report), "--strict"]) == 1
    right = tmp_path / "right.txt"
    right.write_text(RIGHT, encoding="utf-8")
    assert run(["claims", "check", str(right), "--strict"]) == 0


def test_an_unreadable_file_does_not_hide_the_others(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "check", str(report), "none.txt", "--strict", "--json"]) == 3
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 2
    assert json.loads(said.err)["code"] == "EGOV-CLAIMS-001"


def test_text_is_printed_exactly(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "check", str(report), "--text"]) == 0
    assert capsys.readouterr().out == RIGHT + WRONG


def test_people_read_verdicts_in_both_languages(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["claims", "check", str(report)])
    said = capsys.readouterr().out
    assert "SAI · wrong" in said and "không phải 7,87%" in said and "not 7.87%" in said


@pytest.mark.parametrize(
    "arguments", [["--period", "2023"], ["--warehouse", "--text"], ["--warehouse", "--period", "Q1"]]
)
def test_wrong_usage(report: Path, arguments: list[str]) -> None:
    assert run(["claims", "check", str(report), *arguments]) == 2
