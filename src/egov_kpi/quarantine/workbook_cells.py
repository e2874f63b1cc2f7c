"""Cells of the workbook that goes to a unit and comes back: what is written can't act, what is read is text again.

A cell that a spreadsheet could take for a formula, here or after it was saved as CSV somewhere, gets an apostrophe in
front; reading takes exactly that apostrophe away. Everything is written as text, so that leading zeros and dates stay
what they are.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from egov_kpi.contracts.model import Column
from egov_kpi.load.workbook import cell_text

# What starts a formula in one spreadsheet or another (OWASP), the wide forms of an input method included.
_ACTIVE = "=+-@\t\r\n＝＋－＠"
_APOSTROPHE = "'"
MAX_ROWS = 1_048_575
MAX_CELL = 32_767

_BOLD = Font(bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_OURS = PatternFill("solid", fgColor="DDEBF7")
_WRONG = PatternFill("solid", fgColor="FFE699")


@dataclass(frozen=True)
class Sheet:
    """One sheet: a header and rows of text. `ours` counts the leading columns that are no data; `marked` names wrong
    cells by row and column, both from 0 below the header."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[str]]
    ours: int = 0
    marked: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class ReadRow:
    """One filled row of a sheet, cells as openpyxl gives them; `formulas` are the places that hold no value of their
    own."""

    sheet: str
    number: int
    values: tuple[Any, ...]
    formulas: frozenset[int]


def safe_text(text: str) -> str:
    """The text as a cell may hold it: no control character, not too long, nothing that starts a formula."""
    held = ILLEGAL_CHARACTERS_RE.sub("�", text)[:MAX_CELL]
    return f"{_APOSTROPHE}{held}"[:MAX_CELL] if held[:1] and held[0] in _ACTIVE + _APOSTROPHE else held


def plain_text(text: str) -> str:
    """The text of a cell without the apostrophe that `safe_text` set; one that somebody typed inside a word stays."""
    escaped = text[:1] == _APOSTROPHE and text[1:2] != "" and text[1] in _ACTIVE + _APOSTROPHE
    return text[1:] if escaped else text


def value_text(value: Any, column: Column | None) -> str:
    """A cell of a returned sheet as text; a date or number that a spreadsheet made of it in the column's form."""
    if value is None:
        return ""
    return plain_text(value) if isinstance(value, str) else cell_text(value, column)


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the sheets to a new file that only its owner may read; nothing is there before it is complete."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book, sheet)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            book.save(stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_workbook(path: Path) -> Iterator[ReadRow]:
    """Every filled row of every sheet. Formulas are named, not read: their result depends on who opened the file."""
    values, formulas = load_workbook(path, read_only=True, data_only=True), load_workbook(path, read_only=True)
    try:
        for title in values.sheetnames:
            # Some writers note a wrong size of the sheet; rows beyond it would silently be left out.
            values[title].reset_dimensions()
            formulas[title].reset_dimensions()
            both = zip(values[title].iter_rows(), formulas[title].iter_rows(), strict=True)
            for number, (shown, typed) in enumerate(both, 1):
                row = tuple(cell.value for cell in shown)
                active = frozenset(place for place, cell in enumerate(typed) if cell.data_type in ("f", "e"))
                if active or any(value not in (None, "") for value in row):
                    yield ReadRow(title, number, row, active)
    finally:
        values.close()
        formulas.close()


def _write_sheet(book: Workbook, sheet: Sheet) -> None:
    page = book.create_sheet(sheet.title)
    page.freeze_panes = f"{get_column_letter(min(sheet.ours, 1) + 1)}2"
    for place in range(len(sheet.header)):
        page.column_dimensions[get_column_letter(place + 1)].width = 34 if place < sheet.ours else 20
    page.append(
        [_cell(page, text, bold=True, fill=_OURS if at < sheet.ours else None) for at, text in enumerate(sheet.header)]
    )
    for number, row in enumerate(sheet.rows):
        page.append([_cell(page, text, fill=_fill(sheet, number, at)) for at, text in enumerate(row)])


def _fill(sheet: Sheet, row: int, place: int) -> PatternFill | None:
    if place < sheet.ours:
        return _OURS
    return _WRONG if (row, place) in sheet.marked else None


def _cell(page: Any, text: str, bold: bool = False, fill: PatternFill | None = None) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=safe_text(text))
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = _WRAPPED
    if bold:
        cell.font = _BOLD
    if fill is not None:
        cell.fill = fill
    return cell
