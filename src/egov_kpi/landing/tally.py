"""Count what a landed file holds, to prove it complete against what the source declared."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from egov_kpi.contracts.model import Contract
from egov_kpi.landing.secrecy import DELIMITERS, HEADER_WITHIN_ROWS, csv_codec, is_total, split_record

_HEAD_BYTES = 64 * 1024
_COUNT = re.compile(r"[0-9]{1,3}([.,][0-9]{3})+|[0-9]+")


@dataclass(frozen=True)
class CsvTally:
    """`data_rows` counts neither titles nor the header nor the total line. `problem` says why the file can't be whole:
    its quotes don't close, or the total line that its contract promises isn't its last."""

    data_rows: int
    total_declared: int | None
    problem: str | None


def tally_csv(path: Path, contract: Contract) -> CsvTally:
    """Read a CSV export once, record by record, and say how many data rows it has."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    codec = csv_codec(head)
    header_at, delimiter = _find_header(head.decode(codec, errors="ignore"), contract)
    count, last, problem = 0, [], None
    # A character that can't be decoded is loading's business; a count can live with it.
    with path.open(encoding=codec, errors="replace", newline="") as text:
        records = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for record in _filled(records):
                count, last = count + 1, record
        except csv.Error as error:
            problem = f"row {count + 1}: {error}"
    has_total = is_total(last, contract.total_row)
    if not has_total and contract.total_row is not None:
        problem = problem or f"no last line {contract.total_row}"
    return CsvTally(
        data_rows=max(count - header_at - 1 - has_total, 0),
        total_declared=_declared(last) if has_total else None,
        problem=problem,
    )


def _filled(records: Iterator[list[str]]) -> Iterator[list[str]]:
    return (record for record in records if any(field.strip() for field in record))


def _find_header(head: str, contract: Contract) -> tuple[int, str]:
    """Place of the header among the filled lines, and the delimiter: where most headers of the contract are met.

    A file whose headers nobody knows counts from its first line; loading will name what is missing.
    """
    best = (0, 0, ";")
    lines = [line for line in head.lstrip("\ufeff").split("\n")[: HEADER_WITHIN_ROWS * 2] if line.strip()]
    for place, line in enumerate(lines[:HEADER_WITHIN_ROWS]):
        for delimiter in DELIMITERS:
            fields = split_record(line, delimiter)
            known = sum(contract.column_of_header(field) is not None for field in fields)
            if known > best[0]:
                best = (known, place, delimiter)
    return best[1], best[2]


def _declared(total_line: list[str]) -> int | None:
    """The count in a total line: the first cell behind its label that is a whole number."""
    for field in total_line[1:]:
        if field.strip() and _COUNT.fullmatch(field.strip()):
            return int(re.sub(r"[.,]", "", field.strip()))
    return None
