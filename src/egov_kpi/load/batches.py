"""From columns of text to record batches of an inbound table: cleaned, pseudonymised, structural rows emptied.

The readers of the formats hand over `Chunk`s; what is personal is hashed here, and what the contract drops never
comes this far.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.contracts.sql import inbound_columns
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import LandedFile
from egov_kpi.load.headers import Layout
from egov_kpi.load.pseudonym import pseudonyms
from egov_kpi.load.row_digest import row_digests
from egov_kpi.load.structure import Total
from egov_kpi.load.text import clean_array, respelled
from egov_kpi.load.unread import UNREAD_CELL
from egov_kpi.raw.digest import digest_columns

DATA, STRUCTURAL = "data", "structural"
CHUNK_ROWS = 20_000

_ARROW_TYPES = {"bigint": pa.int64(), "smallint": pa.int16(), "text": pa.string(), "bytea": pa.binary()}


@dataclass
class FileCount:
    """What one file turned out to hold. `total` is its last total row, `declared` what the file says of all pages."""

    data: int = 0
    structural: int = 0
    total: Total | None = None
    total_column: str | None = None
    declared: int | None = None
    page: int | None = None
    added: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of one file: text per kept column (absent: NULL), row numbers, and which rows are structural.

    `secrecy` is the marker as it was sent: an empty cell is empty text there, a value that is missing is null.
    """

    columns: dict[str, pa.Array]
    row_numbers: pa.Array
    structural: np.ndarray | None = None
    secrecy: pa.Array | None = None


def inbound_schema(contract: Contract) -> pa.Schema:
    return pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in inbound_columns(contract)])


@dataclass(frozen=True)
class Assembler:
    """Turns the chunks of one file into batches of its load's inbound table."""

    contract: Contract
    file: LandedFile
    file_no: int
    sheet: str
    key: bytes

    def batches(self, chunks: Iterable[Chunk], count: FileCount) -> Iterator[pa.RecordBatch]:
        schema = inbound_schema(self.contract)
        for chunk in chunks:
            rows = len(chunk.row_numbers)
            structural = 0 if chunk.structural is None else int(chunk.structural.sum())
            count.structural += structural
            count.data += rows - structural
            self._refuse_secret(chunk)
            names = [column.name for column in self.contract.kept_columns]
            kept = dict(zip(names, self._kept_columns(chunk), strict=True))
            digests = row_digests([kept[column.name] for column in digest_columns(self.contract)], _data_mask(chunk))
            columns = [*self._own_columns(chunk), digests, *kept.values()]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _own_columns(self, chunk: Chunk) -> list[pa.Array]:
        rows = len(chunk.row_numbers)
        sheet = pa.repeat(pa.scalar(self.sheet or None, pa.string()), rows)
        kind = pa.repeat(pa.scalar(DATA), rows)
        if chunk.structural is not None:
            kind = pc.if_else(pa.array(chunk.structural), STRUCTURAL, DATA)
        return [chunk.row_numbers, sheet, pa.repeat(pa.scalar(self.file_no, pa.int16()), rows), kind]

    def _kept_columns(self, chunk: Chunk) -> Iterator[pa.Array]:
        data = _data_mask(chunk)
        for column in self.contract.kept_columns:
            values = chunk.columns.get(column.name)
            if values is None:
                yield pa.nulls(len(chunk.row_numbers), pa.string())
                continue
            values = clean_array(values)
            if column.values:
                values = respelled(values, column.values)
            if data is not None:
                # A title or a total may hold anything; none of it is a value of its column.
                values = pc.if_else(data, values, pa.scalar(None, pa.string()))
            yield self._pseudonymised(column, values) if column.handling == "hmac" else values

    def _pseudonymised(self, column: Column, values: pa.Array) -> pa.Array:
        """Pseudonyms; a cell that could not be read keeps its mark for the gate, and nobody is made of it."""
        unread = pc.fill_null(pc.equal(values, UNREAD_CELL), False)
        if not pc.any(unread).as_py():
            return pseudonyms(column.pseudonym_domain or "", values, self.key)
        read = pc.if_else(unread, pa.scalar(None, pa.string()), values)
        return pc.if_else(unread, UNREAD_CELL, pseudonyms(column.pseudonym_domain or "", read, self.key))

    def _refuse_secret(self, chunk: Chunk) -> None:
        """Second net: a row that landing should have cut ends the load (EGOV-LOAD-011)."""
        marker = self.contract.secret_column
        if marker is None or chunk.secrecy is None:
            return
        levels = chunk.secrecy
        if chunk.structural is not None:
            levels = levels.filter(pa.array(~chunk.structural))
        if any(marker.is_secret(level) for level in levels.unique().to_pylist()):
            raise EgovError("EGOV-LOAD-011", file=self.file.name, sheet=self.sheet, column=marker.headers[0])


def _data_mask(chunk: Chunk) -> pa.Array | None:
    """True for rows of data; None when all are."""
    return None if chunk.structural is None else pa.array(~chunk.structural)


def structural_chunk(row_numbers: list[int]) -> Chunk:
    """Title and numbering rows around a header: they count as landed and carry nothing."""
    numbers = pa.array(row_numbers, pa.int64())
    return Chunk({}, numbers, structural=np.ones(len(row_numbers), dtype=bool))


def chunk_of_rows(
    layout: Layout, rows: list[list[str | None]], row_numbers: list[int], structural: list[bool]
) -> Chunk:
    """A chunk from rows of cells in the file's order of columns."""
    columns = {
        column.name: pa.array([row[layout.positions[column.name]] for row in rows], pa.string())
        for column in layout.contract.kept_columns
        if column.name in layout.positions
    }
    secret = layout.secret_position
    secrecy = None if secret is None else pa.array([row[secret] for row in rows], pa.string())
    return Chunk(columns, pa.array(row_numbers, pa.int64()), np.array(structural, dtype=bool), secrecy)
