"""From inbound to raw: every row accounted for, once, with its place in the file."""

import hashlib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from load_exports import DOSSIER_HEADERS, csv_text, deliver, dossier, workbook

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import cast_expression
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.load import repetition
from egov_kpi.load.pseudonym import pseudonym, pseudonym_key
from egov_kpi.load.stage import stage
from egov_kpi.raw import promote as promote_module
from egov_kpi.raw.digest import row_digest_expression
from egov_kpi.raw.promote import Account, drop_inbound, promote
from egov_kpi.settings import Settings

DOSSIERS = "one_stop.dossiers"


def _stage(settings: Settings, contract: Contract, load_seq: int, *paths: Path) -> list[str]:
    delivery = deliver(contract.id, *paths)
    stage(settings, contract, delivery, load_seq)
    return [file.sha256_landed for file in delivery.files]


def _load(settings: Settings, load_seq: int, *rows: list[str], contract_id: str = DOSSIERS) -> Account:
    """Stage and promote one CSV file."""
    contract = get_contract(contract_id)
    path = settings.local_dir / f"{load_seq}.csv"
    path.write_text(csv_text(rows, len(rows) - 1), encoding="utf-8")
    digests = _stage(settings, contract, load_seq, path)
    with connect("loader", settings) as connection:
        return promote(connection, contract, load_seq, digests)


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect("loader", settings) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_rows_are_typed_and_lead_back_to_their_file(migrated_warehouse) -> None:
    account = _load(migrated_warehouse, 7, DOSSIER_HEADERS, dossier(1))
    assert account == Account(landed=2, accepted=1, unchanged=0, quarantined=0, duplicate=0, structural=1)
    content = (migrated_warehouse.local_dir / "7.csv").read_bytes()
    query = """
        select load_seq, file_digest, row_no, is_unchanged, dossier_hash, channel, received_at::text,
            supplement_request_count, loaded_month = date_trunc('month', current_date)
        from raw.one_stop__dossiers
    """
    expected = pseudonym("dossier", "000.00.15.H58-230115-0001", pseudonym_key(migrated_warehouse))
    assert _rows(migrated_warehouse, query) == [
        (7, hashlib.sha256(content).hexdigest(), 2, False, expected, "direct", "2023-01-15 08:30:00+07", 0, True)
    ]


def test_word_for_word_repetitions_are_counted_and_left_out(migrated_warehouse) -> None:
    corrected = dossier(1, **{"Trạng thái": "9"})
    account = _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1), dossier(2), dossier(1), corrected, dossier(1))
    assert (account.accepted, account.duplicate) == (3, 2)
    rows = _rows(migrated_warehouse, "select row_no from raw.one_stop__dossiers order by 1")
    assert rows == [(2,), (3,), (5,)]


def test_repetitions_are_found_without_a_note_of_loading_too(migrated_warehouse, monkeypatch) -> None:
    monkeypatch.setattr(repetition, "MAXIMUM_NOTED", 0)
    account = _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1), dossier(2), dossier(1), dossier(2))
    assert (account.accepted, account.duplicate) == (2, 2)
    rows = _rows(migrated_warehouse, "select row_no from raw.one_stop__dossiers order by 1")
    assert rows == [(2,), (3,)]


def test_a_repetition_in_another_file_of_the_load_is_one_too(migrated_warehouse, tmp_path) -> None:
    contract = get_contract(DOSSIERS)
    first = tmp_path / "a.csv"
    first.write_text(csv_text([DOSSIER_HEADERS, dossier(1)], 1), encoding="utf-8")
    second = workbook(tmp_path / "b.xlsx", "Hồ sơ", [DOSSIER_HEADERS, dossier(2), dossier(1), ["Tổng cộng", 2]])
    digests = _stage(migrated_warehouse, contract, 1, first, second)
    with connect("loader", migrated_warehouse) as connection:
        account = promote(connection, contract, 1, digests)
    assert (account.accepted, account.duplicate, account.structural) == (2, 1, 2)
    rows = _rows(
        migrated_warehouse, "select file_digest, sheet, row_no from raw.one_stop__dossiers order by sheet nulls first"
    )
    assert rows == [(digests[0], None, 2), (digests[1], "Hồ sơ", 2)]


def test_what_an_earlier_load_brought_is_stored_as_unchanged(migrated_warehouse) -> None:
    _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1), dossier(2))
    account = _load(migrated_warehouse, 2, DOSSIER_HEADERS, dossier(2), dossier(3), dossier(1, **{"Trạng thái": "9"}))
    assert (account.accepted, account.unchanged, account.duplicate) == (2, 1, 0)
    query = "select load_seq, row_no, is_unchanged from raw.one_stop__dossiers order by 1, 2"
    assert _rows(migrated_warehouse, query) == [
        (1, 2, False), (1, 3, False), (2, 2, True), (2, 3, False), (2, 4, False),
    ]  # fmt: skip


HEADCOUNT_HEADERS = ["Mã đơn vị", "Số người có mặt", "Nguồn số liệu", "Ngày chốt số liệu", "Thời điểm kết xuất"]


def _headcount(code: str, number: int, day: str, exported: str) -> list[str]:
    return [code, str(number), "Giả lập", day, exported]


def test_a_snapshot_with_the_same_content_on_a_new_date_is_unchanged(migrated_warehouse) -> None:
    january = [
        _headcount("82", 50, "31/01/2023", "01/02/2023 01:00"),
        _headcount("823", 30, "31/01/2023", "01/02/2023 01:00"),
    ]
    february = [
        _headcount("82", 51, "28/02/2023", "01/03/2023 01:00"),
        _headcount("823", 30, "28/02/2023", "01/03/2023 01:00"),
    ]
    _load(migrated_warehouse, 1, HEADCOUNT_HEADERS, *january, contract_id="directory.headcount")
    account = _load(migrated_warehouse, 2, HEADCOUNT_HEADERS, *february, contract_id="directory.headcount")
    assert (account.accepted, account.unchanged) == (1, 1)
    query = "select agency_code from raw.directory__headcount where is_unchanged"
    assert _rows(migrated_warehouse, query) == [("823",)]


def _quarantine(connection: psycopg.Connection[Any], load_seq: int, digest: str, row_no: int) -> None:
    connection.execute(
        "insert into quarantine.one_stop__dossiers (load_seq, file_digest, row_no, row_digest, rule_ids) "
        "values (%s, %s, %s, '', '{GATE-DOS-001}')",
        (load_seq, digest, row_no),
    )


def test_refused_rows_stay_out_in_the_same_transaction(migrated_warehouse, tmp_path) -> None:
    contract = get_contract(DOSSIERS)
    path = tmp_path / "a.csv"
    bad = dossier(2, **{"Ngày tiếp nhận": "31/02/2023 08:00"})
    path.write_text(csv_text([DOSSIER_HEADERS, dossier(1), bad, dossier(3)], 3), encoding="utf-8")
    digests = _stage(migrated_warehouse, contract, 1, path)
    with connect("loader", migrated_warehouse) as connection:
        _quarantine(connection, 1, digests[0], 3)
        account = promote(connection, contract, 1, digests)
    assert account == Account(landed=4, accepted=2, unchanged=0, quarantined=1, duplicate=0, structural=1)
    assert _rows(migrated_warehouse, "select row_no from raw.one_stop__dossiers order by 1") == [(2,), (4,)]


def test_a_refused_row_that_the_load_has_not_stops_everything(migrated_warehouse, tmp_path) -> None:
    contract = get_contract(DOSSIERS)
    path = tmp_path / "a.csv"
    path.write_text(csv_text([DOSSIER_HEADERS, dossier(1)], 1), encoding="utf-8")
    digests = _stage(migrated_warehouse, contract, 1, path)
    with pytest.raises(EgovError, match="EGOV-RAW-004"), connect("loader", migrated_warehouse) as connection:
        _quarantine(connection, 1, digests[0], 99)
        promote(connection, contract, 1, digests)
    assert _rows(migrated_warehouse, "select from raw.one_stop__dossiers") == []


@pytest.mark.parametrize("change", [{"Ngày tiếp nhận": "31/02/2023 08:00"}, {"Kênh thực hiện": "9"}])
def test_a_value_that_no_rule_caught_stops_the_load_and_is_not_shown(migrated_warehouse, change) -> None:
    with pytest.raises(EgovError) as refusal:
        _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1), dossier(2, **change))
    assert (refusal.value.code, refusal.value.exit_code) == ("EGOV-RAW-003", 3)
    assert "31/02" not in str(refusal.value.as_dict())
    assert _rows(migrated_warehouse, "select from raw.one_stop__dossiers") == []


def test_a_load_is_promoted_once(migrated_warehouse) -> None:
    _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1))
    with pytest.raises(EgovError, match="EGOV-RAW-002"):
        _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1))


def test_a_load_without_its_table_is_refused(migrated_warehouse) -> None:
    contract = get_contract(DOSSIERS)
    with connect("loader", migrated_warehouse) as connection:
        with pytest.raises(EgovError, match="EGOV-RAW-001"):
            promote(connection, contract, 5, [])
        drop_inbound(connection, contract, 5)


def test_a_rollback_of_the_caller_takes_the_rows_with_it(migrated_warehouse, tmp_path) -> None:
    contract = get_contract(DOSSIERS)
    path = tmp_path / "a.csv"
    path.write_text(csv_text([DOSSIER_HEADERS, dossier(1)], 1), encoding="utf-8")
    digests = _stage(migrated_warehouse, contract, 1, path)
    with connect("loader", migrated_warehouse) as connection:
        assert promote(connection, contract, 1, digests).accepted == 1
        connection.rollback()
    assert _rows(migrated_warehouse, "select from raw.one_stop__dossiers") == []
    with connect("loader", migrated_warehouse) as connection:
        assert promote(connection, contract, 1, digests).accepted == 1


@pytest.mark.parametrize("contract_id", sorted(all_contracts()))
def test_the_quick_cast_of_a_date_is_the_contract_s(shared_migrated_warehouse, contract_id: str) -> None:
    """In a promoting transaction; the contract's own expression is right in any."""
    samples = {
        "dd/MM/yyyy": ("03/04/2023", "29/02/2024", "31/12/1999"),
        "yyyy-MM-dd": ("2023-04-03", "2024-02-29"),
        "dd/MM/yyyy HH:mm": ("03/04/2023 00:00", "29/02/2024 23:59"),
        "yyyy-MM-dd'T'HH:mm:ssXXX": ("2023-04-03T00:30:00+07:00", "2023-04-03T17:30:00Z"),
    }
    with connect("loader", shared_migrated_warehouse) as connection:
        promote_module._read_as_contracts_write(connection)
        for column in get_contract(contract_id).kept_columns:
            for value in samples[column.format] if column.type in ("date", "timestamp") and column.format else ():
                quick, slow = promote_module._typed(column), cast_expression(column, "i")
                query = f'select {quick} = {slow} from (select %s::text as "{column.name}") as i'
                row = connection.execute(query, (value,)).fetchone()  # type: ignore[arg-type]
                assert row == (True,), (column.name, value)


def test_the_digest_is_that_of_the_text(migrated_warehouse) -> None:
    _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1, **{"Lĩnh vực": ""}))
    key = pseudonym_key(migrated_warehouse)
    texts = [
        pseudonym("dossier", "000.00.15.H58-230115-0001", key), "1.005129", "", "01846", "Trực tiếp", "Cá nhân",
        pseudonym("citizen", "079000000001", key), "15/01/2023 08:30", "20/01/2023 17:00", "19/01/2023 10:00",
        "19/01/2023 15:00", "Trực tiếp", "10", "0", "19/01/2023 15:00",
    ]  # fmt: skip
    expected = hashlib.sha256("\x1f".join(texts).encode()).digest()
    assert _rows(migrated_warehouse, "select row_digest from raw.one_stop__dossiers") == [(expected,)]


def test_loading_and_sql_agree_on_a_digest(migrated_warehouse, tmp_path) -> None:
    cases = {
        DOSSIERS: [DOSSIER_HEADERS, dossier(1, **{"Lĩnh vực": "", "Trạng thái": " 9 "}), dossier(2)],
        "directory.headcount": [HEADCOUNT_HEADERS, _headcount("82", 50, "31/01/2023", "01/02/2023 01:00")],
    }
    for contract_id, rows in cases.items():
        contract = get_contract(contract_id)
        path = tmp_path / "a.csv"
        path.write_text(csv_text(rows, len(rows) - 1), encoding="utf-8")
        _stage(migrated_warehouse, contract, 1, path)
        table = f"inbound.{contract.table}__1"
        in_sql = row_digest_expression(contract, "i")
        loaded = _rows(migrated_warehouse, f"select {in_sql} from {table} as i where _kind = 'data' order by _row_no")
        with connect("loader", migrated_warehouse) as connection:
            connection.execute(f"update {table} set _row_digest = null")  # type: ignore[arg-type]
        assert loaded == _rows(
            migrated_warehouse, f"select {in_sql} from {table} as i where _kind = 'data' order by _row_no"
        )


def test_history_from_another_month_is_known(migrated_warehouse) -> None:
    """The reader doesn't wait for the partition that the caller has just made."""
    _load(migrated_warehouse, 1, DOSSIER_HEADERS, dossier(1))
    with connect("superuser", migrated_warehouse) as connection:
        connection.execute("select raw.ensure_partition('one_stop__dossiers', '2020-05-01')")
        connection.execute(
            "create temp table old as select * from raw.one_stop__dossiers; "
            "update old set loaded_month = '2020-05-01'; "
            "set local session_replication_role = replica; delete from raw.one_stop__dossiers; "
            "insert into raw.one_stop__dossiers select * from old"
        )
    assert _load(migrated_warehouse, 2, DOSSIER_HEADERS, dossier(1)).unchanged == 1
