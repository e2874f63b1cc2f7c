"""SIGKILL at seeded moments of a night, again and again; the run that is left alone ends in the right marts."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date

import pytest

from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import verify
from egov_kpi.publish.digest import mart_digest, stored_digest
from egov_kpi.settings import Settings

pytestmark = pytest.mark.e2e

NIGHT = date(2023, 3, 6)
COMMAND = [sys.executable, "-c", "from egov_kpi.cli.main import main; main()", "nightly", "--in-process"]
KILLS = 3


def test_a_night_killed_at_any_moment_ends_in_the_right_marts(
    installation: Settings, marts_are_right: Callable[[Settings, date], None]
) -> None:
    moments = random.Random(20230306)
    for _ in range(KILLS):
        _run_and_kill(moments.uniform(2.0, 25.0))
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


def _run_and_kill(seconds: float) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--date", NIGHT.isoformat()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def _unaccounted(settings: Settings) -> list[int]:
    """Loads that were registered and never decided, or whose rows are not in raw."""
    with connect("auditor", settings) as conn:
        rows = conn.execute(
            "select l.load_seq from ledger.load as l left join ledger.account as a on a.load_seq = l.load_seq "
            "where a.load_seq is null"
        ).fetchall()
    return [int(row[0]) for row in rows]
