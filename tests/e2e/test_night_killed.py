"""SIGKILL inside open transactions of a night, again and again; the run left alone ends in the right marts."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest

from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import verify
from egov_kpi.publish.digest import mart_digest, stored_digest
from egov_kpi.settings import Settings

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NIGHT = date(2023, 3, 6)
COMMAND = [sys.executable, "-c", "from egov_kpi.cli.main import main; main()", "nightly", "--in-process"]
# So many transactions at most are let pass before the kill.
PASSED = (3, 25, 60)
KILLS = len(PASSED)
PATIENCE_SECONDS = 300


def test_a_night_killed_at_any_moment_ends_in_the_right_marts(
    installation: Settings, marts_are_right: Callable[[Settings, date], None]
) -> None:
    moments = random.Random(20230306)
    # an early one, one on the way, and a late one: what each night before it did is not done again
    struck = [_run_and_kill(installation, moments.randint(0, most)) for most in PASSED]
    assert len(set(struck)) == KILLS, struck
    done = subprocess.run([*COMMAND, "--date", NIGHT.isoformat()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    marts_are_right(installation, NIGHT)
    with connect("publisher", installation) as conn:
        assert verify(conn).ok
        colour = conn.execute("select colour from ledger.live").fetchone()
        assert colour is not None
        # What the builds kept of it is what its rows give.
        assert stored_digest(conn, colour[0]) == mart_digest(conn, colour[0])
        assert _unaccounted(installation) == []


def _run_and_kill(settings: Settings, let_pass: int) -> str:
    """Kill the night while Postgres shows a transaction of it that has written; its id. Stopped first, looked at again:
    so the transaction is open for certain when SIGKILL goes out."""
    process = subprocess.Popen(
        [*COMMAND, "--date", NIGHT.isoformat()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with connect("superuser", settings, autocommit=True) as conn:
            return _struck(conn, process, let_pass)
    finally:
        process.kill()
        process.wait()


def _struck(conn: "psycopg.Connection[Any]", process: "subprocess.Popen[bytes]", let_pass: int) -> str:
    passed: list[str] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the night ended with {process.returncode} after {len(passed)} transactions"
        found = _writing(conn, passed)
        if found and len(passed) < let_pass:
            passed.append(found)
        elif found:
            os.kill(process.pid, signal.SIGSTOP)
            if _writing(conn, passed) == found:
                os.kill(process.pid, signal.SIGKILL)
                return found
            os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.002)
    raise AssertionError(f"no open transaction in {PATIENCE_SECONDS} s after {len(passed)}")


def _writing(conn: "psycopg.Connection[Any]", passed: list[str]) -> str:
    """A transaction of the warehouse that has an id, because it wrote, and is none of those."""
    row = conn.execute(
        "select backend_xid::text from pg_stat_activity where datname = current_database()"
        " and backend_xid is not null and not backend_xid::text = any(%s) and pid <> pg_backend_pid() limit 1",
        (passed,),
    ).fetchone()
    return str(row[0]) if row else ""


def _unaccounted(settings: Settings) -> list[int]:
    """Loads that were registered and never decided, or whose rows are not in raw."""
    with connect("auditor", settings) as conn:
        rows = conn.execute(
            "select l.load_seq from ledger.load as l left join ledger.account as a on a.load_seq = l.load_seq "
            "where a.load_seq is null"
        ).fetchall()
    return [int(row[0]) for row in rows]
