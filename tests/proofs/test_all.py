"""What `make proof` makes of a proof's end: green only with cases that passed, and never without an exit code of 0."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from proofs.all.__main__ import COULD_NOT, PROOFS, TURNS, Outcome, Proof, _together, finish, start
from proofs.harness.table import GREEN, RED, Table

GOOD, BAD = json.dumps([{"case": "a", "ok": True}]), json.dumps([{"case": "a", "ok": True}, {"case": "b", "ok": False}])


@pytest.mark.parametrize(
    ("printed", "code", "verdict"),
    [
        (GOOD, 0, GREEN),
        (BAD, 1, RED),
        # an exit code that its own rows don't bear out
        (BAD, 0, RED),
        (GOOD, 1, RED),
        (GOOD, 137, RED),
        ("[]", 0, COULD_NOT),
        ("Traceback", 0, COULD_NOT),
        (GOOD, 3, COULD_NOT),
    ],
)
def test_verdict(printed: str, code: int, verdict: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"print({printed!r}); raise SystemExit({code})"]
    running = start("a", command, tmp_path / "out.json", tmp_path / "out.log")
    outcome = finish(running, time.monotonic() + 60)
    assert outcome.verdict == verdict


@pytest.mark.parametrize(("printed", "code", "verdict"), [(BAD, 0, GREEN), (BAD, 1, RED), ("[]", 0, COULD_NOT)])
def test_verdict_of_a_proof_with_a_threshold(printed: str, code: int, verdict: str) -> None:
    rows = json.loads(printed)
    outcome = Outcome(len(rows), sum(row["ok"] for row in rows), code, 1.0, has_threshold=True)
    assert outcome.verdict == verdict


class _Waiting(Proof):
    """Ends well once the other one's file is there; `arguments` are its own file and the other's."""

    @property
    def command(self) -> list[str]:
        story = (
            "import pathlib, sys, time\n"
            "own, other = map(pathlib.Path, sys.argv[1:])\n"
            "own.touch()\n"
            "while not other.exists(): time.sleep(0.05)\n"
            f"print({GOOD!r})"
        )
        return [sys.executable, "-c", story, *self.arguments]


def test_proofs_of_a_turn_run_beside_each_other(tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    turn = [_Waiting("a", "a", "a", (one, other)), _Waiting("b", "b", "b", (other, one))]
    table = Table(("proof", "verdict"), as_json=True)
    outcomes = list(_together(turn, table, tmp_path, time.monotonic() + 30))
    assert [outcome.verdict for outcome in outcomes] == [GREEN, GREEN]
    assert {row["proof"] for row in table.rows} == {"a", "b"}


def test_what_is_about_time_runs_alone() -> None:
    assert {tuple(proof.name for proof in turn) for turn in TURNS} >= {("faults",), ("chaos",)}


def test_only_the_mutation_has_a_threshold() -> None:
    assert [proof.name for proof in PROOFS if proof.has_threshold] == ["mutation"]


def test_a_proof_that_takes_too_long_is_ended_and_red(tmp_path: Path) -> None:
    """Also when this process runs in the background of a script, where SIGINT is ignored."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _is_cut_off(tmp_path)
    finally:
        signal.signal(signal.SIGINT, heard)


def _is_cut_off(tmp_path: Path) -> None:
    cleaned = tmp_path / "cleaned"
    story = f"import time, pathlib\ntry: time.sleep(60)\nfinally: pathlib.Path({str(cleaned)!r}).touch()"
    began = time.monotonic()
    command = [sys.executable, "-c", story]
    outcome = finish(start("a", command, tmp_path / "out.json", tmp_path / "out.log"), began + 3)
    assert outcome.is_cut_off
    assert outcome.verdict == RED
    assert cleaned.exists()
    assert time.monotonic() - began < 50
