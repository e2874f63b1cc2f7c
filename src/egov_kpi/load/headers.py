"""Find the header of an export by what it says, wherever it stands and in whatever order.

Title rows above it, a second header line under merged cells, and columns that the contract doesn't know are all
ordinary. A column that the contract keeps and the file lacks is not: the file is refused, with the likeliest new name.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from egov_kpi.contracts.model import Column, Contract, header_key
from egov_kpi.errors import EgovError

SEARCHED_ROWS = 30
# Fewer known headers than this in a row are a coincidence.
MINIMUM_KNOWN = 2

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Layout:
    """Where the columns of one file stand. `first` and `last` are the 0-based rows of the header."""

    contract: Contract
    headers: tuple[str, ...]
    columns: tuple[Column | None, ...]
    first: int
    last: int

    @property
    def width(self) -> int:
        return len(self.columns)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Column name to position, of every column that the contract knows."""
        return {column.name: place for place, column in enumerate(self.columns) if column is not None}

    @property
    def added(self) -> list[str]:
        """Headers that no contract knows: counted, named, never stored."""
        named = zip(self.headers, self.columns, strict=True)
        return [header for header, column in named if column is None and header]

    @property
    def secret_position(self) -> int | None:
        secret = self.contract.secret_column
        return None if secret is None else self.positions.get(secret.name)

    def lacks_required(self, cells: Cells) -> bool:
        """Whether a row leaves a required column empty, as title and total rows do."""
        required = (column.name for column in self.contract.kept_columns if column.required)
        return any(not cells[self.positions[name]] for name in required if name in self.positions)


def find_layout(rows: Sequence[Cells], contract: Contract, file: str, sheet: str = "") -> Layout:
    """The layout of a file from its first rows; EGOV-LOAD-002 to -004 when it doesn't fit the contract."""
    layout = search_layout(rows, contract)
    if layout is None or len(layout.positions) < min(MINIMUM_KNOWN, len(contract.columns)):
        expected = ", ".join(column.headers[0] for column in contract.columns if column.required)
        raise EgovError("EGOV-LOAD-002", file=file, sheet=sheet, dataset=contract.id, expected=expected)
    _refuse_repeated(layout, file, sheet)
    wanted = [column for column in contract.columns if column.is_kept or column.is_secret_marker]
    refuse_missing(wanted, layout.positions, layout.added, contract, file, sheet)
    return layout


def search_layout(rows: Sequence[Cells], contract: Contract) -> Layout | None:
    """The row, or pair of rows, that knows most columns of the contract; the first of equals, one row before two."""
    candidates = []
    for first in range(min(len(rows), SEARCHED_ROWS)):
        candidates.append(_layout(contract, [cell or "" for cell in rows[first]], first, first))
        if first + 1 < len(rows):
            candidates.append(_layout(contract, _merged(rows[first], rows[first + 1], contract), first, first + 1))
    return max(candidates, key=lambda layout: (len(layout.positions), layout.first - layout.last), default=None)


def refuse_missing(
    wanted: Sequence[Column], found: dict[str, int], added: list[str], contract: Contract, file: str, sheet: str
) -> None:
    """EGOV-LOAD-003 with every missing column, each with the unknown header that looks most like it."""
    missing = [column for column in wanted if column.name not in found]
    if missing:
        raise EgovError(
            "EGOV-LOAD-003",
            file=file,
            sheet=sheet,
            dataset=contract.id,
            column=", ".join(column.headers[0] for column in missing),
            hint="; ".join(_hint(column, added) for column in missing),
        )


def nearest(column: Column, headers: Sequence[str]) -> str | None:
    """The header that looks most like one of the column's own."""
    by_key = {header_key(header): header for header in headers}
    close = [match for key in column.header_keys for match in difflib.get_close_matches(key, by_key, 1, 0.6)]
    return by_key[close[0]] if close else None


def _hint(column: Column, added: list[str]) -> str:
    found = nearest(column, added)
    return f"{column.headers[0]} ← {found}" if found else f"{column.headers[0]} ← ?"


def _layout(contract: Contract, headers: list[str], first: int, last: int) -> Layout:
    columns = tuple(contract.column_of_header(header) if header else None for header in headers)
    return Layout(contract, tuple(headers), columns, first, last)


def _merged(top: Cells, bottom: Cells, contract: Contract) -> list[str]:
    """One header of two lines: a cell merged downwards, a group title merged to the right, or both texts together."""
    headers, group = [], ""
    for place in range(max(len(top), len(bottom))):
        above = (top[place] if place < len(top) else None) or ""
        below = (bottom[place] if place < len(bottom) else None) or ""
        group = above or group
        choices = [below, f"{group} {below}"] if below else [above]
        headers.append(next((choice for choice in choices if contract.column_of_header(choice)), choices[-1]))
    return headers


def _refuse_repeated(layout: Layout, file: str, sheet: str) -> None:
    for place, column in enumerate(layout.columns):
        if column is not None and layout.positions[column.name] != place:
            other = layout.headers[layout.positions[column.name]]
            raise EgovError(
                "EGOV-LOAD-004",
                file=file,
                sheet=sheet,
                column=column.headers[0],
                first=layout.headers[place],
                second=other,
            )
