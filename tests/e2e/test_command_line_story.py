"""Two nights of a warehouse from the command line alone: what a script sees on stdout, on stderr and as exit codes."""

import json
from collections.abc import Callable, MutableMapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from egov_kpi.cli.main import run
from egov_kpi.contracts.loader import all_contracts
from egov_kpi.settings import Settings
from egov_kpi.simulator.faults import Fault, FaultServer

pytestmark = pytest.mark.e2e

FIRST, SECOND = (date(2023, 3, day) for day in (6, 7))
Bi = Callable[[Settings, str], pd.DataFrame]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def call(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--json"])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else json.loads(told.err.splitlines()[-1])

    return call


@pytest.mark.long
def test_two_nights_from_the_command_line(
    installation: Settings,
    source: FaultServer,
    command: Callable[..., tuple[int, Any]],
    marts_are_right: Callable[[Settings, date], None],
    as_bi: Bi,
    digests: MutableMapping[date, str],
    tmp_path: Path,
) -> None:
    code, night = command("nightly", "--in-process", "--date", "2023-03-06")
    assert code == 0 and night["publish"]["publish_no"] == 1
    digests[FIRST] = night["publish"]["mart_digest"]
    assert set(night["verdicts"].values()) <= {"accepted", "quarantined", "empty"}
    # none of the few units is a vertical agency
    assert [name for name, word in night["verdicts"].items() if word == "empty"] == ["forms.vertical_settlement"]
    first_load = next(load["load_seq"] for load in night["loads"] if load["dataset"] == "one_stop.dossiers")

    code, status = command("status")
    assert code == 0 and status["publish"]["publish_no"] == 1 and not status["on_hold"]
    assert len(status["datasets"]) == len(all_contracts())

    # A broken export of critical data: exit 1, the last publish stays.
    source.add(Fault("empty_body", path="/one-stop/", times=99))
    code, error = command("nightly", "--in-process", "--date", "2023-03-07")
    assert code == 1 and error["code"] == "EGOV-NIGHT-001"
    assert command("status")[1]["publish"]["publish_no"] == 1
    source.clear()

    code, night = command("nightly", "--in-process", "--date", "2023-03-07")
    assert code == 0 and night["publish"]["publish_no"] == 2
    digests[SECOND] = night["publish"]["mart_digest"]
    marts_are_right(installation, SECOND)

    # Back to the publish before at once, and no further publish until the hold is lifted.
    assert command("rollback", "--reason", "a test")[0] == 0
    assert list(as_bi(installation, "select publish_no from marts.last_publish")["publish_no"]) == [1]
    marts_are_right(installation, FIRST)
    assert command("publish", "--date", "2023-03-07")[0] == 4
    assert command("status")[1]["on_hold"] is True
    assert command("rollback", "--resume")[0] == 0

    # A load taken out of all figures, and the marts that a build from nothing gives.
    assert command("revoke", str(first_load), "--reason", "a test")[0] == 0
    assert command("build", "--date", "2023-03-07")[0] == 0
    code, revoked = command("publish", "--date", "2023-03-07")
    assert code == 0
    assert command("build", "--rebuild", "--date", "2023-03-07")[0] == 0
    assert revoked["mart_digest"] == _digest_of_idle(installation)

    broken = tmp_path / "empty.csv"
    broken.touch()
    code, loads = command("load", "one_stop.dossiers", str(broken))
    assert code == 1 and loads[0]["verdict"] == "blocked" and loads[0]["error"]["code"].startswith("EGOV-LAND-")
    assert command("status")[1]["incidents"][0]["kind"] == "file_refused"
    assert command("ledger", "verify")[0] == 0
    assert command("db", "url", "--role", "bi")[1]["url"].startswith("postgresql://egov_bi:")


def _digest_of_idle(settings: Settings) -> str:
    from egov_kpi.db.connect import connect
    from egov_kpi.publish.digest import mart_digest

    with connect("publisher", settings) as conn:
        live = conn.execute("select colour from ledger.live").fetchone()
        assert live is not None
        return mart_digest(conn, "green" if live[0] == "blue" else "blue")
