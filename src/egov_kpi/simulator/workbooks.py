"""Workbooks with the same bytes every time: openpyxl stamps the clock into two places, and both are taken out."""

import io
import zipfile

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_EPOCH = (2023, 1, 1, 0, 0, 0)
_CORE = "docProps/core.xml"
_CORE_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><cp:coreProperties'
    ' xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)
_DATE_FORMAT = "dd/mm/yyyy"


def workbook_bytes(rows: pd.DataFrame, sheet: str, titles: list[str], total: str) -> bytes:
    """A sheet with title rows, one header row, the rows, and a total row with their count. Dates become date cells."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for title in titles:
        page.append([title])
    page.append(list(rows.columns))
    for values in rows.itertuples(index=False):
        page.append([_cell(page, value) for value in values])
    page.append([total, len(rows)])
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def form_bytes(sheet: str, titles: list[str], header: list[tuple[str, str]], lines: list[list[object]]) -> bytes:
    """A form: title rows, a header of two lines, a row that numbers the columns, and the lines as they are.

    `header` has what stands above and below for each column; columns with one text above share a merged cell, a column
    with nothing below is merged downwards.
    """
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for title in titles:
        page.append([title])
    top = len(titles) + 1
    above = [name for name, _ in header]
    page.append([name if name not in above[:place] else None for place, name in enumerate(above)])
    page.append([below or None for _, below in header])
    page.append([f"({number})" for number in range(1, len(header) + 1)])
    for place, (name, below) in enumerate(header, start=1):
        if not below:
            page.merge_cells(start_row=top, end_row=top + 1, start_column=place, end_column=place)
        elif above.index(name) == place - 1:
            width = above.count(name)
            page.merge_cells(start_row=top, end_row=top, start_column=place, end_column=place + width - 1)
    for line in lines:
        page.append([value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in line])
    for row in page.iter_rows(min_row=top + 3):
        for cell in row:
            if cell.is_date:
                cell.number_format = _DATE_FORMAT
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _cell(page: WriteOnlyWorksheet, value: object) -> object:
    """Text and numbers as they are, nothing for a missing value, a formatted date cell for a date."""
    if value is None or value is pd.NaT:
        return None
    if not isinstance(value, pd.Timestamp):
        return value
    cell = WriteOnlyCell(page, value=value.to_pydatetime())
    cell.number_format = _DATE_FORMAT
    return cell


def _without_clock(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = _CORE_XML.encode() if entry.filename == _CORE else old.read(entry)
            stamped = zipfile.ZipInfo(entry.filename, date_time=_EPOCH)
            stamped.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(stamped, data)
    return packed.getvalue()
