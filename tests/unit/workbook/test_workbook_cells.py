"""What goes into a cell of the workbook and what comes back out of it."""

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.errors import catalogue
from egov_kpi.quarantine.workbook_cells import Sheet, plain_text, read_workbook, safe_text, value_text, write_workbook
from egov_kpi.quarantine.workbook_rows import vietnamese_header

ACTIVE = ["=1+1", "+84", "-5", "@sum", "\tx", "\rx", "\nx", "＝1", "'=1", "''"]


@pytest.mark.parametrize("text", ACTIVE)
def test_what_could_act_gets_an_apostrophe_and_loses_it_again(text: str) -> None:
    assert safe_text(text) == f"'{text}"
    assert plain_text(safe_text(text)) == text


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=50))
def test_any_text_comes_back_as_it_went(text: str) -> None:
    assert plain_text(safe_text(text)) == text
    assert safe_text(text)[:1] not in tuple("=+-@")


def test_an_apostrophe_that_somebody_typed_stays() -> None:
    assert plain_text("'s-Hertogenbosch") == "'s-Hertogenbosch"


def test_a_cell_takes_neither_control_characters_nor_a_book() -> None:
    assert safe_text("a\x08b") == "a\ufffdb"
    assert len(safe_text("=" * 40_000)) == 32_767


def test_a_date_that_a_spreadsheet_made_is_in_the_form_of_the_column() -> None:
    columns = {column.name: column for column in get_contract("one_stop.dossiers").columns}
    assert value_text(datetime(2023, 3, 4, 8, 30), columns["received_at"]) == "04/03/2023 08:30"
    assert value_text(date(2023, 3, 4), {c.name: c for c in get_contract("mail.accounts").columns}["issued_date"]) == (
        "04/03/2023"
    )
    assert (value_text(823, columns["agency_code"]), value_text(None, None)) == ("823", "")


def test_a_workbook_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, [Sheet("s", ["a", "b"], [["=1", "00123"], ["", ""], ["x\ny", "05/03/2023"]])])
    rows = {row.number: row.values for row in read_workbook(path)}
    assert rows == {1: ("a", "b"), 2: ("'=1", "00123"), 4: ("x\ny", "05/03/2023")}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_formula_is_named_whatever_its_result(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["a", "=1+1", "#N/A"])
    book.save(path)
    assert [row.formulas for row in read_workbook(path)] == [frozenset({1, 2})]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_workbook(tmp_path / "a.xlsx", [Sheet("[", ["a"], [])])
    assert list(tmp_path.iterdir()) == []


def test_a_return_is_read_by_the_headers_that_went_out() -> None:
    for contract in all_contracts().values():
        assert [contract.column_of_header(vietnamese_header(column)) for column in contract.columns] == list(
            contract.columns
        )


def test_every_error_of_the_workbook_has_four_texts() -> None:
    entries = {code: entry for code, entry in catalogue().items() if code.startswith("EGOV-BOOK-")}
    assert entries and all(set(entry) == {"exit", "vi", "en", "remedy_vi", "remedy_en"} for entry in entries.values())
