"""Rows of a landed file as the source sent them: every column, dropped and unknown ones included, nothing hashed.

Only the custodian's workbook and its return read landing this way. The readers of `egov_kpi.load` say where the header
stands and how rows are numbered, so a number here means the same row as a number in quarantine.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.landing.model import Delivery, LandedFile
from egov_kpi.landing.store import open_landed, read_delivery
from egov_kpi.load.csv_file import CsvFile
from egov_kpi.load.encoding import Utf8Stream
from egov_kpi.load.headers import Layout
from egov_kpi.load.json_pages import JsonFile
from egov_kpi.load.text import clean
from egov_kpi.load.workbook import UNREAD_CELL, WorkbookFile, cell_text
from egov_kpi.settings import Settings

# Everything that a landing file can hold in one cell was accepted when it landed.
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class SentRow:
    """One row of a landed file. `known` holds text per column of the contract, `added` per header that it lacks."""

    number: int
    known: dict[str, str]
    added: dict[str, str]


def landed_rows(
    settings: Settings, contract: Contract, content_digest: str, purpose: str
) -> Iterator[tuple[LandedFile, Iterator[SentRow]]]:
    """The files of a load with their rows. The opening is logged with its purpose, each digest is verified.

    EGOV-LAND-012 or -013 when landing has lost a file or holds another one.
    """
    delivery = _opened(settings, contract, content_digest, purpose)
    for file in delivery.files:
        yield file, sent_rows(contract, file)


def sent_rows(contract: Contract, file: LandedFile) -> Iterator[SentRow]:
    """Rows of one landed file below its header, totals and blank lines included."""
    if file.format == "csv":
        return _SentCsv(contract, file).sent()
    return _SentJson(contract, file).sent() if file.format == "json" else _SentWorkbook(contract, file).sent()


def _opened(settings: Settings, contract: Contract, content_digest: str, purpose: str) -> Delivery:
    delivery = read_delivery(settings, contract.id, content_digest)
    open_landed(delivery, purpose=purpose, verify_digest=True)
    return delivery


class _SentCsv(CsvFile):
    def sent(self) -> Iterator[SentRow]:
        names = _added_names(self._head.layout)
        with self._text() as text:
            for number, record in enumerate(csv.reader(text, delimiter=self._head.delimiter), 1):
                if number > self._head.records:
                    yield _row(self._head.layout, names, number, record)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        with Utf8Stream(self.file.path, self.file.name, self._codec, self._bom) as stream:
            yield io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline="")


class _SentJson(JsonFile):
    def sent(self) -> Iterator[SentRow]:
        for number, item in enumerate(self._items, 1):
            row = SentRow(number, {}, {})
            for name, value in item.items():
                column = self.contract.column_of_header(name)
                place, key = (row.added, name) if column is None else (row.known, column.name)
                place[key] = _json_text(value)
            yield row


class _SentWorkbook(WorkbookFile):
    def sent(self) -> Iterator[SentRow]:
        names = _added_names(self._layout)
        below = self._head[self._layout.last + 1 :]
        for number, cells in enumerate(below, self._layout.last + 2):
            yield _row(self._layout, names, number, self._cells_sent(number, cells))
        for number, cells in enumerate(self._rows, len(self._head) + 1):
            yield _row(self._layout, names, number, self._cells_sent(number, cells))

    def _cells_sent(self, number: int, row: Sequence[object]) -> list[str]:
        return [
            UNREAD_CELL if (number, place) in self._unread else cell_text(value, self._column(place), self._epoch)
            for place, value in enumerate(row)
        ]

    def _column(self, place: int) -> Column | None:
        return self._layout.columns[place] if place < self._layout.width else None


def _row(layout: Layout, names: Sequence[str], number: int, cells: Sequence[str]) -> SentRow:
    known, added = {}, {}
    for place, cell in enumerate(cells[: layout.width]):
        column = layout.columns[place]
        if column is not None:
            known[column.name] = cell
        elif names[place] or clean(cell):
            added[names[place] or f"(cột {place + 1})"] = cell
    return SentRow(number, known, added)


def _added_names(layout: Layout) -> list[str]:
    """Unknown headers, each with a name of its own: two may share one text, and some are empty."""
    names: list[str] = []
    for place, header in enumerate(layout.headers):
        taken = header in names or layout.columns[place] is not None
        names.append(f"{header} ({place + 1})" if header and taken else header)
    return names


def _json_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
