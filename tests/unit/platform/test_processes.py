"""Processes, ports and listening sockets: what is told about them is true, and what is ended leaves nothing."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from egov_kpi.platform import listening, ports, processes
from egov_kpi.platform.processes import Process

# A leader that ignores TERM and has a child in a process group of its own, as Airflow's tasks are.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""


def _start(tmp_path: Path, code: str) -> "subprocess.Popen[bytes]":
    log = tmp_path / "output.log"
    started = processes.start_session([sys.executable, "-c", code], dict(os.environ), log, tmp_path)
    assert processes.wait_until(lambda: log.exists() and "ready" in log.read_text(), 10)
    return started


def test_a_session_ends_with_all_that_it_started(tmp_path: Path) -> None:
    leader = _start(tmp_path, STUBBORN)
    assert processes.wait_until(lambda: len(processes.members(leader.pid)) == 2, 10)
    processes.end_session(leader.pid, 0.2)
    assert processes.members(leader.pid) == []
    leader.wait()


def test_a_zombie_and_a_stranger_with_the_same_pid_count_as_ended(tmp_path: Path) -> None:
    started = _start(tmp_path, "print('ready', flush=True); import time; time.sleep(600)")
    process = Process.of(started.pid)
    assert process is not None and process.alive()
    assert not Process(process.pid, process.started + 1).alive()
    started.kill()
    assert processes.wait_until(lambda: processes.state(process.pid) == "Z", 10)
    assert not process.alive()
    started.wait()
    assert processes.state(process.pid) == ""


def test_the_log_of_a_process_is_private(tmp_path: Path) -> None:
    started = _start(tmp_path, "print('ready', flush=True)")
    started.wait()
    assert (tmp_path / "output.log").stat().st_mode & 0o777 == 0o600


def test_a_port_stays_the_same_until_it_is_taken(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = ports.stable_port(memory, "airflow")
    assert ports.stable_port(memory, "airflow") == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first))
        other.listen()
        assert not ports.is_free(first)
        assert ports.stable_port(memory, "airflow") != first
    assert ports.stable_port(memory, "simulator", 18123) == 18123
    assert ports.remembered(memory, "simulator") == 18123


def test_listening_sockets_of_this_process_are_found() -> None:
    with socket.socket() as inside, socket.socket() as outside:
        inside.bind(("127.0.0.1", 0))
        inside.listen()
        outside.bind(("0.0.0.0", 0))
        outside.listen()
        found = {(one.port, one.is_loopback) for one in listening.of_processes([os.getpid()])}
        assert {(inside.getsockname()[1], True), (outside.getsockname()[1], False)} <= found
