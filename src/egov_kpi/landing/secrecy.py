"""Cut secret rows out of a stream before they reach a disk.

JSON pages and CSV lose the rows and keep every other byte as it was sent. A workbook can't be cut without writing it
anew, so one that holds a secret row is refused whole. A stream without a readable marker is refused too: what
nobody has marked may be secret.
"""

import codecs
import csv
import io
import json
from typing import Any, Protocol

from egov_kpi.contracts.model import Column, Contract, FileFormat, header_key
from egov_kpi.errors import EgovError
from egov_kpi.landing.identify import check_workbook

MAX_BUFFERED_BYTES = 256 * 1024**2
HEADER_WITHIN_ROWS = 30
DELIMITERS = (";", ",", "\t", "|")


class RowFilter(Protocol):
    """Takes received bytes, gives bytes to land; `withheld` is final after `finish`."""

    withheld: int

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


def row_filter(contract: Contract, file_format: FileFormat, name: str) -> RowFilter:
    """The filter of a dataset: none for those that have no secrecy marker."""
    if contract.secret_column is None:
        return _Pass()
    if file_format == "csv":
        return CsvFilter(contract, name)
    return JsonFilter(contract, name) if file_format == "json" else WorkbookFilter(contract, name)


class _Pass:
    withheld = 0

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""


class _Buffered:
    """Holds a file in memory until it is whole: nothing of it is on disk before it has been judged."""

    def __init__(self, contract: Contract, name: str) -> None:
        self.contract = contract
        self.name = name
        self.withheld = 0
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        self._buffer += chunk
        if len(self._buffer) > MAX_BUFFERED_BYTES:
            raise EgovError("EGOV-LAND-006", file=self.name, detail=f"> {MAX_BUFFERED_BYTES} bytes")
        return b""


class JsonFilter(_Buffered):
    """Cuts secret items out of a page, leaving the text of the others untouched."""

    def finish(self) -> bytes:
        text = self._text()
        kept: list[tuple[int, int]] = []
        spans = self._spans(text)
        for item, start, end in spans:
            if self._is_secret(item):
                self.withheld += 1
            else:
                kept.append((start, end))
        if not self.withheld:
            return bytes(self._buffer)
        inside = ",".join(text[start:end] for start, end in kept)
        return (text[: spans[0][1]] + inside + text[spans[-1][2] :]).encode()

    def _text(self) -> str:
        try:
            return bytes(self._buffer).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise EgovError("EGOV-LAND-010", file=self.name, detail="not UTF-8") from error

    def _spans(self, text: str) -> list[tuple[Any, int, int]]:
        try:
            return item_spans(text)
        except (ValueError, IndexError) as error:
            # The parser's own message quotes the text around the fault: it stays out of ours.
            raise EgovError("EGOV-LAND-010", file=self.name, detail=type(error).__name__) from None

    def _is_secret(self, item: Any) -> bool:
        column = _marker(self.contract)
        for field in item if isinstance(item, dict) else ():
            if header_key(field) in column.header_keys:
                value = item[field]
                return column.is_secret(value if isinstance(value, str) else None)
        raise EgovError("EGOV-LAND-009", file=self.name, column=column.title_vi)


class CsvFilter:
    """Cuts secret records out of a CSV stream; quoted line breaks belong to their record."""

    def __init__(self, contract: Contract, name: str) -> None:
        self.contract = contract
        self.name = name
        self.withheld = 0
        self._codec: str | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._records_before_header = 0
        self._marker_index: int | None = None
        self._delimiter = ","
        self._head = b""

    def feed(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            self._head += chunk
            if len(self._head) < 64 * 1024:
                return b""
            chunk = self._start()
        return self._take(self._decode(chunk, final=False), final=False)

    def finish(self) -> bytes:
        chunk = self._start() if self._decoder is None else b""
        landed = self._take(self._decode(chunk, final=True), final=True)
        if self._marker_index is None:
            raise EgovError("EGOV-LAND-009", file=self.name, column=_marker(self.contract).title_vi)
        return landed

    def _start(self) -> bytes:
        self._codec = csv_codec(self._head)
        self._decoder = codecs.getincrementaldecoder(self._codec)()
        return self._head

    def _decode(self, chunk: bytes, final: bool) -> str:
        assert self._decoder is not None
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise EgovError("EGOV-LAND-010", file=self.name, detail=f"not {self._codec}") from error

    def _take(self, text: str, final: bool) -> bytes:
        kept: list[str] = []
        for record in self._records(text, final):
            if self._keeps(record):
                kept.append(record)
            else:
                self.withheld += 1
        return "".join(kept).encode(self._codec or "utf-8")

    def _records(self, text: str, final: bool) -> list[str]:
        """Whole records with their line ends; the unfinished rest waits for the next chunk."""
        records, pending = [], ""
        for line in _lines(self._text + text):
            pending += line
            if pending.endswith("\n") and pending.count('"') % 2 == 0:
                records.append(pending)
                pending = ""
        if final and pending:
            if pending.count('"') % 2:
                raise EgovError("EGOV-LAND-010", file=self.name, detail="unterminated quote")
            records.append(pending)
            pending = ""
        if len(pending) > MAX_BUFFERED_BYTES // 8:
            raise EgovError("EGOV-LAND-010", file=self.name, detail="unterminated quote")
        self._text = pending
        return records

    def _keeps(self, record: str) -> bool:
        if not record.strip():
            return True
        if self._marker_index is None:
            self._look_for_header(record)
            return True
        fields = split_record(record, self._delimiter)
        if is_total(fields, self.contract.total_row):
            return True
        value = fields[self._marker_index] if self._marker_index < len(fields) else None
        return not _marker(self.contract).is_secret(value)

    def _look_for_header(self, record: str) -> None:
        for delimiter in DELIMITERS:
            keys = [header_key(field) for field in split_record(record.lstrip("\ufeff"), delimiter)]
            for index, key in enumerate(keys):
                if key in _marker(self.contract).header_keys:
                    self._marker_index, self._delimiter = index, delimiter
                    return
        self._records_before_header += 1
        if self._records_before_header >= HEADER_WITHIN_ROWS:
            raise EgovError("EGOV-LAND-009", file=self.name, column=_marker(self.contract).title_vi)


class WorkbookFilter(_Buffered):
    """Lets a workbook through whole, or not at all."""

    def finish(self) -> bytes:
        # Imported late: few datasets have a marker, and fewer still come as workbooks.
        from python_calamine import CalamineError, CalamineWorkbook

        content = bytes(self._buffer)
        check_workbook(io.BytesIO(content), len(content), self.name)
        try:
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
            count = sum(self._secret_rows(workbook.get_sheet_by_name(name)) for name in workbook.sheet_names)
        except CalamineError as error:
            raise EgovError("EGOV-LAND-007", file=self.name, detail=type(error).__name__) from error
        if count:
            raise EgovError("EGOV-LAND-008", file=self.name, dataset=self.contract.id, count=count)
        return content

    def _secret_rows(self, sheet: Any) -> int:
        column = _marker(self.contract)
        index: int | None = None
        count = 0
        for row in sheet.iter_rows():
            fields = [str(cell) for cell in row]
            if index is None:
                index = next((i for i, field in enumerate(fields) if header_key(field) in column.header_keys), None)
            elif any(field.strip() for field in fields) and not is_total(fields, self.contract.total_row):
                count += column.is_secret(fields[index])
        if index is None and sheet.name == self.contract.sheet:
            raise EgovError("EGOV-LAND-009", file=self.name, column=column.title_vi)
        return count


def item_spans(text: str) -> list[tuple[Any, int, int]]:
    """The items of a page with their places in its text: of a list, or of the list named `items`."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    if text[at] == "[":
        return _array_spans(decoder, text, at)[0]
    return _object_spans(decoder, text, at)


def _object_spans(decoder: json.JSONDecoder, text: str, at: int) -> list[tuple[Any, int, int]]:
    spans: list[tuple[Any, int, int]] | None = None
    at = _skip(text, _after(text, at, "{"))
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _after(text, _skip(text, at), ":"))
        if key == "items":
            if spans is not None:
                raise ValueError("items twice")
            spans, at = _array_spans(decoder, text, at)
        else:
            _, at = decoder.raw_decode(text, at)
        at = _separator(text, at, "}")
    if spans is None or text[at + 1 :].strip():
        raise ValueError("no items, or text behind the page")
    return spans


def _array_spans(decoder: json.JSONDecoder, text: str, at: int) -> tuple[list[tuple[Any, int, int]], int]:
    spans = []
    at = _skip(text, _after(text, at, "["))
    while text[at] != "]":
        item, end = decoder.raw_decode(text, at)
        spans.append((item, at, end))
        at = _separator(text, end, "]")
    return spans, at + 1


def _separator(text: str, at: int, closing: str) -> int:
    """Past the comma to the next element, or at the closing bracket."""
    at = _skip(text, at)
    if text[at] == closing:
        return at
    return _skip(text, _after(text, at, ","))


def _after(text: str, at: int, expected: str) -> int:
    if text[at] != expected:
        raise ValueError(f"{expected} expected")
    return at + 1


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def csv_codec(head: bytes) -> str:
    """The encoding of a CSV export by its byte-order mark, else UTF-8, else Windows' Vietnamese code page.

    The mark stays in the text, so that what is written back is what came.
    """
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        return "cp1258"
    return "utf-8"


def split_record(record: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(record.strip("\r\n"), newline=""), delimiter=delimiter), [])


def is_total(fields: list[str], total_row: str | None) -> bool:
    first = next((field for field in fields if field.strip()), "")
    return total_row is not None and header_key(first).startswith(header_key(total_row))


def _marker(contract: Contract) -> Column:
    column = contract.secret_column
    assert column is not None
    return column


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends a line, unlike str.splitlines()."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
