"""The day that a snapshot in hand speaks of, read from its own rows."""

from datetime import date, datetime

import pyarrow.compute as pc

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.rules import STRFTIME
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.landing.model import LandedFile
from egov_kpi.load.batches import Chunk
from egov_kpi.load.csv_file import CsvFile
from egov_kpi.load.json_pages import JsonFile
from egov_kpi.load.workbook import WorkbookFile

_READERS: dict[str, type[CsvFile] | type[JsonFile] | type[WorkbookFile]] = {
    "csv": CsvFile,
    "json": JsonFile,
    "xlsx": WorkbookFile,
}


def snapshot_date(contract: Contract, file: LandedFile) -> date | None:
    """The date of the first row that has one; the gate refuses a file whose other rows have another.

    None for a file that can't be read at all: staging says why. EGOV-LAND-016 for rows without a date.
    """
    column = contract.snapshot_column
    if column is None:
        raise ValueError(f"{contract.id} is no snapshot")
    try:
        found = _first_date(contract, file, column.name, STRFTIME[column.format or ""])
    except EgovError as error:
        if error.exit_code != ExitCode.BAD_DATA:
            raise
        return None
    if found is None:
        raise EgovError("EGOV-LAND-016", file=file.name, column=column.headers[0])
    return found


def _first_date(contract: Contract, file: LandedFile, name: str, pattern: str) -> date | None:
    any_row = False
    for chunk in _READERS[file.format](contract, file).chunks():
        values = _texts(chunk, name)
        any_row = any_row or bool(values)
        for value in values:
            if (day := _date(value, pattern)) is not None:
                return day
    if not any_row:
        raise EgovError("EGOV-LOAD-001", dataset=contract.id, file=file.name)
    return None


def _texts(chunk: Chunk, name: str) -> list[str]:
    """Distinct texts of the column, in the order of the rows."""
    values = chunk.columns.get(name)
    return [] if values is None else [value for value in pc.unique(values).to_pylist() if value]


def _date(value: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(value.strip(), pattern).date()
    except ValueError:
        return None
