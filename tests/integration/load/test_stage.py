"""From landing to inbound in a real database: all rows or no table."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from load_exports import DOSSIER_HEADERS, csv_text, deliver, dossier, workbook
from openpyxl import load_workbook

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.sql import alone_with
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.gate import relation
from egov_kpi.load import stage as stage_module
from egov_kpi.load.stage import StageResult, stage
from egov_kpi.raw.digest import row_digest_expression
from egov_kpi.settings import Settings
from egov_kpi.simulator.exports import scorecard_workbook
from egov_kpi.simulator.records import generate

DOSSIERS, DOCUMENTS, HEADCOUNT = "one_stop.dossiers", "ioffice.outgoing_documents", "directory.headcount"
SCORECARDS = "forms.par_scorecards"


def _stage(settings: Settings, contract_id: str, *paths: Path, load_seq: int = 1, **declared: Any) -> StageResult:
    return stage(settings, get_contract(contract_id), deliver(contract_id, *paths, **declared), load_seq)


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect("loader", settings) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def _tables(settings: Settings) -> list[str]:
    return [row[0] for row in _rows(settings, "select tablename from pg_tables where schemaname = 'inbound'")]


def _refusal(settings: Settings, contract_id: str, *paths: Path, **declared: Any) -> EgovError:
    with pytest.raises(EgovError) as refusal:
        _stage(settings, contract_id, *paths, **declared)
    assert _tables(settings) == []
    return refusal.value


def _csv(tmp_path: Path, text: str, name: str = "export.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_load_gets_a_table_of_its_own(migrated_warehouse, tmp_path) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1), dossier(2)], 2))
    result = _stage(migrated_warehouse, DOSSIERS, path, load_seq=42)
    assert result == StageResult(landed=3, structural=1, withheld=0, columns_added=[])
    query = "select _row_no, _file, _kind, agency_code from inbound.one_stop__dossiers__42 order by _row_no"
    assert _rows(migrated_warehouse, query) == [
        (2, 0, "data", "01846"),
        (3, 0, "data", "01846"),
        (4, 0, "structural", None),
    ]


def test_staging_again_replaces_the_table(migrated_warehouse, tmp_path) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 1))
    assert _stage(migrated_warehouse, DOSSIERS, path) == _stage(migrated_warehouse, DOSSIERS, path)
    assert _rows(migrated_warehouse, "select count(*) from inbound.one_stop__dossiers__1") == [(2,)]


def _until_somebody_waits(settings: Settings) -> None:
    query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    until = time.monotonic() + 60
    while _rows(settings, query) == [(0,)]:
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.02)


@pytest.mark.parametrize("maker", ["stage", "gate"])
def test_a_statement_that_a_killed_run_left_behind_is_waited_for(migrated_warehouse, tmp_path, maker: str) -> None:
    """Its backend makes the table while its client is long gone, and ends when it notices."""
    path, table = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 1)), "one_stop__dossiers__1"

    def make() -> None:
        if maker == "stage":
            _stage(migrated_warehouse, DOSSIERS, path)
            return
        with connect("loader", migrated_warehouse, autocommit=True) as connection:
            relation.create(connection, table, "select 1 as _kind")

    with connect("loader", migrated_warehouse) as orphan, ThreadPoolExecutor() as threads:
        orphan.execute(alone_with(table).encode())
        orphan.execute("create unlogged table inbound.one_stop__dossiers__1 ()")
        made = threads.submit(make)
        _until_somebody_waits(migrated_warehouse)
        orphan.rollback()
        made.result(timeout=60)
    assert len(_rows(migrated_warehouse, "select _kind from inbound.one_stop__dossiers__1")) > 0


def test_no_identifier_reaches_the_database(migrated_warehouse, tmp_path) -> None:
    rows = [[*DOSSIER_HEADERS, "Số tài khoản"], [*dossier(1), "970400001"]]
    result = _stage(migrated_warehouse, DOSSIERS, _csv(tmp_path, csv_text(rows, 1)))
    assert result.columns_added == ["Số tài khoản"]
    (text,) = _rows(migrated_warehouse, "select string_agg(t::text, '') from inbound.one_stop__dossiers__1 as t")[0]
    for personal in ("Nguyễn", "0900000000", "079000000001", "230115-0001", "970400001", "Ấp"):
        assert personal not in text


def test_several_files_are_one_load(migrated_warehouse, tmp_path) -> None:
    first = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 1), "a.csv")
    second = workbook(tmp_path / "b.xlsx", "Hồ sơ", [["Danh sách"], DOSSIER_HEADERS, dossier(2), ["Tổng cộng", 1]])
    result = _stage(migrated_warehouse, DOSSIERS, first, second)
    assert (result.data, result.structural) == (2, 3)
    query = "select _file, _sheet, _row_no from inbound.one_stop__dossiers__1 where _kind = 'data' order by 1"
    assert _rows(migrated_warehouse, query) == [(0, None, 2), (1, "Hồ sơ", 3)]


@pytest.mark.parametrize(
    ("declared", "total", "code"),
    [
        ({"rows_declared": 3}, 2, "EGOV-LOAD-008"),
        ({"rows_declared": 2}, 3, "EGOV-LOAD-009"),
        ({}, 3, "EGOV-LOAD-009"),
        ({}, None, "EGOV-LOAD-016"),
    ],
)
def test_what_was_declared_must_have_arrived(migrated_warehouse, tmp_path, declared, total, code) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1), dossier(2)], total))
    assert _refusal(migrated_warehouse, DOSSIERS, path, **declared).code == code


def test_a_declared_count_proves_a_file_without_total(migrated_warehouse, tmp_path) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)]))
    assert _stage(migrated_warehouse, DOSSIERS, path, rows_declared=1).landed == 1


def test_withheld_rows_are_part_of_what_was_declared(migrated_warehouse, tmp_path) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 4))
    result = _stage(migrated_warehouse, DOSSIERS, path, rows_declared=4, rows_withheld=3)
    assert (result.data, result.withheld) == (1, 3)


def test_a_file_cut_anywhere_is_refused(migrated_warehouse, tmp_path) -> None:
    whole = csv_text([DOSSIER_HEADERS, dossier(1), dossier(2), dossier(3)], 3)
    for length in range(len(whole) // 3, len(whole) - 60, 37):
        error = _refusal(migrated_warehouse, DOSSIERS, _csv(tmp_path, whole[:length]))
        assert error.exit_code == 1


def test_a_total_under_a_column_of_numbers_may_be_its_sum(migrated_warehouse, tmp_path) -> None:
    header = ["Mã đơn vị", "Số người có mặt", "Nguồn số liệu", "Ngày chốt số liệu", "Thời điểm kết xuất"]
    rows = [[code, number, "Giả lập", "01/01/2023", "02/01/2023 01:00"] for code, number in (("823", 30), ("82", 12))]
    for total, fits in ((42, True), (2, True), (41, False)):
        path = _csv(tmp_path, csv_text([header, *rows], total))
        if fits:
            assert _stage(migrated_warehouse, HEADCOUNT, path).data == 2
        else:
            with pytest.raises(EgovError, match="EGOV-LOAD-009"):
                _stage(migrated_warehouse, HEADCOUNT, path)


def test_a_total_of_points_is_their_sum_and_what_was_pasted_twice_counts_once(migrated_warehouse, tmp_path) -> None:
    """The workbook repeats a row, and its total does not; one point less is another workbook than was added up."""
    name = "203_PAR.H.22.2022_2022-09-30_lan-2.xlsx"
    content = scorecard_workbook(generate("calibrated"), name)
    assert content is not None
    path = tmp_path / name
    path.write_bytes(content)
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet.cell(sheet.max_row, 7).value = 69
    book.save(tmp_path / "other.xlsx")
    assert _refusal(migrated_warehouse, SCORECARDS, tmp_path / "other.xlsx").code == "EGOV-LOAD-009"
    assert _stage(migrated_warehouse, SCORECARDS, path).data == 89


def test_header_only_is_no_delivery(migrated_warehouse, tmp_path) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS], 0))
    assert _refusal(migrated_warehouse, DOSSIERS, path).code == "EGOV-LOAD-001"


def _pages(tmp_path: Path, *pages: tuple[int, int, list[int]]) -> list[Path]:
    paths = []
    for number, total, items in pages:
        path = tmp_path / f"page-{number}.json"
        documents = [_document(item) for item in items]
        path.write_text(json.dumps({"total": total, "page": number, "size": 2, "items": documents}), encoding="utf-8")
        paths.append(path)
    return paths


def _document(number: int) -> dict[str, str]:
    return {
        "MaVanBan": f"VB{number}", "MaDonVi": "823", "SoVanBan": "12", "KyHieu": "UBND-VP", "DoMat": "Thường",
        "NgayBanHanh": "2023-01-05", "PhamViNhan": "BenNgoai", "HinhThuc": "DienTu", "TrangThai": "PhatHanh",
        "NgayCapNhat": "2023-01-05T08:10:00+07:00",
    }  # fmt: skip


def test_pages_add_up_to_their_total(migrated_warehouse, tmp_path) -> None:
    result = _stage(migrated_warehouse, DOCUMENTS, *_pages(tmp_path, (1, 3, [1, 2]), (2, 3, [3])))
    assert result.landed == 3
    query = "select _file, _row_no, document_id from inbound.ioffice__outgoing_documents__1 order by 1, 2"
    assert _rows(migrated_warehouse, query) == [(0, 1, "VB1"), (0, 2, "VB2"), (1, 1, "VB3")]


def test_a_lost_page_and_a_drifting_total_are_refused(migrated_warehouse, tmp_path) -> None:
    lost = _pages(tmp_path, (1, 5, [1, 2]), (2, 5, [3]))
    assert _refusal(migrated_warehouse, DOCUMENTS, *lost).code == "EGOV-LOAD-008"
    drifting = _pages(tmp_path, (1, 3, [1, 2]), (2, 4, [3, 4]))
    assert _refusal(migrated_warehouse, DOCUMENTS, *drifting).code == "EGOV-LOAD-014"


def test_a_failure_in_the_database_is_not_bad_data(migrated_warehouse, tmp_path, monkeypatch) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 1))
    monkeypatch.setattr(stage_module, "inbound_name", lambda contract, load_seq: "x" * 40)
    original = stage_module._create

    def without_table(cursor, contract, load_seq):
        original(cursor, contract, load_seq)
        cursor.execute('drop table inbound."' + "x" * 40 + '"')

    monkeypatch.setattr(stage_module, "_create", without_table)
    error = _refusal(migrated_warehouse, DOSSIERS, path)
    assert (error.code, error.exit_code) == ("EGOV-LOAD-015", 3)


def test_a_session_that_dies_while_copying_leaves_no_table(migrated_warehouse, tmp_path, monkeypatch) -> None:
    path = _csv(tmp_path, csv_text([DOSSIER_HEADERS, *(dossier(number) for number in range(50))], 50))

    def killing(cursor, contract, delivery, counts, table):
        query = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
        with connect("superuser", migrated_warehouse, autocommit=True) as connection:
            connection.execute(query + "and usename = 'egov_loader'")

    monkeypatch.setattr(stage_module, "_prove", killing)
    error = _refusal(migrated_warehouse, DOSSIERS, path)
    assert (error.code, error.exit_code) == ("EGOV-LOAD-015", 3)
    monkeypatch.undo()
    assert _stage(migrated_warehouse, DOSSIERS, path).data == 50


def test_only_the_loader_sees_inbound(migrated_warehouse, tmp_path) -> None:
    _stage(migrated_warehouse, DOSSIERS, _csv(tmp_path, csv_text([DOSSIER_HEADERS, dossier(1)], 1)))
    for role in ("builder", "publisher", "bi", "auditor", "custodian"):
        with connect(role, migrated_warehouse) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select 1 from inbound.one_stop__dossiers__1")


def test_signs_that_copy_would_read_otherwise_arrive_as_they_are(migrated_warehouse, tmp_path) -> None:
    """A backslash, a line break inside a cell and a word that looks like NULL; the digest is that of the text."""
    odd = ["Hộ\\tịch", "Hộ\ntịch", "\\N", "\\."]
    rows = [DOSSIER_HEADERS, *(dossier(number, **{"Lĩnh vực": field}) for number, field in enumerate(odd))]
    path = _csv(tmp_path, csv_text(rows, len(odd)))
    _stage(migrated_warehouse, DOSSIERS, path)
    query = "select field_name from inbound.one_stop__dossiers__1 where _kind = 'data' order by _row_no"
    assert [row[0] for row in _rows(migrated_warehouse, query)] == odd
    expression = row_digest_expression(get_contract(DOSSIERS), "i")
    computed = expression.removeprefix("coalesce(i._row_digest, ").removesuffix(")")
    differing = "select count(*) from inbound.one_stop__dossiers__1 as i where _kind = 'data' and _row_digest <> "
    differing += computed
    assert _rows(migrated_warehouse, differing) == [(0,)]
