"""A purge: what goes and what stays, what it refuses, and what a build can still do afterwards."""

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from publish_stubs import NEXT_NIGHT, NIGHT, Stubs, shown
from raw_rows import Export, dossier, promote, register

from egov_kpi.cli import main
from egov_kpi.db.connect import LOGINS, connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.ledger.events import append, verify
from egov_kpi.ledger.purges import purged
from egov_kpi.publish import build as building
from egov_kpi.publish.publish import publish
from egov_kpi.publish.revoke import revoke
from egov_kpi.quarantine.replay import replay
from egov_kpi.raw import purge as purging
from egov_kpi.raw.purge import past_retention, purge

# The rig puts rows into the partition of March 2023, long past any retention.
MARCH = date(2023, 3, 1)
EXPORT = Export("one_stop.dossiers", [dossier(1, "2023-02-10", "2023-02-12"), dossier(2, "2023-02-11", "2023-02-12")])


def landed(stubs: Stubs, load_seq: int) -> Path:
    """The folder from which a load was read."""
    with connect("auditor", stubs.settings) as conn:
        row = conn.execute("select landing_path from ledger.load where load_seq = %s", (load_seq,)).fetchone()
    assert row is not None
    folder = stubs.settings.landing_dir / str(row[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "export.csv").write_text("Nguyễn Thị Chim Hoàng Yến", encoding="utf-8")
    return folder


def deliver(stubs: Stubs, salt: str = "", landing: str = "one_stop/dossiers/ab/abcd") -> int:
    """A promoted load of two rows with one landed file."""
    file = {"name": "export.csv", "sha256_landed": "a" * 64, "sha256_received": "b" * 64, "bytes": 27}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "raw_rows.append",
            lambda conn, kind, body: append(conn, kind, {**body, "files": [file], "landing_path": landing}),
        )
        load_seq = register(stubs.settings, EXPORT, salt)
    promote(stubs.settings, load_seq, len(EXPORT.rows))
    return load_seq


def night(stubs: Stubs, day: date = NIGHT) -> int:
    building.build(stubs.settings, day)
    return publish(stubs.settings, day).publish_no


@pytest.fixture
def held(stubs: Stubs) -> tuple[Stubs, int]:
    """A load that counts in both colours."""
    load_seq = deliver(stubs)
    night(stubs)
    night(stubs, NEXT_NIGHT)
    return stubs, load_seq


def refused(code: str, work: Any, *arguments: Any) -> EgovError:
    with pytest.raises(EgovError) as caught:
        work(*arguments)
    assert caught.value.code == code, caught.value
    return caught.value


def raw_rows(stubs: Stubs) -> int:
    with connect("auditor", stubs.settings) as conn:
        row = conn.execute("select count(load_seq) from raw.one_stop__dossiers").fetchone()
    return row[0] if row else -1


def test_rows_and_files_go_and_the_certificate_stays(held: tuple[Stubs, int]) -> None:
    stubs, load_seq = held
    folder = landed(stubs, load_seq)
    before = shown(stubs.settings)
    result = purge(stubs.settings, MARCH, "hết hạn lưu 24 tháng", "Lê Văn Giữ")
    assert (result.loads, result.rows, result.folders, folder.exists()) == ((load_seq,), 2, 1, False)
    assert raw_rows(stubs) == 0
    assert shown(stubs.settings) == before
    with connect("auditor", stubs.settings) as conn:
        assert verify(conn).ok
        row = conn.execute(
            "select actor, kind, body_json from ledger.event where event_no = %s", (result.event_no,)
        ).fetchone()
        (told,) = purged(conn).values()
    assert row is not None and row[:2] == ("egov_custodian", "raw_purged")
    assert row[2] == {
        "month": "2023-03-01", "retention_months": 24, "reason": "hết hạn lưu 24 tháng", "by": "Lê Văn Giữ",
        "row_count": 2, "loads": [{
            "load_seq": load_seq, "dataset": "one_stop.dossiers", "rows": 2,
            "files": [{"sha256_landed": "a" * 64, "bytes": 27}],
        }],
    }  # fmt: skip
    assert (told.load_seq, told.event_no, told.row_count) == (load_seq, result.event_no, 2)
    refused("EGOV-PURGE-003", purge, stubs.settings, MARCH, "nữa", "Lê Văn Giữ")


def test_what_is_young_or_needed_stays(stubs: Stubs) -> None:
    this_month = date.today().replace(day=1)
    error = refused("EGOV-PURGE-001", purge, stubs.settings, this_month, "sớm", "Giữ")
    assert error.exit_code == ExitCode.REFUSED
    first = deliver(stubs)
    refused("EGOV-PURGE-002", purge, stubs.settings, MARCH, "chưa dựng", "Giữ")
    night(stubs)
    assert "not both colours" in str(refused("EGOV-PURGE-002", purge, stubs.settings, MARCH, "một màu", "Giữ"))
    night(stubs, NEXT_NIGHT)
    revoke(first, "sai tệp", stubs.settings)
    assert "revoked" in str(refused("EGOV-PURGE-002", purge, stubs.settings, MARCH, "còn trong kho", "Giữ"))
    assert raw_rows(stubs) == 2
    # taken out of both colours it may go
    night(stubs, NEXT_NIGHT)
    night(stubs, date(2023, 3, 8))
    assert purge(stubs.settings, MARCH, "hết hạn", "Giữ").loads == (first,)


def test_an_unfinished_build_or_other_models_keep_everything(held: tuple[Stubs, int]) -> None:
    stubs, _ = held
    (stubs.settings.dbt_dir / "model.sql").write_text("select 2\n")
    assert "rebuilt" in str(refused("EGOV-PURGE-002", purge, stubs.settings, MARCH, "hết hạn", "Giữ"))
    (stubs.settings.dbt_dir / "model.sql").write_text("select 1\n")
    stubs.promote()
    stubs.status = "error"
    refused("EGOV-PUB-002", building.build, stubs.settings, date(2023, 3, 8))
    assert "unfinished" in str(refused("EGOV-PURGE-002", purge, stubs.settings, MARCH, "hết hạn", "Giữ"))
    assert raw_rows(stubs) == 2


def test_a_folder_that_another_load_was_read_from_stays(stubs: Stubs) -> None:
    first = deliver(stubs)
    folder = landed(stubs, first)
    with connect("loader", stubs.settings) as conn:
        body = {"load_seq": 99, "dataset": "one_stop.dossiers", "load_key": "later", "files": [],
                "landing_path": "one_stop/dossiers/ab/abcd"}  # fmt: skip
        append(conn, "load_registered", body)
    night(stubs)
    night(stubs, NEXT_NIGHT)
    assert purge(stubs.settings, MARCH, "hết hạn", "Giữ").folders == 0
    assert folder.exists()


def test_a_purge_that_died_before_the_files_is_finished_by_the_next(
    held: tuple[Stubs, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs, load_seq = held
    folder = landed(stubs, load_seq)
    with monkeypatch.context() as patch:
        patch.setattr(purging.shutil, "rmtree", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            purge(stubs.settings, MARCH, "hết hạn", "Giữ")
    assert folder.exists() and raw_rows(stubs) == 0
    refused("EGOV-PURGE-003", purge, stubs.settings, MARCH, "hết hạn", "Giữ")
    assert not folder.exists()


def test_nights_go_on_and_a_rebuild_is_refused_until_a_person_gives_the_loads_up(held: tuple[Stubs, int]) -> None:
    stubs, load_seq = held
    purge(stubs.settings, MARCH, "hết hạn", "Giữ")
    later = stubs.promote()
    for day in (date(2023, 3, 8), date(2023, 3, 9)):
        night(stubs, day)
        assert shown(stubs.settings)["loads"] == [load_seq, later]
    error = refused("EGOV-PUB-011", building.rebuild, stubs.settings, date(2023, 3, 10))
    assert (error.exit_code, error.context["loads"]) == (ExitCode.REFUSED, str(load_seq))
    # other models need a rebuild: the night stops, and readers keep what they have
    (stubs.settings.dbt_dir / "model.sql").write_text("select 2\n")
    refused("EGOV-PUB-011", building.build, stubs.settings, date(2023, 3, 10))
    assert shown(stubs.settings)["loads"] == [load_seq, later]
    building.rebuild(stubs.settings, date(2023, 3, 10), without_purged=True)
    publish(stubs.settings, date(2023, 3, 10))
    assert shown(stubs.settings)["loads"] == [later]
    night(stubs, date(2023, 3, 11))
    assert shown(stubs.settings)["loads"] == [later]


def test_a_purged_load_is_neither_revoked_nor_heard_again(held: tuple[Stubs, int]) -> None:
    stubs, load_seq = held
    purge(stubs.settings, MARCH, "hết hạn", "Giữ")
    for work in (lambda: revoke(load_seq, "sai", stubs.settings), lambda: replay(load_seq, "lại", stubs.settings)):
        error = refused("EGOV-PURGE-005", work)
        assert error.exit_code == ExitCode.REFUSED and "chứng nhận" in error.text("vi")


@pytest.mark.parametrize("role", [role for role in LOGINS if role not in ("owner", "custodian")])
def test_no_other_login_may(stubs: Stubs, role: str) -> None:
    with connect(role, stubs.settings) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select ledger.purge_raw('2023-03-01', 24, 'x', 'x')")


def test_the_database_keeps_the_rule_itself(held: tuple[Stubs, int]) -> None:
    stubs, load_seq = held
    with connect("custodian", stubs.settings) as conn, pytest.raises(psycopg.errors.InvalidParameterValue):
        conn.execute("select ledger.purge_raw('2023-03-01', 1, 'x', 'x')")
    forged = {"month": "2023-03-01", "loads": [{"load_seq": load_seq, "rows": 2, "files": []}]}
    with connect("custodian", stubs.settings) as conn:
        refused("EGOV-LEDGER-003", append, conn, "raw_purged", forged)


def test_somebody_who_reads_raw_is_not_waited_for_long(held: tuple[Stubs, int]) -> None:
    stubs, _ = held
    with connect("auditor", stubs.settings) as reader:
        reader.execute("select count(load_seq) from raw.one_stop__dossiers")
        error = refused("EGOV-PURGE-004", purge, stubs.settings, MARCH, "hết hạn", "Giữ")
    assert error.exit_code == ExitCode.COULD_NOT_CHECK
    assert raw_rows(stubs) == 2


def test_command_line(held: tuple[Stubs, int], capsys: pytest.CaptureFixture[str]) -> None:
    stubs, _ = held
    # by the ledger's clock the loads are of today
    assert past_retention(stubs.settings) == []
    assert main.run(["purge"]) == 0
    assert "no month" in capsys.readouterr().out
    assert main.run(["purge", "2023-3x", "--reason", "x"]) == 2
    assert main.run(["purge", "2023-03"]) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egov_kpi.settings.get_settings", lambda: stubs.settings)
        assert main.run(["purge", "2023-03", "--reason", "hết hạn", "--by", "Giữ"]) == 0
    assert "rows=2" in capsys.readouterr().out
