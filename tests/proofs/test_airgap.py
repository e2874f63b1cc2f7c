"""Short form of the air gap: an export loaded and gated where there is no network but loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from egov_kpi.platform import processes
from egov_kpi.settings import PROJECT_ROOT
from proofs.airgap import __main__ as outside
from proofs.airgap import namespace
from proofs.harness.table import COULD_NOT_RUN

SHORT = [sys.executable, "-m", "proofs.airgap", "--short", "--json"]


def test_a_load_without_a_network() -> None:
    done = subprocess.run(SHORT, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode == COULD_NOT_RUN:
        # not allowed on this machine: the proof says so itself, and is not green
        assert "network namespace" in done.stderr
        return
    rows = {row["case"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0, (rows, done.stderr[-2000:])
    assert set(rows) == {"namespace", "load", "processes", "attempts"}


def test_a_machine_that_allows_no_namespace_is_never_green(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outside, "UNSHARE", "no-such-program")
    monkeypatch.setattr(os, "execvp", lambda *_: pytest.fail("went on"))
    assert outside.main([]) == COULD_NOT_RUN
    assert "no network namespace" in capsys.readouterr().err


def test_a_process_that_sees_another_interface_is_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        # the new name comes a moment after the start
        assert processes.wait_until(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n", 10, 0.01)
        watch = namespace.Watch()
        monkeypatch.setattr(namespace, "interfaces", lambda pid="self": frozenset({"lo", "eth0"}))
        watch.look()
        assert f"sleep {child.pid}" in watch.strangers
    finally:
        child.kill()
        child.wait()
