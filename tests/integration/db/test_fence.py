"""Fences: one holder at a time, free as soon as the holder is dead."""

import os
import signal
import subprocess
import sys
import time

import pytest

from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.settings import Settings

HOLD = """
import time
from egov_kpi.db.fence import fence
with fence("night", role="{role}"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_holder_is_refused(migrated_warehouse: Settings) -> None:
    with fence("night", settings=migrated_warehouse):
        with pytest.raises(EgovError) as caught, fence("night", settings=migrated_warehouse):
            pass
        assert (caught.value.code, caught.value.exit_code) == ("EGOV-DB-001", ExitCode.REFUSED)
        with fence("other", settings=migrated_warehouse):
            pass
    with fence("night", settings=migrated_warehouse):
        pass


def test_it_holds_across_roles(migrated_warehouse: Settings) -> None:
    with (
        fence("build", settings=migrated_warehouse, role="builder"),
        pytest.raises(EgovError),
        fence("build", settings=migrated_warehouse, role="publisher"),
    ):
        pass


def test_a_killed_holder_frees_it_for_the_one_that_waits(migrated_warehouse: Settings) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(role="loader")], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(EgovError), fence("night", wait_seconds=0.5, settings=migrated_warehouse):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    started = time.monotonic()
    with fence("night", wait_seconds=10, settings=migrated_warehouse):
        assert time.monotonic() - started < 5
