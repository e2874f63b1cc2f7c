"""From landing to inbound: every row of a delivery as text, in one unlogged table of its own.

Grain of `inbound."<table>__<load_seq>"`: one row per exported row, structural rows included (empty but for their
place). The table appears complete or not at all: it is created, filled and counted in one transaction, so a failure, a
full disk or a kill leaves neither rows nor dead space behind. Completeness is proven against what the source declared,
by page total, header or total line, or refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import alone_with, cast_or_null, identifier, inbound_columns, inbound_name, literal
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import Delivery, LandedFile
from egov_kpi.load.batches import DATA, Assembler, FileCount
from egov_kpi.load.copy_text import OPTIONS, copy_lines
from egov_kpi.load.csv_file import CsvFile
from egov_kpi.load.json_pages import JsonFile
from egov_kpi.load.prefetch import Prefetched
from egov_kpi.load.pseudonym import pseudonym_key
from egov_kpi.load.repetition import Repetitions
from egov_kpi.load.workbook import WorkbookFile
from egov_kpi.raw.digest import REPEATED
from egov_kpi.settings import Settings

ROLE = "loader"
Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True)
class StageResult:
    """Rows of one load: landed = data + structural; withheld were cut before landing. Unknown headers are named."""

    landed: int
    structural: int
    withheld: int
    columns_added: list[str]

    @property
    def data(self) -> int:
        return self.landed - self.structural


def stage(settings: Settings, contract: Contract, delivery: Delivery, load_seq: int) -> StageResult:
    """Fill the load's inbound table anew. EGOV-LOAD-0xx: exit 1 for a file at fault, 3 when the database was."""
    key = pseudonym_key(settings)
    try:
        with connect(ROLE, settings) as connection, connection.cursor() as cursor:
            return _fill(cursor, contract, delivery, load_seq, key)
    except psycopg.Error as error:
        # The first line only: the others may quote a row.
        reason = str(error).partition("\n")[0][:200]
        raise EgovError("EGOV-LOAD-015", dataset=contract.id, detail=reason) from error


def _fill(cursor: Cursor, contract: Contract, delivery: Delivery, load_seq: int, key: bytes) -> StageResult:
    counts: list[FileCount] = []
    _create(cursor, contract, load_seq)
    repetitions = Repetitions()
    batches = _watched(_batches(contract, delivery, key, counts), repetitions)
    copied = _copy(cursor, contract, load_seq, batches)
    _prove(cursor, contract, delivery, counts, inbound_name(contract, load_seq))
    result = _result(delivery, counts)
    if copied != result.landed:
        raise EgovError("EGOV-LOAD-015", dataset=contract.id, detail=f"{copied} / {result.landed}")
    _note(cursor, contract, load_seq, repetitions)
    return result


def _watched(batches: Iterator[pa.RecordBatch], repetitions: Repetitions) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        repetitions.add(batch.column("_row_digest"))
        yield batch


def _note(cursor: Cursor, contract: Contract, load_seq: int, repetitions: Repetitions) -> None:
    met_again = repetitions.met_again()
    if met_again is not None:
        table = f"inbound.{identifier(inbound_name(contract, load_seq))}"
        cursor.execute(f"comment on table {table} is {literal(REPEATED + ' '.join(met_again))}".encode())


def _create(cursor: Cursor, contract: Contract, load_seq: int) -> None:
    table = f"inbound.{identifier(inbound_name(contract, load_seq))}"
    columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in inbound_columns(contract))
    cursor.execute(alone_with(inbound_name(contract, load_seq)).encode())
    cursor.execute(f"drop table if exists {table}".encode())
    cursor.execute(f"create unlogged table {table} ({columns}) with (autovacuum_enabled = false)".encode())


def _copy(cursor: Cursor, contract: Contract, load_seq: int, batches: Iterator[pa.RecordBatch]) -> int:
    """Copy the batches in; how many rows Postgres says it stored."""
    names = ", ".join(identifier(name) for name, _ in inbound_columns(contract))
    table = f"inbound.{identifier(inbound_name(contract, load_seq))}"
    statement = f"copy {table} ({names}) from stdin ({OPTIONS})".encode()
    with Prefetched(map(copy_lines, batches)) as blocks, cursor.copy(statement) as copy:
        for block in blocks:
            copy.write(block)
    return cursor.rowcount


def _batches(contract: Contract, delivery: Delivery, key: bytes, counts: list[FileCount]) -> Iterator[pa.RecordBatch]:
    for file_no, file in enumerate(delivery.files):
        source = _open(contract, file)
        counts.append(source.count)
        sheet = source.sheet if isinstance(source, WorkbookFile) else ""
        yield from Assembler(contract, file, file_no, sheet, key).batches(source.chunks(), source.count)


def _open(contract: Contract, file: LandedFile) -> CsvFile | JsonFile | WorkbookFile:
    if file.format == "csv":
        return CsvFile(contract, file)
    return JsonFile(contract, file) if file.format == "json" else WorkbookFile(contract, file)


def _result(delivery: Delivery, counts: list[FileCount]) -> StageResult:
    structural = sum(count.structural for count in counts)
    landed = structural + sum(count.data for count in counts)
    added = dict.fromkeys(header for count in counts for header in count.added)
    return StageResult(landed, structural, sum(file.rows_withheld for file in delivery.files), list(added))


def _prove(cursor: Cursor, contract: Contract, delivery: Delivery, counts: list[FileCount], table: str) -> None:
    """Hold the rows against everything that was declared about them."""
    for file_no, (file, count) in enumerate(zip(delivery.files, counts, strict=True)):
        _prove_declared(contract, file, count)
        _prove_total(cursor, contract, file, count, file_no, table)
    _prove_pages(contract, delivery, counts)
    if not any(count.data for count in counts):
        raise EgovError("EGOV-LOAD-001", dataset=contract.id, file=", ".join(file.name for file in delivery.files))


def _prove_declared(contract: Contract, file: LandedFile, count: FileCount) -> None:
    sent = count.data + file.rows_withheld
    if file.rows_declared is not None and file.rows_declared != sent:
        raise EgovError("EGOV-LOAD-008", file=file.name, expected=file.rows_declared, found=sent)
    promised = file.format == "csv" and contract.total_row is not None
    if promised and count.total is None and file.rows_declared is None:
        raise EgovError("EGOV-LOAD-016", file=file.name, expected=contract.total_row)


def _prove_total(
    cursor: Cursor, contract: Contract, file: LandedFile, count: FileCount, file_no: int, table: str
) -> None:
    """The total line counts the rows or, under a column of numbers, may sum it: a repeated row each time, or once."""
    sent = count.data + file.rows_withheld
    if count.total is None or count.total.number in (None, sent):
        return
    if count.total.number not in _sums_of(cursor, contract, count.total_column, file_no, table):
        raise EgovError("EGOV-LOAD-009", file=file.name, expected=count.total.number, found=sent)


def _sums_of(
    cursor: Cursor, contract: Contract, column_name: str | None, file_no: int, table: str
) -> tuple[Decimal, ...]:
    """The sum of a column of numbers, and the sum in which rows that repeat another count once."""
    kept = {column.name: column for column in contract.kept_columns}
    if column_name is None or column_name not in kept or kept[column_name].type not in ("integer", "number"):
        return ()
    column = kept[column_name]
    statement = (
        f"select sum(v.amount * v.times), sum(v.amount) from ("  # noqa: S608 (names of contracts)
        f"select ({cast_or_null(column, 'i')})::numeric as amount, count(*) as times "
        f"from inbound.{identifier(table)} as i where i._file = {file_no} and i._kind = {literal(DATA)} "
        f"group by i._row_digest, 1) as v"
    )
    cursor.execute(statement.encode())
    row = cursor.fetchone()
    return tuple(sum_ for sum_ in row or () if sum_ is not None)


def _prove_pages(contract: Contract, delivery: Delivery, counts: list[FileCount]) -> None:
    """Pages declare the total of all pages: that of each first page counts, and the others must repeat it."""
    if any(count.declared is None for count in counts):
        return
    expected, last = 0, -1
    for file, count in zip(delivery.files, counts, strict=True):
        declared = count.declared or 0
        if count.page in (None, 1):
            expected, last = expected + declared, declared
        elif declared != last:
            raise EgovError("EGOV-LOAD-014", file=file.name, expected=last, found=declared)
    sent = sum(count.data for count in counts) + sum(file.rows_withheld for file in delivery.files)
    if sent != expected:
        raise EgovError("EGOV-LOAD-008", file=delivery.files[-1].name, expected=expected, found=sent)
