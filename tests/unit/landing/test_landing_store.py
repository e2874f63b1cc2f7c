"""The landing zone: whole or not at all, private, named by content."""

import errno
import fcntl
import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.errors import EgovError
from egov_kpi.landing import land_file, open_landed, read_delivery
from egov_kpi.landing import store as module
from egov_kpi.landing.store import Incoming, file_digest, safe_name
from egov_kpi.settings import Settings

CSV = "\ufeffMã hồ sơ;Mã TTHC\nH1;1.005129\nTổng cộng;1\n".encode()
CONTRACT = get_contract("one_stop.dossiers")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "HoSo thang 3.csv"
    path.write_bytes(CSV)
    return path


def test_lands_as_sent_with_a_manifest(settings: Settings, export: Path) -> None:
    delivery = land_file(CONTRACT, export, settings)
    file = delivery.files[0]
    assert file.path.read_bytes() == CSV
    assert file.sha256_landed == file.sha256_received == file_digest(export)
    assert file.rows_declared == 1
    digest = delivery.content_digest
    assert delivery.landing_path == settings.landing_dir / "one_stop" / "dossiers" / digest[:2] / digest
    assert delivery.landing_key == f"one_stop/dossiers/{digest[:2]}/{digest}"
    manifest = json.loads((delivery.landing_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["rows"] == {"received": 1, "landed": 1, "withheld": 0}
    assert manifest["files"][0]["name"] == "HoSo thang 3.csv"
    assert read_delivery(settings, "one_stop.dossiers", digest) == delivery


def test_only_the_loader_may_read(settings: Settings, export: Path) -> None:
    umask = os.umask(0)
    try:
        delivery = land_file(CONTRACT, export, settings)
        open_landed(delivery)
    finally:
        os.umask(umask)
    for path in [settings.landing_dir, *settings.landing_dir.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_same_file_again_is_the_same_delivery(settings: Settings, export: Path) -> None:
    first = land_file(CONTRACT, export, settings)
    written = (first.landing_path / "manifest.json").read_bytes()
    renamed = export.with_name("ban sao.csv")
    export.rename(renamed)
    second = land_file(CONTRACT, renamed, settings)
    assert second == first
    assert (first.landing_path / "manifest.json").read_bytes() == written
    assert len(list(settings.landing_dir.rglob("manifest.json"))) == 1


def test_window_is_kept_with_the_delivery(settings: Settings) -> None:
    day = date(2023, 3, 6)
    with Incoming(settings, CONTRACT) as incoming:
        with incoming.sink("a.csv", "csv") as sink:
            sink.write(CSV)
            file = sink.finish(rows_declared=1)
        delivery = incoming.commit([file], "test", None, None, day)
    assert read_delivery(settings, CONTRACT.id, delivery.content_digest).window_to == day


def test_failure_leaves_nothing(settings: Settings) -> None:
    with pytest.raises(RuntimeError), Incoming(settings, CONTRACT) as incoming, incoming.sink("a.csv", "csv") as sink:
        sink.write(CSV)
        raise RuntimeError("killed")
    assert not list((settings.landing_dir / "one_stop" / "dossiers").iterdir())


def test_failed_file_can_be_tried_again(settings: Settings) -> None:
    with Incoming(settings, CONTRACT) as incoming:
        with pytest.raises(RuntimeError), incoming.sink("a.csv", "csv") as sink:
            raise RuntimeError("cut off")
        with incoming.sink("a.csv", "csv") as sink:
            sink.write(CSV)
            delivery = incoming.commit([sink.finish()], "test")
    assert delivery.files[0].path.read_bytes() == CSV


@pytest.mark.parametrize("step", ["_write_manifest", "_move_to"])
def test_crash_before_the_rename_leaves_no_delivery(
    settings: Settings, export: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Incoming, step, crash)
    with pytest.raises(OSError, match="disk full"):
        land_file(CONTRACT, export, settings)
    assert not [path for path in settings.landing_dir.rglob("*") if path.is_file()]


def test_what_a_killed_writer_left_is_swept_and_a_living_one_is_not(
    settings: Settings, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = settings.landing_dir / "one_stop" / "dossiers"
    for name in ("dead", "alive", "young"):
        (home / f".incoming-{name}").mkdir(parents=True)
        (home / f".incoming-{name}" / "half.csv").write_bytes(b"x")
    for name in ("dead", "alive"):
        os.utime(home / f".incoming-{name}", (0, 0))
    handle = os.open(home / ".incoming-alive", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        land_file(CONTRACT, export, settings)
    finally:
        os.close(handle)
    assert sorted(path.name for path in home.glob(".incoming-*")) == [".incoming-alive", ".incoming-young"]


def test_damaged_delivery_is_replaced_by_a_fresh_copy(settings: Settings, export: Path) -> None:
    delivery = land_file(CONTRACT, export, settings)
    delivery.files[0].path.write_bytes(b"x" * len(CSV))
    again = land_file(CONTRACT, export, settings)
    assert again.files[0].path.read_bytes() == CSV
    assert [path.name for path in delivery.landing_path.parent.iterdir()] == [delivery.content_digest]


def test_two_writers_of_the_same_content(settings: Settings, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both saw an empty place; the slower one finds the delivery there and is content."""
    first = land_file(CONTRACT, export, settings)
    answers = [False, True]
    monkeypatch.setattr(module, "_is_intact", lambda place: answers.pop(0))
    monkeypatch.setattr(Path, "rename", _rename_onto_a_twin)
    assert land_file(CONTRACT, export, settings) == first
    assert not answers


def _rename_onto_a_twin(source: Path, target: Path) -> None:
    if source.name.startswith(".incoming-"):
        raise OSError(39, "Directory not empty")


def test_each_opening_is_logged(settings: Settings, export: Path) -> None:
    delivery = land_file(CONTRACT, export, settings)
    assert open_landed(delivery, purpose="load") == delivery.files
    open_landed(delivery, purpose="trace", verify_digest=True)
    lines = (settings.landing_dir / "access.log").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["purpose"] for entry in entries] == ["load", "trace"]
    assert {entry["content_digest"] for entry in entries} == {delivery.content_digest}


def test_lost_and_changed_files_are_told_apart(settings: Settings, export: Path) -> None:
    delivery = land_file(CONTRACT, export, settings)
    path = delivery.files[0].path
    path.write_bytes(CSV[:-1])
    with pytest.raises(EgovError, match="EGOV-LAND-013"):
        open_landed(delivery)
    path.write_bytes(CSV.replace(b"1.005129", b"1.005128"))
    open_landed(delivery)
    with pytest.raises(EgovError, match="EGOV-LAND-013"):
        open_landed(delivery, verify_digest=True)
    path.unlink()
    with pytest.raises(EgovError, match="EGOV-LAND-012"):
        open_landed(delivery)
    (delivery.landing_path / "manifest.json").unlink()
    with pytest.raises(EgovError, match="EGOV-LAND-012"):
        read_delivery(settings, CONTRACT.id, delivery.content_digest)


@pytest.mark.parametrize("name", ["", "../x.csv", "a/b.csv", ".x", "manifest.json", "a\nb.csv"])
def test_names_that_would_leave_the_folder(name: str) -> None:
    with pytest.raises(EgovError, match="EGOV-LAND-014"):
        safe_name(name)


def test_missing_file(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(EgovError) as caught:
        land_file(CONTRACT, tmp_path / "khong-co.csv", settings)
    assert caught.value.exit_code == 2


def test_endless_file_is_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    with (
        pytest.raises(EgovError, match="EGOV-LAND-006"),
        Incoming(settings, CONTRACT) as incoming,
        incoming.sink("a.csv", "csv") as sink,
    ):
        while True:
            sink.write(CSV)


def test_a_full_disk_is_told_and_leaves_nothing(
    settings: Settings, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(EgovError) as caught:
            land_file(CONTRACT, export, settings)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-LAND-015", 3)
    assert not [path for path in settings.landing_dir.rglob("*") if path.is_file()]
    assert land_file(CONTRACT, export, settings).files[0].path.read_bytes() == CSV
