"""Workbooks: one named sheet, read by calamine, every cell turned into the text that its contract expects.

Row numbers are those of the sheet. Dates arrive as dates, as moments or as bare serial numbers and leave in the
column's format. A formula without a stored result, and a cell that shows an error, reads as empty everywhere: both are
found in the sheet's XML and marked, so that the gate refuses the row instead of taking it for a blank.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from xml.etree.ElementTree import iterparse

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from egov_kpi.contracts.model import Column, Contract, header_key
from egov_kpi.contracts.rules import STRFTIME
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import LandedFile
from egov_kpi.load.batches import CHUNK_ROWS, Chunk, FileCount, chunk_of_rows, structural_chunk
from egov_kpi.load.headers import SEARCHED_ROWS, find_layout
from egov_kpi.load.structure import is_heading, is_numbering, read_total, total_labels
from egov_kpi.load.text import clean
from egov_kpi.load.unread import UNREAD_CELL as UNREAD_CELL

# Days since this date are what a workbook stores; the day that 1900 lacked is counted. Serials of 1954 to 2173.
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_SERIALS = (20_000, 100_000)
_UNREAD_HINT = re.compile(rb"<(?:\w+:)?f[\s>/]|t=[\"']e[\"']")
# A document type is where entity bombs live; no writer of workbooks needs one.
_DOCTYPE = b"<!DOCTYPE"
_READ_BYTES = 1 << 20

Row = list[Any]


class WorkbookFile:
    """The sheet of one landed workbook; `count` is final when the last chunk has been taken."""

    def __init__(self, contract: Contract, file: LandedFile) -> None:
        self.contract = contract
        self.file = file
        self.count = FileCount()
        self.sheet, sheet = self._open()
        self._rows = sheet.iter_rows()
        self._unread, self._epoch = _unread_cells(file, self.sheet)
        self._labels = total_labels(contract)
        self._head = list(islice(self._rows, SEARCHED_ROWS + 3))
        self._layout = find_layout([_texts(row) for row in self._head], contract, file.name, self.sheet)
        self.count.added.update(dict.fromkeys(self._layout.added))

    def chunks(self) -> Iterator[Chunk]:
        start = self._layout.last + 1
        above = [place for place in range(self._layout.first) if any(_texts(self._head[place]))]
        if start < len(self._head) and is_numbering(_texts(self._head[start])):
            above.append(start)
            start += 1
        if above:
            yield structural_chunk([place + 1 for place in above])
        numbered = enumerate([*self._head[start:]], start + 1)
        yield from self._chunks(numbered)
        yield from self._chunks(enumerate(self._rows, len(self._head) + 1))

    def _open(self) -> tuple[str, CalamineSheet]:
        """The sheet that the contract names; EGOV-LOAD-010 with those that there are."""
        try:
            workbook = CalamineWorkbook.from_path(str(self.file.path))
            wanted = header_key(self.contract.sheet or "")
            for name in workbook.sheet_names:
                if header_key(name) == wanted:
                    return name, workbook.get_sheet_by_name(name)
        except CalamineError as error:
            raise EgovError("EGOV-LOAD-013", file=self.file.name, detail="XLSX") from error
        names = ", ".join(workbook.sheet_names)
        raise EgovError("EGOV-LOAD-010", file=self.file.name, sheet=self.contract.sheet, found=names)

    def _chunks(self, numbered: Iterator[tuple[int, Row]]) -> Iterator[Chunk]:
        while taken := list(islice(numbered, CHUNK_ROWS)):
            filled = [(number, row) for number, row in taken if any(value != "" for value in row)]
            structural = [self._is_structural(row) for _, row in filled]
            rows = [self._cells(number, row) for number, row in filled]
            yield chunk_of_rows(self._layout, rows, [number for number, _ in filled], structural)

    def _cells(self, number: int, row: Row) -> list[str | None]:
        cells: list[str | None] = [None] * self._layout.width
        for place, column in enumerate(self._layout.columns):
            if column is None:
                continue
            if (number, place) in self._unread:
                cells[place] = UNREAD_CELL
            elif row[place] != "" or column.is_secret_marker:
                cells[place] = cell_text(row[place], column, self._epoch)
        return cells

    def _is_structural(self, row: Row) -> bool:
        """A total, which is remembered, or a heading or subtotal as the contract names them."""
        first = next((value for value in row if value != ""), "")
        if not isinstance(first, str):
            return False
        cells = _texts(row)
        if not self._layout.lacks_required(cells):
            return False
        total = read_total(cells, self._labels)
        if total is None:
            return is_heading(first, self.contract)
        self.count.total = total
        column = None if total.position is None else self._layout.columns[total.position]
        self.count.total_column = column.name if column else None
        return True


def cell_text(value: Any, column: Column | None, epoch: datetime = _EPOCH) -> str:
    """A cell as the text that an export of the column would hold."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return _date_text(value, column)
    if isinstance(value, float | int):
        return _number_text(value, column, epoch)
    return value.isoformat() if isinstance(value, time) else str(value)


def _number_text(value: float, column: Column | None, epoch: datetime) -> str:
    is_date = column is not None and column.type in ("date", "timestamp")
    if is_date and _SERIALS[0] <= value < _SERIALS[1]:
        return _date_text(epoch + timedelta(days=value), column)
    text = str(int(value)) if float(value).is_integer() else format(Decimal(repr(value)), "f")
    return text.replace(".", ",") if column is not None and column.format == "0,0" else text


def _date_text(value: date, column: Column | None) -> str:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    # A serial is a fraction of a day: 10:09 is stored as 10:08:59.9997.
    moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    pattern = STRFTIME.get(column.format or "") if column is not None else None
    return moment.strftime(pattern) if pattern else moment.isoformat(sep=" ")


def _texts(row: Row) -> list[str | None]:
    return [None if value == "" else clean(cell_text(value, None)) for value in row]


def _unread_cells(file: LandedFile, sheet: str) -> tuple[set[tuple[int, int]], datetime]:
    """Cells (row from 1, column from 0) that hold a formula without result or an error; and the sheet's epoch."""
    with zipfile.ZipFile(file.path) as archive:
        workbook = _document(archive, "xl/workbook.xml", file)
        relations = _document(archive, "xl/_rels/workbook.xml.rels", file)
        member = _member_of(workbook, relations, sheet)
        is_1904 = re.search(rb"date1904=[\"'](1|true)[\"']", workbook) is not None
        epoch = _EPOCH_1904 if is_1904 else _EPOCH
        if not _may_have_unread(archive, member, file):
            return set(), epoch
        with archive.open(member) as stream:
            return set(_read_unread(stream)), epoch


def _document(archive: zipfile.ZipFile, member: str, file: LandedFile) -> bytes:
    content = archive.read(member)
    if _DOCTYPE in content:
        raise EgovError("EGOV-LOAD-013", file=file.name, detail="XLSX: DOCTYPE")
    return content


def _member_of(workbook: bytes, relations: bytes, sheet: str) -> str:
    """Path of a sheet's XML inside the archive."""
    targets = {item.get("Id"): item.get("Target", "") for item in _elements(relations, "Relationship")}
    for item in _elements(workbook, "sheet"):
        if item.get("name") == sheet:
            relation = next((value for name, value in item.items() if name.endswith("}id")), None)
            target = str(targets[relation])
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def _elements(document: bytes, name: str) -> Iterator[Any]:
    for _, element in iterparse(io.BytesIO(document)):  # noqa: S314 (no document type gets this far)
        if element.tag.rpartition("}")[2] == name:
            yield element


def _may_have_unread(archive: zipfile.ZipFile, member: str, file: LandedFile) -> bool:
    """A quick look at the bytes: most exports have no formula and no error at all."""
    tail, found = b"", False
    with archive.open(member) as stream:
        while chunk := stream.read(_READ_BYTES):
            if _DOCTYPE in tail + chunk:
                raise EgovError("EGOV-LOAD-013", file=file.name, detail="XLSX: DOCTYPE")
            found = found or _UNREAD_HINT.search(tail + chunk) is not None
            tail = chunk[-32:]
    return found


def _read_unread(stream: Any) -> Iterator[tuple[int, int]]:
    for _, element in iterparse(stream):  # noqa: S314 (no document type gets this far)
        name = element.tag.rpartition("}")[2]
        if name == "c" and _is_unread(element):
            yield _place(element.get("r", "A1"))
        if name == "row":
            element.clear()


def _is_unread(cell: Any) -> bool:
    parts = {part.tag.rpartition("}")[2]: part.text for part in cell}
    return cell.get("t") == "e" or ("f" in parts and not parts.get("v"))


def _place(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[len(letters) :]), column - 1
