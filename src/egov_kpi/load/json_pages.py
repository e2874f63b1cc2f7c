"""JSON pages of an interface: a list of items, or an object that holds one and declares the total of all pages.

The row number of an item is its place in the landed page, from 1. Numbers keep the digits that were sent.
"""

import json
from collections.abc import Iterator
from typing import Any

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import LandedFile
from egov_kpi.load.batches import CHUNK_ROWS, Chunk, FileCount, chunk_of_rows
from egov_kpi.load.headers import Layout, nearest, refuse_missing

ITEMS = "items"


class JsonFile:
    """One landed page; `count` is final when the last chunk has been taken."""

    def __init__(self, contract: Contract, file: LandedFile) -> None:
        self.contract = contract
        self.file = file
        self.count = FileCount()
        self._items = self._read()

    def chunks(self) -> Iterator[Chunk]:
        if not self._items:
            return
        layout = self._layout()
        self.count.added.update(dict.fromkeys(layout.added))
        for start in range(0, len(self._items), CHUNK_ROWS):
            items = self._items[start : start + CHUNK_ROWS]
            rows = [[_text(item.get(name)) for name in layout.headers] for item in items]
            numbers = list(range(start + 1, start + 1 + len(items)))
            yield chunk_of_rows(layout, rows, numbers, [False] * len(items))

    def _read(self) -> list[dict[str, Any]]:
        try:
            text = self.file.path.read_text(encoding="utf-8-sig")
            document = json.loads(text, parse_int=str, parse_float=str)
        except (UnicodeDecodeError, ValueError):
            # The parser's own message would quote the text around the fault.
            raise EgovError("EGOV-LOAD-013", file=self.file.name, detail="JSON") from None
        items = document.get(ITEMS) if isinstance(document, dict) else document
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise EgovError("EGOV-LOAD-013", file=self.file.name, detail=f"JSON: {ITEMS}")
        if isinstance(document, dict):
            self.count.declared = self._integer(document, self.contract.declared_total or "total")
            self.count.page = self._integer(document, "page")
        return items

    def _integer(self, document: dict[str, Any], name: str) -> int | None:
        value = document.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value.isdigit():
            raise EgovError("EGOV-LOAD-013", file=self.file.name, detail=f"JSON: {name}")
        return int(value)

    def _layout(self) -> Layout:
        """Columns by the names used anywhere in the page: an item may leave out what is empty in it."""
        names = list(dict.fromkeys(name for item in self._items for name in item))
        columns = [self.contract.column_of_header(name) for name in names]
        layout = Layout(self.contract, tuple(names), tuple(columns), 0, 0)
        wanted = [
            column
            for column in self.contract.columns
            if (column.is_kept or column.is_secret_marker) and (column.required or nearest(column, layout.added))
        ]
        refuse_missing(wanted, layout.positions, layout.added, self.contract, self.file.name, "")
        return layout


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
