"""CSV exports: streamed by pyarrow, a block at a time, whatever their size.

The row number of a CSV row is that of its record in the file, titles and header included, as a spreadsheet would show
it. pyarrow is lenient about quotes; what it read is therefore held against the file's line feeds, and where the two
disagree the whole file is read once more by a strict parser.
"""

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from egov_kpi.contracts.model import Contract
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import LandedFile
from egov_kpi.load.batches import Chunk, FileCount, structural_chunk
from egov_kpi.load.encoding import HEAD_BYTES, NotUtf8, Utf8Stream, detect_codec
from egov_kpi.load.headers import SEARCHED_ROWS, Layout, find_layout, search_layout
from egov_kpi.load.prefetch import Prefetched
from egov_kpi.load.structure import TOTAL_CANDIDATE, is_numbering, read_total, total_labels
from egov_kpi.load.text import clean, clean_array

DELIMITERS = (";", ",", "\t", "|")
BLOCK_BYTES = 4 << 20
# A value longer than this is a quote that nobody closed.
csv.field_size_limit(1 << 24)


@dataclass(frozen=True)
class _Head:
    """The first records of a file: where data begins (records and UTF-8 bytes) and what stands before it."""

    layout: Layout
    delimiter: str
    records: int
    bytes: int
    structural: list[int]


@dataclass
class _Odd:
    """Records whose number of cells is not the header's and that are no fault: total lines cut short."""

    totals: dict[int, list[str]] = field(default_factory=dict)


_BYTES = pa.binary()


class CsvFile:
    """One landed CSV file, read once; `count` is final when the last chunk has been taken."""

    def __init__(self, contract: Contract, file: LandedFile) -> None:
        self.contract = contract
        self.file = file
        self.count = FileCount()
        self._labels = total_labels(contract)
        self._codec, self._bom = detect_codec(file.path, file.name)
        self._head = self._read_head()
        self._odd = _Odd()
        self.count.added.update(dict.fromkeys(self._head.layout.added))

    def chunks(self) -> Iterator[Chunk]:
        if self._head.structural:
            yield structural_chunk(self._head.structural)
        with Utf8Stream(self.file.path, self.file.name, self._codec, self._bom, prove=True) as stream:
            stream.skip(self._head.bytes)
            records = yield from self._data(stream)
            lines = stream.line_feeds + (not stream.ends_with_line_feed)
            if stream.quotes % 2 or lines != records:
                self._read_strictly()

    def _read_head(self) -> _Head:
        with Utf8Stream(self.file.path, self.file.name, self._codec, self._bom) as stream:
            text = _read_text(stream, HEAD_BYTES)
        best = max(DELIMITERS, key=lambda delimiter: self._known(text, delimiter))
        records, ends = _records(text, best, SEARCHED_ROWS + 3)
        layout = find_layout(records, self.contract, self.file.name)
        numbering = layout.last + 1
        has_numbering = numbering < len(records) and is_numbering(records[numbering])
        last = numbering if has_numbering else layout.last
        titles = [place for place in range(layout.first) if any(records[place])]
        structural = [place + 1 for place in titles + [numbering] * has_numbering]
        return _Head(layout, best, last + 1, ends[last], structural)

    def _known(self, text: str, delimiter: str) -> int:
        layout = search_layout(_records(text, delimiter, SEARCHED_ROWS)[0], self.contract)
        return len(layout.positions) if layout else 0

    def _data(self, stream: Utf8Stream) -> Generator[Chunk, None, int]:
        """Chunks of the records behind the header; returns how many records there were, blank and odd ones included."""
        record = 0
        try:
            # Parsing needs no interpreter lock, hashing does little else than hold it.
            with Prefetched(iter(self._open(stream))) as batches:
                for batch in batches:
                    numbers = self._numbers(record, batch.num_rows)
                    record = int(numbers[-1]) if len(numbers) else record
                    yield self._chunk(batch, numbers)
        except NotUtf8:
            self._refuse_encoding()
        except pa.ArrowInvalid as error:
            self._refuse(error)
        self._take_odd_totals()
        if self._odd.totals:
            yield structural_chunk([self._head.records + place for place in sorted(self._odd.totals)])
        return max([record, *self._odd.totals])

    def _open(self, stream: Utf8Stream, cell_type: pa.DataType = _BYTES) -> Iterable[pa.RecordBatch]:
        names = [str(place) for place in range(self._head.layout.width)]
        if not (first := stream.read(BLOCK_BYTES)):
            return ()
        reader: Iterable[pa.RecordBatch] = pa_csv.open_csv(
            _Rejoined(first, stream),
            # One thread: only then does pyarrow know the numbers of odd records; Postgres needs the other core.
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._head.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=self._on_odd_record,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, cell_type),
                include_columns=[str(place) for place in self._wanted()],
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        return reader

    def _wanted(self) -> list[int]:
        """Kept columns, the secrecy marker, and the first two cells: there stand a total's label and its number."""
        layout = self._head.layout
        kept = {
            layout.positions[column.name] for column in self.contract.kept_columns if column.name in layout.positions
        }
        secret = set() if layout.secret_position is None else {layout.secret_position}
        return sorted(kept | secret | set(range(min(2, layout.width))))

    def _on_odd_record(self, row: pa_csv.InvalidRow) -> str:
        cells = next(iter(_records(row.text, self._head.delimiter, 1)[0]), [])
        if row.actual_columns < row.expected_columns and read_total(cells, self._labels):
            self._odd.totals[row.number] = [cell or "" for cell in cells]
            return "skip"
        return "error"

    def _numbers(self, last: int, rows: int) -> np.ndarray:
        """Numbers of the next records behind the header, past those that were set aside."""
        odd = np.array(sorted(self._odd.totals), dtype=np.int64)
        numbers = np.arange(last + 1, last + 1 + rows + len(odd), dtype=np.int64)
        return numbers[~np.isin(numbers, odd)][:rows]

    def _chunk(self, batch: pa.RecordBatch, numbers: np.ndarray) -> Chunk:
        layout = self._head.layout
        # The stream has proven its bytes to be text.
        by_place = {int(name): batch.column(place).view(pa.string()) for place, name in enumerate(batch.schema.names)}
        structural = self._structural(by_place, batch.num_rows)
        names = [column.name for column in self.contract.kept_columns if column.name in layout.positions]
        secret = layout.secret_position
        return Chunk(
            {name: by_place[layout.positions[name]] for name in names},
            pa.array(numbers + self._head.records),
            structural,
            None if secret is None else pc.fill_null(by_place[secret], ""),
        )

    def _structural(self, by_place: dict[int, pa.Array], rows: int) -> np.ndarray | None:
        """Totals and blank lines among the rows; None, as nearly always, when there are none."""
        found = np.zeros(rows, dtype=bool)
        for row in self._candidates(by_place):
            cells: list[str | None] = [None] * self._head.layout.width
            for place, values in by_place.items():
                cells[place] = clean(values[row].as_py() or "")
            found[row] = not any(cells) or self._is_total(cells)
        return found if found.any() else None

    def _candidates(self, by_place: dict[int, pa.Array]) -> list[int]:
        """Rows worth a look cell by cell: a total's label in the first cell, or nothing there and a label elsewhere."""
        first = by_place[0]
        candidates = _is_labelled(first)
        if first.null_count:
            empty = pc.is_null(first)
            others = [_is_labelled(values) for values in by_place.values()]
            blank = reduce(pc.and_, [pc.is_null(values) for values in by_place.values()])
            candidates = pc.or_(candidates, pc.and_(empty, pc.or_(reduce(pc.or_, others), blank)))
        if not pc.any(candidates).as_py():
            return []
        return [int(row) for row in np.flatnonzero(candidates.to_numpy(zero_copy_only=False))]

    def _is_total(self, cells: list[str | None]) -> bool:
        total = read_total(cells, self._labels)
        if total is None or not self._head.layout.lacks_required(cells):
            return False
        self.count.total = total
        self.count.total_column = self._column_at(total.position)
        return True

    def _take_odd_totals(self) -> None:
        for place in sorted(self._odd.totals):
            self.count.total = read_total(self._odd.totals[place], self._labels)
            self.count.total_column = self._column_at(self.count.total.position if self.count.total else None)

    def _column_at(self, position: int | None) -> str | None:
        column = (
            None if position is None or position >= self._head.layout.width else self._head.layout.columns[position]
        )
        return column.name if column else None

    def _refuse_encoding(self) -> None:
        """Read once more, value by value, to say in which row the bytes are that are no text."""
        with Utf8Stream(self.file.path, self.file.name, self._codec, self._bom) as stream:
            stream.skip(self._head.bytes)
            try:
                for _ in self._open(stream, pa.string()):
                    pass
            except pa.ArrowInvalid as error:
                self._refuse(error)
        raise EgovError("EGOV-LOAD-005", file=self.file.name, row="?", detail="UTF-8")

    def _refuse(self, error: pa.ArrowInvalid) -> None:
        """Say what pyarrow stumbled over: a byte that is no UTF-8, a quote, or a line with a wrong number of cells."""
        if "UTF8" in str(error):
            place = re.search(r"Row #(\d+)", str(error))
            row = self._head.records + int(place[1]) if place else "?"
            raise EgovError("EGOV-LOAD-005", file=self.file.name, row=row, detail="UTF-8") from error
        self._read_strictly()
        raise EgovError("EGOV-LOAD-013", file=self.file.name, detail="CSV") from error

    def _read_strictly(self) -> None:
        """Read all records by the letter of the format; EGOV-LOAD-006 for a quote that is not closed."""
        with Utf8Stream(self.file.path, self.file.name, self._codec, self._bom) as stream:
            text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline="")
            records, number = csv.reader(text, delimiter=self._head.delimiter, strict=True), 0
            try:
                for record in records:
                    number += 1
                    self._refuse_odd(number, record)
            except csv.Error as error:
                raise EgovError("EGOV-LOAD-006", file=self.file.name, row=number + 1) from error

    def _refuse_odd(self, number: int, record: list[str]) -> None:
        odd = number > self._head.records and record and len(record) != self._head.layout.width
        if odd and not (len(record) < self._head.layout.width and read_total(record, self._labels)):
            expected = self._head.layout.width
            raise EgovError("EGOV-LOAD-007", file=self.file.name, row=number, found=len(record), expected=expected)


def _is_labelled(values: pa.Array) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(clean_array(values), TOTAL_CANDIDATE), False)


class _Rejoined(io.RawIOBase):
    """A stream whose first block was read to see whether there is any."""

    def __init__(self, first: bytes, rest: Utf8Stream) -> None:
        super().__init__()
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._first:
            return self._rest.read(size)
        block, self._first = (self._first, b"") if size < 0 else (self._first[:size], self._first[size:])
        return block


def _read_text(stream: Utf8Stream, size: int) -> str:
    blocks = b""
    while len(blocks) < size and (block := stream.read(size)):
        blocks += block
    return blocks.decode("utf-8", errors="ignore")


def _records(text: str, delimiter: str, limit: int) -> tuple[list[list[str | None]], list[int]]:
    """The first records with cleaned cells, and the UTF-8 length of the text up to the end of each."""
    taken: list[str] = []
    reader = csv.reader(_taking(text, taken), delimiter=delimiter)
    records: list[list[str | None]] = []
    ends: list[int] = []
    for record in reader:
        records.append([clean(cell) for cell in record])
        ends.append(sum(len(line.encode()) for line in taken))
        if len(records) == limit:
            break
    return records, ends


def _taking(text: str, taken: list[str]) -> Iterator[str]:
    """Lines of a text, each noted when the reader asks for it."""
    for line in io.StringIO(text, newline=""):
        taken.append(line)
        yield line
