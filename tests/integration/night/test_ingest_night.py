"""Loads of a night on a real Postgres: accounts, second runs, kills, blocks, files in hand."""

import csv
import os
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from killed import killed_at

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night import books, decide, ingest, staging
from egov_kpi.settings import Settings
from egov_kpi.simulator.faults import Fault, FaultServer

FIRST, SECOND, THIRD = date(2023, 3, 6), date(2023, 3, 7), date(2023, 3, 8)
MAIL = "mail.accounts"
DOSSIERS = "one_stop.dossiers"


def _events(settings: Settings) -> int:
    return int(_one(settings, "select count(*) from ledger.event"))


def _one(settings: Settings, query: str, role: str = "auditor") -> Any:
    with connect(role, settings) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _inbound(settings: Settings) -> list[str]:
    with connect("superuser", settings) as conn:
        rows = conn.execute("select relname from pg_class where relnamespace = 'inbound'::regnamespace").fetchall()
    return [str(row[0]) for row in rows]


def _night(dataset: str, day: date, settings: Settings) -> list[dict[str, Any]]:
    ingest.pull_and_stage(dataset, day, settings=settings)
    loads: list[dict[str, Any]] = ingest.gate_and_promote(dataset, day, settings=settings)["loads"]
    return loads


def _assert_adds_up(account: dict[str, int]) -> None:
    assert account["received"] == account["landed"] + account["withheld"]
    parts = ("accepted", "unchanged", "quarantined", "duplicate", "structural")
    assert account["landed"] == sum(account[name] for name in parts)


def test_every_row_of_a_first_night_is_accounted_for(night_warehouse: Settings) -> None:
    loads = _night(DOSSIERS, FIRST, night_warehouse)
    assert [load["verdict"] for load in loads] == ["quarantined"]
    account = loads[0]["account"]
    _assert_adds_up(account)
    assert account["duplicate"] > 0 and account["structural"] == 1 and 0 < account["quarantined"] < 20
    raw = _one(night_warehouse, "select count(*) from raw.one_stop__dossiers")
    assert raw == account["accepted"] + account["unchanged"]
    assert _one(night_warehouse, "select count(*) from quarantine.one_stop__dossiers") == account["quarantined"]
    assert _inbound(night_warehouse) == []
    assert ingest.verdict(DOSSIERS, FIRST, settings=night_warehouse)["verdict"] == "quarantined"


def test_a_second_run_of_a_night_changes_nothing(night_warehouse: Settings) -> None:
    _night(MAIL, FIRST, night_warehouse)
    before = _events(night_warehouse)
    assert _night(MAIL, FIRST, night_warehouse) == []
    assert _events(night_warehouse) == before


def test_the_next_night_starts_where_the_last_promoted_window_ended(night_warehouse: Settings) -> None:
    _night(MAIL, FIRST, night_warehouse)
    pulled = ingest.pull_and_stage(MAIL, SECOND, settings=night_warehouse)
    assert pulled["window_from"] == FIRST.isoformat()


def test_a_delivery_half_received_is_swept_also_when_the_source_has_nothing_new(night_warehouse: Settings) -> None:
    for day in (6, 7):
        ingest.pull_and_stage("iso.certificates", date(2023, 3, day))
        ingest.gate_and_promote("iso.certificates", date(2023, 3, day))
    left = night_warehouse.landing_dir / "iso" / "certificates" / ".incoming-0123456789abcdef"
    left.mkdir()
    then = left.stat().st_mtime - 120
    os.utime(left, (then, then))
    told = ingest.pull_and_stage("iso.certificates", date(2023, 3, 8))
    assert (told["loads"], left.exists()) == ([], False)


def test_a_blocked_window_is_asked_for_again(night_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _night(MAIL, FIRST, night_warehouse)
    ingest.pull_and_stage(DOSSIERS, FIRST, settings=night_warehouse)
    load_seq = _one(night_warehouse, "select max(load_seq) from ledger.load")
    staging.block_unread(night_warehouse, load_seq, EgovError("EGOV-NIGHT-003", dataset=DOSSIERS))
    assert ingest.verdict(DOSSIERS, FIRST, settings=night_warehouse)["verdict"] == "blocked"
    with connect("loader", night_warehouse) as conn:
        assert books.watermark(conn, DOSSIERS, SECOND) is None
        assert books.watermark(conn, MAIL, SECOND) == FIRST


def test_secret_rows_are_withheld_counted_and_an_incident(night_warehouse: Settings) -> None:
    load = _night("ioffice.outgoing_documents", FIRST, night_warehouse)[0]
    withheld = load["account"]["withheld"]
    assert withheld > 0
    assert _one(night_warehouse, "select incident_count from ledger.incident where kind = 'secret_rows'") == withheld


# -------------------------------------------------------------------------------------------------------------- faults


def test_a_source_that_is_away_is_could_not_check(night_warehouse: Settings, source: FaultServer) -> None:
    source.add(Fault("server_error", path="/mail/", times=99))
    with pytest.raises(EgovError) as caught:
        ingest.pull_and_stage(MAIL, FIRST, settings=night_warehouse)
    assert caught.value.exit_code == ExitCode.COULD_NOT_CHECK
    assert ingest.verdict(MAIL, FIRST, settings=night_warehouse)["verdict"] == "could_not_check"
    source.clear()
    assert {load["verdict"] for load in _night(MAIL, FIRST, night_warehouse)} == {"accepted"}
    assert ingest.verdict(MAIL, FIRST, settings=night_warehouse)["verdict"] == "accepted"


def test_a_dataset_that_was_never_asked_is_missing(night_warehouse: Settings) -> None:
    assert ingest.verdict(MAIL, FIRST, settings=night_warehouse)["verdict"] == "missing"


def test_a_gate_that_breaks_keeps_the_load_waiting(night_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest.pull_and_stage("directory.headcount", FIRST, settings=night_warehouse)

    def crash(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("egov_kpi.gate.check.evaluate", crash)
        with pytest.raises(EgovError, match="EGOV-NIGHT-003"):
            ingest.gate_and_promote("directory.headcount", FIRST, settings=night_warehouse)
    word = ingest.verdict("directory.headcount", FIRST, settings=night_warehouse)["verdict"]
    assert word == "could_not_check"
    assert _one(night_warehouse, "select count(*) from raw.directory__headcount") == 0
    loads = ingest.gate_and_promote("directory.headcount", FIRST, settings=night_warehouse)["loads"]
    assert {load["verdict"] for load in loads} == {"accepted"}


def test_inbound_that_a_crash_emptied_is_filled_again(night_warehouse: Settings) -> None:
    ingest.pull_and_stage(MAIL, FIRST, settings=night_warehouse)
    tables = _inbound(night_warehouse)
    with connect("superuser", night_warehouse) as conn:
        conn.execute(f'truncate inbound."{tables[0]}"'.encode())
        conn.execute(f'drop table inbound."{tables[1]}"'.encode())
    loads = ingest.gate_and_promote(MAIL, FIRST, settings=night_warehouse)["loads"]
    assert {load["verdict"] for load in loads} == {"accepted"}
    for load in loads:
        _assert_adds_up(load["account"])


PULL_KILLS = ("ingest._register", "ingest._record_pull", "staging._stage", "staging._record")
GATE_KILLS = ("decide._check", "decide._promote", "decide.check_account", "decide._drop_inbound")


@pytest.mark.long
@pytest.mark.parametrize("moment", [*PULL_KILLS, *GATE_KILLS])
def test_a_night_that_is_killed_anywhere_ends_as_if_it_had_not_been(night_warehouse: Settings, moment: str) -> None:
    step = ingest.pull_and_stage if moment in PULL_KILLS else ingest.gate_and_promote
    if moment in GATE_KILLS:
        ingest.pull_and_stage(MAIL, FIRST, settings=night_warehouse)
    with killed_at(f"egov_kpi.night.{moment}"):
        step(MAIL, FIRST, settings=night_warehouse)
    _night(MAIL, FIRST, night_warehouse)
    assert ingest.verdict(MAIL, FIRST, settings=night_warehouse)["verdict"] == "accepted"
    _night(MAIL, FIRST, night_warehouse)
    assert _inbound(night_warehouse) == []
    totals = "select count(*) || ' ' || sum(accepted + unchanged) from ledger.account where is_promoted"
    rows = _one(night_warehouse, "select count(*) from raw.mail__accounts")
    assert _one(night_warehouse, totals) == f"3 {rows}"


def test_two_runs_of_one_dataset_exclude_each_other(night_warehouse: Settings) -> None:
    with fence(f"load:{MAIL}", settings=night_warehouse), pytest.raises(EgovError) as caught:
        ingest.pull_and_stage(MAIL, FIRST, settings=night_warehouse)
    assert (caught.value.code, caught.value.exit_code) == ("EGOV-DB-001", ExitCode.REFUSED)


def test_a_wrong_account_commits_nothing(night_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest.pull_and_stage("directory.headcount", FIRST, settings=night_warehouse)

    def refuse(load_seq: int, *_: Any) -> Any:
        raise EgovError("EGOV-NIGHT-005", load_seq=load_seq, account={})

    monkeypatch.setattr(decide, "check_account", refuse)
    with pytest.raises(EgovError, match="EGOV-NIGHT-005"):
        ingest.gate_and_promote("directory.headcount", FIRST, settings=night_warehouse)
    assert _one(night_warehouse, "select count(*) from raw.directory__headcount") == 0
    assert _one(night_warehouse, "select count(*) from ledger.account") == 0


# ------------------------------------------------------------------------------------------------------- files in hand


@pytest.fixture
def dossiers_csv(source: FaultServer, tmp_path: Path) -> Path:
    """The export of one night, as somebody downloaded it."""
    path = tmp_path / "dossiers.csv"
    headers = {"X-API-Key": "key-of-the-night-tests"}
    answer = httpx.get(f"{source.url}/one-stop/exports/dossiers.csv?to=2023-03-06", headers=headers, trust_env=False)
    path.write_bytes(answer.content)
    return path


def test_a_file_in_hand_goes_the_way_of_a_pulled_one(night_warehouse: Settings, dossiers_csv: Path) -> None:
    loads = ingest.load_files(DOSSIERS, [dossiers_csv], business_date=FIRST, settings=night_warehouse)
    assert loads[0]["verdict"] == "quarantined"
    _assert_adds_up(loads[0]["account"])


def test_the_same_file_again_is_a_no_op(night_warehouse: Settings, dossiers_csv: Path) -> None:
    first = ingest.load_files(DOSSIERS, [dossiers_csv], business_date=FIRST, settings=night_warehouse)[0]
    before = _events(night_warehouse)
    copy = dossiers_csv.with_name("the same under another name.csv")
    copy.write_bytes(dossiers_csv.read_bytes())
    again = ingest.load_files(DOSSIERS, [copy], business_date=SECOND, settings=night_warehouse)[0]
    assert (again["verdict"], again["load_seq"]) == ("no_op", first["load_seq"])
    assert _events(night_warehouse) == before


def test_a_file_with_a_renamed_column_is_blocked_and_kept(night_warehouse: Settings, dossiers_csv: Path) -> None:
    broken = dossiers_csv.with_name("renamed.csv")
    broken.write_bytes(dossiers_csv.read_bytes().replace("Ngày tiếp nhận".encode(), "Ngày nhận vào".encode(), 1))
    load = ingest.load_files(DOSSIERS, [broken], business_date=FIRST, settings=night_warehouse)[0]
    assert load["verdict"] == "blocked"
    assert load["error"]["code"].startswith("EGOV-LOAD-") and "Ngày nhận vào" in str(load["error"])
    assert _one(night_warehouse, "select count(*) from raw.one_stop__dossiers") == 0
    with connect("auditor", night_warehouse) as conn:
        digest = books.loads(conn, [load["load_seq"]])[0]["content_digest"]
    assert list(night_warehouse.landing_dir.glob(f"*/*/*/{digest}/renamed.csv"))


def test_a_refused_row_is_told_with_its_place_and_remedy(night_warehouse: Settings, dossiers_csv: Path) -> None:
    with dossiers_csv.open(encoding="utf-8-sig", newline="") as source:
        records = list(csv.reader(source, delimiter=";"))
    records[100][records[0].index("Ngày tiếp nhận")] = "31/02/2023 08:00"
    records[101][records[0].index("Mã hồ sơ")] = ""
    broken = dossiers_csv.with_name("hai dòng sai.csv")
    with broken.open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target, delimiter=";").writerows(records)
    load = ingest.load_files(DOSSIERS, [broken], business_date=FIRST, settings=night_warehouse)[0]
    told = {(item["row"], item["column"]): item for item in load["refused"]}
    wrong_day, no_code = told["101", "Ngày tiếp nhận"], told["102", "Mã hồ sơ"]
    assert (wrong_day["code"], wrong_day["file"], wrong_day["value"]) == (
        "EGOV-GATE-101",
        "hai dòng sai.csv",
        "31/02/2023 08:00",
    )
    assert wrong_day["rule"].startswith("GATE-DOS-") and wrong_day["remedy_vi"] and wrong_day["remedy_en"]
    assert no_code["value"] == "***", "the value of a column that is not public is not shown"


def test_a_blocked_file_sent_again_stays_blocked(night_warehouse: Settings, dossiers_csv: Path) -> None:
    broken = dossiers_csv.with_name("renamed.csv")
    broken.write_bytes(dossiers_csv.read_bytes().replace("Ngày tiếp nhận".encode(), "Ngày nhận vào".encode(), 1))
    first, again = (
        ingest.load_files(DOSSIERS, [broken], business_date=FIRST, settings=night_warehouse)[0] for _ in range(2)
    )
    assert (again["verdict"], again["load_seq"]) == ("blocked", first["load_seq"])
    assert again["error"]["code"] == "EGOV-NIGHT-008"


def test_a_column_nobody_knows_is_named_and_not_stored(night_warehouse: Settings, dossiers_csv: Path) -> None:
    lines = dossiers_csv.read_text(encoding="utf-8-sig").splitlines()
    wider = [f"{lines[0]};Ghi chú nội bộ", *(f"{line};x" for line in lines[1:])]
    added = dossiers_csv.with_name("added.csv")
    added.write_text("\ufeff" + "\n".join(wider) + "\n", encoding="utf-8")
    load = ingest.load_files(DOSSIERS, [added], business_date=FIRST, settings=night_warehouse)[0]
    assert load["notices"] and "Ghi chú nội bộ" in load["notices"][0]
    columns = get_contract(DOSSIERS).kept_columns
    assert not [column for column in columns if "nội bộ" in column.title_vi]


def test_a_file_turned_away_at_the_door_is_an_incident(night_warehouse: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    load = ingest.load_files(DOSSIERS, [empty], settings=night_warehouse)[0]
    assert load["verdict"] == "blocked" and load["error"]["code"].startswith("EGOV-LAND-")
    assert _one(night_warehouse, "select kind from ledger.incident") == "file_refused"


def test_a_late_night_is_in_the_ledger(night_warehouse: Settings) -> None:
    from egov_kpi.night import alerts

    alerts._record("build_marts", "manual__1")
    assert (
        _one(night_warehouse, "select detail from ledger.incident where kind = 'night_late'") == "build_marts manual__1"
    )


def test_one_refused_register_leaves_the_others_and_is_told(
    night_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from egov_kpi.extract import systems

    whole, seen = systems.expect_format, []

    def first_is_broken(contract: Any, found: Any, name: str) -> Any:
        seen.append(name)
        if name == seen[0]:
            raise EgovError("EGOV-LAND-005", file=name, detail="planted")
        return whole(contract, found, name)

    paper = "forms.paper_register"
    with monkeypatch.context() as patch:
        patch.setattr(systems, "expect_format", first_is_broken)
        pulled = ingest.pull_and_stage(paper, FIRST, settings=night_warehouse)
    assert [error["file"] for error in pulled["refused"]] == seen[:1] and len(pulled["loads"]) == len(seen) - 1
    loads = ingest.gate_and_promote(paper, FIRST, settings=night_warehouse)["loads"]
    assert {load["verdict"] for load in loads} <= {"accepted", "quarantined"} and len(loads) == len(seen) - 1
    assert ingest.verdict(paper, FIRST, settings=night_warehouse)["verdict"] == "blocked"
    assert _one(night_warehouse, "select kind from ledger.incident") == "file_refused"
    # The next night asks for the window again: the mended book comes in, the others are known.
    again = ingest.pull_and_stage(paper, SECOND, settings=night_warehouse)
    assert again["window_from"] is None and len(set(again["loads"]) - set(pulled["loads"])) >= 1
    ingest.gate_and_promote(paper, SECOND, settings=night_warehouse)
    assert ingest.verdict(paper, SECOND, settings=night_warehouse)["verdict"] in ("accepted", "quarantined")
