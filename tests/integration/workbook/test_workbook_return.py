"""A unit's corrected return: what is loaded, what it closes, and what is refused before anything is loaded."""

from pathlib import Path
from typing import Any

import pytest
from killed import killed_at
from workbook_world import BAD_DATE, DAY, DOSSIERS, NO_KEY, edit, row_of

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.quarantine.workbook import export_workbook, load_return
from egov_kpi.settings import Settings

RULES = "Giá trị sai"


def _states(settings: Settings) -> dict[int, str]:
    """State of each refused row, by its number in the file."""
    with connect("auditor", settings) as conn:
        rows = conn.execute("select row_no, state from quarantine.one_stop__dossiers where load_seq = 1").fetchall()
    return {int(row): str(state) for row, state in rows}


def _one(settings: Settings, query: str, role: str = "auditor") -> Any:
    with connect(role, settings) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def book(refused: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "trả về 01846.xlsx"
    export_workbook(refused, "01846", None, path)
    return path


def _mend_both(page: Any, columns: dict[str, int]) -> None:
    wrong_date = row_of(page, columns, RULES, "Ngày tiếp nhận = 31/02/2023 08:30")
    no_key = row_of(page, columns, RULES, "Mã hồ sơ = (trống)")
    page.cell(wrong_date, columns["Ngày tiếp nhận"]).value = "28/02/2023 08:30"
    page.cell(wrong_date, columns["Ngày hẹn trả"]).value = "03/03/2023 17:00"
    page.cell(wrong_date, columns["Ngày kết thúc xử lý"]).value = "02/03/2023 17:00"
    page.cell(wrong_date, columns["Ngày trả kết quả"]).value = "02/03/2023 17:00"
    page.cell(no_key, columns["Mã hồ sơ"]).value = f"000.00.15.H58-230115-{NO_KEY:04}"


def test_a_return_is_one_load_and_closes_what_it_corrects(refused: Settings, book: Path) -> None:
    edit(book, _mend_both)
    (result,) = load_return(refused, book, DAY)
    assert (result["verdict"], result["account"]["accepted"], result["corrected"]) == ("accepted", 2, 2)
    states = _states(refused)
    assert (states[BAD_DATE], states[NO_KEY]) == ("corrected", "corrected"), "the one by its key, the other by its code"
    assert sorted(states.values()) == ["corrected", "corrected", "open", "open"]
    received = _one(
        refused, "select received_at from raw.one_stop__dossiers where load_seq = 2 order by 1 desc limit 1"
    )
    assert received.strftime("%d/%m/%Y %H:%M") == "28/02/2023 08:30"
    _assert_trace(refused, book)
    _assert_again_is_nothing(refused, book)


def _assert_trace(settings: Settings, book: Path) -> None:
    (landed,) = settings.landing_dir.glob(f"one_stop/dossiers/*/*/{book.name}")
    assert landed.read_bytes() == book.read_bytes() and landed.stat().st_mode & 0o777 == 0o600
    text = next(landed.parent.glob("*.csv")).read_text(encoding="utf-8")
    assert "=cmd|'/c calc'!A1" in text and "'=cmd" not in text, "our apostrophe goes, what was sent stays"


def _assert_again_is_nothing(settings: Settings, book: Path) -> None:
    before = _one(settings, "select max(event_no) from ledger.event")
    (again,) = load_return(settings, book, DAY)
    assert (again["verdict"], again["load_seq"]) == ("no_op", 2)
    assert _one(settings, "select max(event_no) from ledger.event") == before
    assert _one(settings, "select count(*) from quarantine.unexplained") == 0


@pytest.mark.parametrize("moment", ["workbook_deliver._close", "workbook_return.take_in"])
def test_a_return_that_is_killed_is_finished_by_sending_it_again(refused: Settings, book: Path, moment: str) -> None:
    edit(book, _mend_both)
    with killed_at(f"egov_kpi.quarantine.{moment}"):
        load_return(refused, book, DAY)
    assert _states(refused)[NO_KEY] == "open"
    (result,) = load_return(refused, book, DAY)
    assert result["corrected"] == 2
    assert _one(refused, "select count(*) from ledger.load") == 2
    assert _states(refused)[NO_KEY] == _states(refused)[BAD_DATE] == "corrected"


def test_rows_sent_back_as_they_were_stay_open_and_are_told(refused: Settings, book: Path) -> None:
    def mend_one(page: Any, columns: dict[str, int]) -> None:
        no_key = row_of(page, columns, RULES, "Mã hồ sơ = (trống)")
        page.cell(no_key, columns["Mã hồ sơ"]).value = "000.00.15.H58-230115-9999"

    edit(book, mend_one)
    (result,) = load_return(refused, book, DAY)
    assert (result["account"]["accepted"], result["corrected"], len(result["untouched"])) == (1, 1, 1)
    assert _states(refused)[BAD_DATE] == "open"
    assert "still open" in " ".join(result["notices"])


def test_a_row_that_is_wrong_again_is_open_again(refused: Settings, book: Path) -> None:
    def mend_badly(page: Any, columns: dict[str, int]) -> None:
        _mend_both(page, columns)
        wrong_date = row_of(page, columns, "Ngày tiếp nhận", "28/02/2023 08:30")
        page.cell(wrong_date, columns["Ngày tiếp nhận"]).value = "30/02/2023 08:30"

    edit(book, mend_badly)
    (result,) = load_return(refused, book, DAY)
    assert (result["verdict"], result["account"]["accepted"], result["account"]["quarantined"]) == ("quarantined", 1, 1)
    assert _states(refused)[BAD_DATE] == "open"


def _drop_code(page: Any, columns: dict[str, int]) -> None:
    page.cell(2, columns["Mã dòng cách ly"]).value = None


def _foreign_code(page: Any, columns: dict[str, int]) -> None:
    page.cell(2, columns["Mã dòng cách ly"]).value = f"{DOSSIERS}:999999"


def _same_code(page: Any, columns: dict[str, int]) -> None:
    page.cell(3, columns["Mã dòng cách ly"]).value = page.cell(2, columns["Mã dòng cách ly"]).value


def _empty_row(page: Any, columns: dict[str, int]) -> None:
    for column in range(columns["Giá trị sai"] + 1, page.max_column + 1):
        page.cell(2, column).value = None


def _swapped_codes(page: Any, columns: dict[str, int]) -> None:
    first, second = page.cell(2, columns["Mã dòng cách ly"]), page.cell(3, columns["Mã dòng cách ly"])
    first.value, second.value = second.value, first.value


def _formula(page: Any, columns: dict[str, int]) -> None:
    page.cell(2, columns["Ngày tiếp nhận"]).value = "=TODAY()"


def _lost_column(page: Any, columns: dict[str, int]) -> None:
    page.delete_cols(columns["Số giấy tờ"])


def _lost_codes(page: Any, columns: dict[str, int]) -> None:
    page.delete_cols(columns["Mã dòng cách ly"])


WRONG = {
    "EGOV-BOOK-011": _lost_codes,
    "EGOV-BOOK-012": _drop_code,
    "EGOV-BOOK-013": _foreign_code,
    "EGOV-BOOK-014": _same_code,
    "EGOV-BOOK-015": _empty_row,
    "EGOV-BOOK-016": _swapped_codes,
    "EGOV-BOOK-017": _formula,
    "EGOV-BOOK-018": _lost_column,
}


def test_a_return_that_does_not_fit_loads_nothing(refused: Settings, book: Path) -> None:
    sent_out = book.read_bytes()
    before = _one(refused, "select max(event_no) from ledger.event")
    seen = {}
    for code, wrong in WRONG.items():
        book.write_bytes(sent_out)
        edit(book, wrong)
        with pytest.raises(EgovError) as caught:
            load_return(refused, book, DAY)
        seen[code] = caught.value.code
    assert seen == {code: code for code in WRONG}
    assert _one(refused, "select max(event_no) from ledger.event") == before
    assert set(_states(refused).values()) == {"open"}


def test_what_is_no_workbook_is_refused(migrated_warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "trả về.xlsx"
    path.write_text("Mã dòng cách ly;Mã hồ sơ\n", encoding="utf-8")
    with pytest.raises(EgovError, match="EGOV-BOOK-010"):
        load_return(migrated_warehouse, path, DAY)
