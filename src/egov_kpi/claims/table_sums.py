"""Sums in tables: columns that make a column headed as a total, rows that make the total row or their section."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, islice

from egov_kpi.claims.grid import DEEPEST, RATE_HEAD, Row, Table
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.reasons import made
from egov_kpi.claims.sums import exhausts

_NO_SUM_HEAD = re.compile(r"trung bình|bình quân|hạng|thứ tự|tăng|giảm|so sánh", re.IGNORECASE)
_SECTION = 1  # the rank of roman numbers


def sums(table: Table) -> list[Claim]:
    """All sums of a table, along its rows and down its columns."""
    return [*_across(table), *_of_totals(table), *_of_sections(table)]


def _across(table: Table) -> list[Claim]:
    """A column headed as a total that is the sum of neighbouring columns in most rows."""
    for total in (column for column in table.counts if re.search(r"tổng", table.heads[column], re.IGNORECASE)):
        parts = _making(table.rows, total, [column for column in table.counts if column != total])
        if parts:
            return [
                _sum(table, row, row.value(total), [row.value(column) for column in parts])
                for row in table.rows
                if row.has(total, *parts)
            ]
    return []


def _making(rows: Sequence[Row], total: int, others: Sequence[int]) -> tuple[int, ...] | None:
    usable = [row for row in rows if row.has(total, *others)]
    if len(usable) < 2:
        return None
    for size in range(min(len(others), 5), 1, -1):
        for parts in combinations(others, size):
            hits = sum(
                row.value(total) == sum((row.value(c) or Decimal(0) for c in parts), Decimal(0)) for row in usable
            )
            if hits >= 2 and hits * 3 >= len(usable) * 2:
                return parts
    return None


def _of_totals(table: Table) -> list[Claim]:
    """Total rows: the last one (or the only one) takes in all rows, one before it those since the total before."""
    totals = [row for row in table.rows if _is_total(table, row)]
    found: list[Claim] = []
    for index, total in enumerate(totals):
        last = index == len(totals) - 1
        parts = _taken_in(table, total, 0 if last else totals[index - 1].end if index else 0, last)
        for column in _summable(table):
            made_of = _level(parts, column)
            if total.has(column) and len(made_of) >= 2:
                found.append(_sum(table, total, total.value(column), [row.value(column) for row in made_of]))
    return found


def _is_total(table: Table, row: Row) -> bool:
    """By its name, or a longer name in the last row; a numbered indicator `Tổng số hồ sơ` is none."""
    return row.is_grand_total or (row.is_total and row is table.rows[-1] and row.rank is None)


def _taken_in(table: Table, total: Row, since: int, last: bool) -> list[Row]:
    rows = [row for row in table.rows if not _is_total(table, row) and not RATE_HEAD.search(row.label)]
    return rows if last else [row for row in rows if since <= row.start < total.start]


def _summable(table: Table) -> list[int]:
    return [column for column in table.counts if not _NO_SUM_HEAD.search(table.heads[column])]


def _level(rows: Sequence[Row], column: int) -> list[Row]:
    """The rows of one rank that a total is made of: the highest rank that has a figure in each of its rows."""
    for rank in sorted({_depth(row) for row in rows}):
        level = [row for row in rows if _depth(row) == rank]
        filled = [row for row in level if row.has(column)]
        if len(filled) >= 2 and all(row.has(column) or row.cells[column].is_empty for row in level):
            return filled
    return []


def _depth(row: Row) -> int:
    return DEEPEST if row.rank is None else row.rank


def _of_sections(table: Table) -> Iterator[Claim]:
    """Rows with their own parts below: I over 1 and 2, `1 Tổng số` over 1.1 and 1.2."""
    for index, parent in enumerate(table.rows):
        children = _children(islice(table.rows, index + 1, None), parent)
        for column in _summable(table) if len(children) >= 2 else ():
            total = parent.value(column)
            if total is None or not all(row.has(column) for row in children):
                continue
            added = sum((row.value(column) or Decimal(0) for row in children), Decimal(0))
            if added == total or _is_meant(parent, children, total, added):
                yield _sum(table, parent, total, [row.value(column) for row in children])


def _children(rows: Iterable[Row], parent: Row) -> list[Row]:
    """The rows right below a row, of the next rank only; below an unnumbered total those up to the next total."""
    if parent.is_grand_total or (parent.rank is None and not parent.is_total):
        return []
    floor = DEEPEST - 2 if parent.rank is None else parent.rank
    below: list[Row] = []
    for row in rows:
        if row.is_total or _depth(row) <= floor or (parent.rank is None and RATE_HEAD.search(row.label)):
            break
        below.append(row)
    nearest = min((_depth(row) for row in below), default=0)
    return [row for row in below if _depth(row) == nearest and not RATE_HEAD.search(row.label)]


def _is_meant(parent: Row, children: Sequence[Row], total: Decimal, added: Decimal) -> bool:
    """Whether parts that miss their row were meant to make it: sections, names that leave nothing out, or nearly."""
    sections = parent.rank is not None and parent.rank <= _SECTION
    return sections or exhausts([row.label.lower() for row in children]) or abs(added - total) * 12 <= total


def _sum(table: Table, row: Row, total: Decimal | None, parts: Sequence[Decimal | None]) -> Claim:
    added = sum((part for part in parts if part is not None), Decimal(0))
    verdict, reason = (Verdict.HOLDS, "sum_holds") if added == total else (Verdict.WRONG, "sum_wrong")
    return made(table.text, row.start, row.end, Kind.SUM, verdict, reason, added, None, total, added)
