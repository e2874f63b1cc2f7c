"""Short form of the restore drill: a small warehouse backed up, restored beside it, and what must be refused."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.load.pseudonym import key_id
from egov_kpi.night.ingest import load_files
from egov_kpi.platform import backup as backups
from egov_kpi.platform import postgres
from egov_kpi.platform.backup import BackupResult
from egov_kpi.settings import Settings
from egov_kpi.simulator.records import generate
from proofs.harness.cluster import Cluster, cluster_of_tests
from proofs.harness.environment import environment
from proofs.properties import catalogue
from proofs.restore import drill


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return cluster_of_tests()


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A warehouse with one load, and an inbound table of another that waits."""
    exports = catalogue.catalogue(catalogue.sample(generate("calibrated", 1)), tmp_path_factory.mktemp("exports"))
    export, saved = exports["D3"], cluster.clone(cluster.seeded())
    with environment(cluster.url(saved.database), saved.folder) as settings:
        assert load_files(export.dataset, [export.path], business_date=export.business_date)[0]["verdict"] == "accepted"
        with connect("loader", settings) as conn:
            conn.execute("create unlogged table inbound.one_stop__dossiers__2 (agency_code text)")
            conn.execute("insert into inbound.one_stop__dossiers__2 values ('823')")
        yield settings
    cluster.discard(saved)


@pytest.fixture(scope="module")
def taken(loaded: Settings, tmp_path_factory: pytest.TempPathFactory) -> BackupResult:
    return backups.backup(loaded, tmp_path_factory.mktemp("backup") / "taken")


@pytest.fixture
def elsewhere(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[str], Settings]]:
    """Settings of installations that hold nothing yet."""
    made: list[str] = []

    def make(name: str) -> Settings:
        made.append(f"restored_{name}")
        return Settings(local_dir=tmp_path / name, database_url=cluster.url(made[-1]))

    yield make
    for name in made:
        cluster.drop(name)


def test_what_is_restored_is_what_was_backed_up(
    loaded: Settings, taken: BackupResult, elsewhere: Callable[[str], Settings]
) -> None:
    target = elsewhere("there")
    # the embedded server's own user passes through it
    target.local_dir.mkdir(mode=0o711)
    assert backups.restore(target, taken.folder).state == taken.state
    with psycopg.connect(target.database_url) as conn:
        assert backups.state_of(conn) == taken.state
        assert conn.execute("select count(*) > 0 from raw.one_stop__dossiers").fetchone() == (True,)
        # what waited is filled again from landing
        assert conn.execute("select count(*) from inbound.one_stop__dossiers__2").fetchone() == (0,)
    assert stat.S_IMODE(target.local_dir.stat().st_mode) == 0o711
    assert key_id(target) == key_id(loaded)
    landed = sorted(path.name for path in target.landing_dir.rglob("*") if path.is_file())
    assert landed == sorted(path.name for path in loaded.landing_dir.rglob("*") if path.is_file())
    # the logins work with the passwords that came along, and the chain goes on where it stood
    with connect("loader", target) as conn:
        number = append(conn, "incident", {"kind": "test", "dataset": "one_stop.dossiers", "count": 0, "detail": ""})
    assert number == taken.state.events + 1


def test_a_backup_is_private_and_has_its_keys_apart(taken: BackupResult) -> None:
    files = [path for folder in (taken.folder, taken.keys) for path in folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (taken.folder, taken.keys)} == {0o700}
    secret = (taken.keys / "hmac_key").read_bytes().strip()
    assert not any(secret in path.read_bytes() for path in taken.folder.rglob("*") if path.is_file())
    manifest = json.loads((taken.folder / backups.MANIFEST).read_text(encoding="utf-8"))
    assert set(manifest["keys"]) == {path.name for path in taken.keys.iterdir()}


def test_a_warehouse_with_data_is_not_restored_over(loaded: Settings, taken: BackupResult) -> None:
    assert drill.refusal(loaded, taken.folder) == "EGOV-BACKUP-004"


def test_a_damaged_backup_is_refused_before_anything_happens(
    taken: BackupResult, elsewhere: Callable[[str], Settings], tmp_path: Path
) -> None:
    damaged = drill.damage(taken.folder, tmp_path / "damaged")
    target = elsewhere("untouched")
    assert drill.refusal(target, damaged) == "EGOV-BACKUP-003"
    assert not target.local_dir.exists()


def test_a_backup_without_the_key_of_its_pseudonyms_is_refused(
    taken: BackupResult, elsewhere: Callable[[str], Settings], tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(taken.keys, keys)
    (keys / "hmac_key").write_text("ab" * 32, encoding="ascii")
    with pytest.raises(EgovError) as caught:
        backups.restore(elsewhere("keyless"), taken.folder, keys)
    assert caught.value.code == "EGOV-BACKUP-007"


def test_a_backup_overwrites_nothing(loaded: Settings, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(EgovError) as caught:
        backups.backup(loaded, tmp_path / "there")
    assert caught.value.code == "EGOV-BACKUP-001"
    assert list((tmp_path / "there").iterdir()) == []


def test_a_tool_of_another_version_is_not_taken(cluster: Cluster) -> None:
    older = postgres.ServerInfo(cluster.server.url_superuser, "127.0.0.1", 1, "9.6", False)
    with pytest.raises(EgovError) as caught:
        backups._tool(older, "pg_dump")
    assert caught.value.code == "EGOV-BACKUP-006"
