"""`python -m proofs.all`: every proof as a process of its own, turn by turn, and one table of what they showed.

What each proof printed goes to `.local/proof/<name>.json`, its remarks to `<name>.log` beside it, and the table to
`all.json`. The whole takes at most an hour on two cores: a proof that is still running then is ended, and is red.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from egov_kpi.platform import processes
from egov_kpi.settings import get_settings
from proofs.harness.table import ALL_GREEN, COULD_NOT_RUN, FAILED, GREEN, RED, Table

COLUMNS = ("proof", "done", "cases", "passed", "verdict", "seconds")
COULD_NOT = "no run"
BEAT_SECONDS = 30.0
CLEAN_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Proof:
    """One proof: `python -m proofs.<module>` with its arguments. One with a threshold is green by its exit code alone:
    it may miss a case of many and says itself how many and which."""

    name: str
    vi: str
    en: str
    arguments: tuple[str, ...] = ()
    has_threshold: bool = False

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", f"proofs.{self.name}", *self.arguments, "--json"]


# The quick ones first: a mistake in the set-up shows early. Those of a turn run beside each other, a processor each;
# the faults, of which some are about time, and the kills, which take both processors, run alone.
TURNS = (
    (
        Proof("airgap", "cả đêm không có mạng", "a whole night without a network"),
        Proof("restore", "giết CSDL, sao lưu, khôi phục", "database killed, backed up, restored"),
    ),
    (
        Proof("mutation", "cài lỗi có đáp án", "defects planted, with an answer key", has_threshold=True),
        Proof("properties", "đảo thứ tự, thu hồi, tách tệp", "orders, revocations, splits", ("--examples", "12")),
    ),
    (Proof("faults", "gây từng lỗi đã biết", "known faults injected"),),
    (Proof("chaos", "giết tiến trình theo hạt giống", "seeded SIGKILLs", ("--seeds", "60", "--airflow", "3")),),
)
PROOFS = tuple(proof for turn in TURNS for proof in turn)


@dataclass(frozen=True)
class Outcome:
    """How one proof ended. `passed` of `cases`; the verdict is the proof's own exit code, held against its cases."""

    cases: int
    passed: int
    code: int
    seconds: float
    is_cut_off: bool = False
    has_threshold: bool = False

    @property
    def verdict(self) -> str:
        if self.is_cut_off or self.code not in (ALL_GREEN, COULD_NOT_RUN):
            return RED
        # no case, no proof
        if self.code == COULD_NOT_RUN or not self.cases:
            return COULD_NOT
        return GREEN if self.has_threshold or self.passed == self.cases else RED


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    folder = get_settings().local_dir / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    turns = [[proof for proof in turn if not options.only or proof.name in options.only] for turn in TURNS]
    until = time.monotonic() + options.minutes * 60
    table = Table(COLUMNS, as_json=options.json, widths={"proof": 12, "done": 52, "cases": 5, "passed": 6})
    outcomes = [outcome for turn in turns if turn for outcome in _together(turn, table, folder, until)]
    (folder / "all.json").write_text(json.dumps(table.rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return _code(outcomes, table.finish())


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.all", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[proof.name for proof in PROOFS], metavar="PROOF")
    parser.add_argument("--minutes", type=float, default=60.0, help="the time for all of them together")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _code(outcomes: Sequence[Outcome], found: int) -> int:
    """Red beats could-not-run, could-not-run beats green."""
    if any(outcome.verdict == RED for outcome in outcomes):
        return FAILED
    return COULD_NOT_RUN if any(outcome.verdict != GREEN for outcome in outcomes) else found


def _together(turn: Sequence[Proof], table: Table, folder: Path, until: float) -> Iterator[Outcome]:
    """Run the proofs of one turn beside each other; a row and an outcome for each as it ends."""
    # started from this thread: what is done in a child before its program begins must not meet another thread
    running = [_started(proof, folder) for proof in turn]
    with ThreadPoolExecutor(len(turn)) as waiting:
        ended = {waiting.submit(finish, run, until): proof for proof, run in zip(turn, running, strict=True)}
        try:
            for done in as_completed(ended):
                yield _shown(ended[done], done.result(), table, folder)
        finally:
            # of who is interrupted himself; the pool waits for the threads, and they for these
            for run in running:
                _end(run.process)


def _started(proof: Proof, folder: Path) -> "Running":
    _say(f"▶ {proof.name}: {proof.vi} · {proof.en}")
    return start(proof.name, proof.command, folder / f"{proof.name}.json", folder / f"{proof.name}.log")


def _shown(proof: Proof, outcome: Outcome, table: Table, folder: Path) -> Outcome:
    outcome = replace(outcome, has_threshold=proof.has_threshold)
    table.add(
        outcome.verdict == GREEN,
        proof=proof.name,
        done=f"{proof.vi} · {proof.en}",
        cases=outcome.cases,
        passed=outcome.passed,
        verdict=outcome.verdict,
        seconds=round(outcome.seconds, 1),
    )
    if outcome.verdict != GREEN:
        _say_why(folder / f"{proof.name}.json", folder / f"{proof.name}.log")
    return outcome


@dataclass(frozen=True)
class Running:
    """A proof that was started, and the file that it prints into."""

    name: str
    process: "subprocess.Popen[bytes]"
    result: Path
    began: float


def start(name: str, command: Sequence[str], result: Path, log: Path) -> Running:
    began = time.monotonic()
    with result.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=_hear_interrupts,
        )
    return Running(name, process, result, began)


def finish(running: Running, until: float) -> Outcome:
    """Wait for a proof's end, or for the end of the time; whatever it started ends with it."""
    try:
        is_cut_off = not _ended(running, until)
    finally:
        code = _end(running.process)
    rows = _rows(running.result)
    passed = sum(bool(row.get("ok")) for row in rows)
    return Outcome(len(rows), passed, code, time.monotonic() - running.began, is_cut_off)


def _hear_interrupts() -> None:
    """A shell starts what runs in its background deaf to SIGINT, and deafness is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _ended(running: Running, until: float) -> bool:
    """Wait, with a sign of life now and then; False when the time is over."""
    while True:
        left = until - time.monotonic()
        try:
            running.process.wait(timeout=max(0.0, min(BEAT_SECONDS, left)))
        except subprocess.TimeoutExpired:
            if left <= 0:
                return False
            _say(f"  … {running.name} {time.monotonic() - running.began:.0f} s")
        else:
            return True


def _end(process: "subprocess.Popen[bytes]") -> int:
    """The exit code; a proof that still runs is interrupted first, so that it stops the servers that it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        processes.wait_until(lambda: process.poll() is not None, CLEAN_UP_SECONDS)
    processes.kill_session(process.pid)
    return process.wait()


def _rows(result: Path) -> list[dict[str, Any]]:
    """The rows that the proof printed; none when it printed anything else."""
    try:
        rows = json.loads(result.read_text(encoding="utf-8"))
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _say_why(result: Path, log: Path) -> None:
    for row in _rows(result):
        if not row.get("ok"):
            _say(f"  ✗ {row.get('case', row)}: {row.get('seen', '')}")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]:
        _say(f"  | {line}")
    _say(f"  → {result}  {log}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
