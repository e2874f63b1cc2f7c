"""What dbt read of the project is kept for later builds, and never outlives a change of the project."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from egov_kpi.publish import dbt, manifest
from egov_kpi.settings import Settings

pytestmark = pytest.mark.usefixtures("few_units")

RUN = ("run", "--select", "stg_one_stop__dossier")


@pytest.fixture
def own(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a project of its own to change, and with a folder of its own to keep it in."""
    monkeypatch.setattr(manifest, "folder", lambda settings: settings.local_dir / "dbt")
    project = tmp_path / "project"
    shutil.copytree(warehouse.dbt_dir, project / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    return warehouse.model_copy(update={"project_root": project})


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were written anew."""
    saved: list[str] = []
    save: Callable[..., None] = manifest._save

    def counted(project: object, path: Path) -> None:
        saved.append(path.name)
        save(project, path)

    monkeypatch.setattr(manifest, "_save", counted)
    return saved


def _run(settings: Settings, colour: str) -> str:
    inputs = {"colour": colour, "as_of": "2023-03-06", "touched_loads": [], "rebuild": False, "months": {}}
    (model,) = [item for item in dbt.run(settings, *RUN, variables=inputs) if item.resource_type == "model"]
    return model.status


@pytest.mark.long
def test_a_project_is_read_once_per_colour_and_again_when_it_was_changed(own: Settings, reads: list[str]) -> None:
    for colour in ("green", "blue", "green"):
        assert _run(own, colour) == "success"
    assert [name.split("-")[1] for name in reads] == ["green", "blue"]

    unfinished = own.local_dir / "dbt" / f"project-green-{'0' * 16}.{'1' * 32}"
    unfinished.write_bytes(b"what another process is writing")
    model = next(own.dbt_dir.rglob("stg_one_stop__dossier.sql"))
    model.write_text(model.read_text(encoding="utf-8") + "\n-- changed\n", encoding="utf-8")
    assert _run(own, "green") == "success"
    assert len(reads) == 3 and reads[2] != reads[0]
    # what was kept of the older project is gone, and nothing else
    left = sorted(path.name for path in (own.local_dir / "dbt").glob("project-*"))
    assert left == sorted([*reads[1:], unfinished.name])


@pytest.mark.long
def test_a_damaged_file_is_read_and_written_again(own: Settings, reads: list[str]) -> None:
    assert _run(own, "green") == "success"
    (kept,) = (own.local_dir / "dbt").glob("project-*")
    whole = kept.read_bytes()
    for damaged in (b"", whole[:1000], whole[:-1] + bytes([whole[-1] ^ 1])):
        kept.write_bytes(damaged)
        assert _run(own, "green") == "success"
    assert len(reads) == 4


def test_nodes_take_over_the_sessions_of_nodes_that_ended(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    logins: list[object] = []
    connect = psycopg2.connect

    def counted(*arguments: object, **named: object) -> object:
        logins.append(connect(*arguments, **named))
        return logins[-1]

    monkeypatch.setattr(psycopg2, "connect", counted)
    inputs = {"colour": "green", "as_of": "2023-03-06", "touched_loads": [], "rebuild": False, "months": {}}
    nodes = dbt.run(warehouse, "run", "--select", "staging", variables=inputs)
    assert {node.status for node in nodes} == {"success"}
    # four threads, and what dbt asks before and after all nodes
    assert len(logins) <= 8 < len(nodes)
    assert all(session.closed for session in logins)  # type: ignore[attr-defined]
