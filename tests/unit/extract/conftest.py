"""Fixtures around the rig: start it, point settings at it, be patient without waiting."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from source_rig import TOKEN, Patience, Rig, Script

from egov_kpi.settings import Settings


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    monkeypatch.setenv("EGOV_KPI_SOURCE_TOKEN", TOKEN)
    return Patience()


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Rig]]:
    rigs: list[Rig] = []

    def start(script: Script) -> Rig:
        rig = Rig(script)
        threading.Thread(target=rig.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        rigs.append(rig)
        return rig

    yield start
    for rig in rigs:
        rig.shutdown()
        rig.server_close()


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[[str], Settings]:
    return lambda url: Settings(local_dir=tmp_path / "local", source_base_url=url)
