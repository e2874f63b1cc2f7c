"""Tables flattened to text: columns that make a rate or a change, pairs within a cell, points of a maximum."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from egov_kpi.claims import words
from egov_kpi.claims.grid import RATE_HEAD, Row, Table, tables
from egov_kpi.claims.judge import agrees, percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.passages import Passage
from egov_kpi.claims.reasons import made
from egov_kpi.claims.table_sums import sums

_MAX_HEAD = re.compile(r"tối đa|điểm chuẩn|thang điểm", re.IGNORECASE)
_POINTS_HEAD = re.compile(r"điểm|tự chấm|đạt được|thẩm định", re.IGNORECASE)
_CHANGE_HEAD = re.compile(r"tăng|giảm|so với|so sánh|tốc độ|chênh lệch|biến động|cùng kỳ", re.IGNORECASE)
_NO_PAIR_HEAD = re.compile(r"ngày|thời (?:gian|hạn|điểm)|hạng|hiệu|tháng|năm ban hành|địa chỉ|vị trí", re.IGNORECASE)


@dataclass(frozen=True)
class Relation:
    """How the percents of a column come about: part of whole, part of the total row (no `whole`), or a change."""

    kind: Kind
    part: int
    whole: int | None

    def operands(self, table: Table, row: Row) -> tuple[Decimal, Decimal] | None:
        """The two values of a row that make its percent; a total row is no part of itself."""
        base = row if self.whole is not None else table.grand_total
        if base is None or (self.whole is None and base is row):
            return None
        top, bottom = row.value(self.part), base.value(self.part if self.whole is None else self.whole)
        return (top, bottom) if top is not None and bottom is not None else None

    def exact(self, top: Decimal, bottom: Decimal) -> Decimal | None:
        return percent(top - bottom if self.kind is Kind.INCREASE else top, bottom)


def table_claims(text: str, block: Sequence[Passage]) -> list[Claim]:
    """The claims of one run of table rows. A relation between columns counts when most rows have it."""
    found: list[Claim] = []
    for table in tables(text, block):
        found.extend(_pairs(table))
        found.extend(_points(table))
        found.extend(_rates(table))
        found.extend(sums(table))
    return found


# -- percents ------------------------------------------------------------------------------------------


def _rates(table: Table) -> list[Claim]:
    """Columns of percents, percents beside a count in one cell, and rows that are rates by their name."""
    found: list[Claim] = []
    for rate in table.rates:
        stated = {row.start: figure for row in table.rows if (figure := row.figure(rate)) is not None}
        found.extend(_column(table, stated, rate, _relations(table, rate)))
    for column in table.counts:
        beside = {row.start: cell.percent for row in table.rows if (cell := row.cells[column]).percent is not None}
        found.extend(_column(table, beside, column, _of_cell(table, column)))
    return [*found, *_differences(table), *_over_by_row(table)]


def _relations(table: Table, rate: int) -> list[Relation]:
    """What a column of percents may be made of, the likelier first: near columns, changes where the head says so."""
    near = sorted(permutations(table.counts, 2), key=lambda pair: abs(pair[0] - rate))
    shares = [Relation(Kind.RATIO, part, whole) for part, whole in near]
    of_total = [Relation(Kind.RATIO, part, None) for part in table.counts]
    changes = [Relation(Kind.INCREASE, new, old) for new, old in near]
    if _CHANGE_HEAD.search(table.heads[rate]):
        return [*changes, *shares]
    return [*shares, *of_total, *changes]


def _of_cell(table: Table, column: int) -> list[Relation]:
    others = [Relation(Kind.RATIO, column, whole) for whole in table.counts if whole != column]
    return [*others, Relation(Kind.RATIO, column, None)]


def _column(table: Table, stated: dict[int, Quantity], at: int, relations: Sequence[Relation]) -> Iterator[Claim]:
    """One claim for each percent whose operands are known; without a relation only what exceeds 100."""
    relation = _best(table, stated, relations)
    for row in (row for row in table.rows if row.start in stated):
        operands = relation.operands(table, row) if relation is not None else None
        if relation is not None and operands is not None:
            yield _judged(table, row, relation, operands, stated[row.start])
        elif relation is None and _exceeds(table.heads[at] + row.label, stated[row.start]):
            yield _over(table, row, stated[row.start])


def _best(table: Table, stated: dict[int, Quantity], relations: Sequence[Relation]) -> Relation | None:
    """The relation that most rows agree with: two of them, or the only ones there are."""
    best, most, usable = None, 0, 0
    for relation in relations:
        told = [
            (stated[row.start], relation.exact(*operands))
            for row in table.rows
            if row.start in stated and (operands := relation.operands(table, row)) is not None
        ]
        hits = [figure for figure, exact in told if agrees(exact, figure)]
        if len(hits) > most and _is_telling(hits, relation):
            best, most, usable = relation, len(hits), len(told)
    return best if most * 2 >= usable and (most >= 2 or usable <= 2) else None


def _differences(table: Table) -> list[Claim]:
    """A column of changes in number: the difference of two other columns in most rows."""
    found: list[Claim] = []
    for column in (column for column in table.counts if _CHANGE_HEAD.search(table.heads[column])):
        others = [other for other in table.counts if other != column]
        for new, old in permutations(others, 2):
            rows = [row for row in table.rows if row.has(new, old, column)]
            hits = sum(_difference(row, new, old) == row.value(column) for row in rows)
            if hits >= 2 and hits * 2 >= len(rows) and any(row.value(column) for row in rows):
                found.extend(_changed(table, row, new, old, column) for row in rows)
                break
    return found


def _difference(row: Row, new: int, old: int) -> Decimal:
    return (row.value(new) or Decimal(0)) - (row.value(old) or Decimal(0))


def _changed(table: Table, row: Row, new: int, old: int, column: int) -> Claim:
    exact, stated = _difference(row, new, old), row.value(column)
    verdict, reason = (Verdict.HOLDS, "change_holds") if exact == stated else (Verdict.WRONG, "change_wrong")
    values = (row.value(new), row.value(old), stated, exact)
    return made(table.text, row.start, row.end, Kind.INCREASE, verdict, reason, *values)


def _is_telling(hits: Sequence[Quantity], relation: Relation) -> bool:
    """0 and 100 alone prove no relation to the total row nor a change."""
    plain = relation.kind is Kind.RATIO and relation.whole is not None
    return plain or any(figure.value not in {0, 100} for figure in hits)


def _judged(table: Table, row: Row, relation: Relation, operands: tuple[Decimal, Decimal], stated: Quantity) -> Claim:
    exact = relation.exact(*operands)
    values = (*operands, stated.value, exact)
    place = (table.text, row.start, row.end, relation.kind)
    if exact is None:
        return made(*place, Verdict.AMBIGUOUS, "zero", *values)
    verdict = Verdict.HOLDS if agrees(exact, stated) else Verdict.WRONG
    if relation.kind is Kind.INCREASE:
        return made(*place, verdict, "change_holds" if verdict is Verdict.HOLDS else "change_wrong", *values)
    return made(*place, verdict, verdict.value, *values)


def _exceeds(named: str, stated: Quantity) -> bool:
    measured = words.COMPARED.search(named) or _CHANGE_HEAD.search(named)
    return (
        stated.value > 100
        and RATE_HEAD.search(named + stated.form[:7].replace("percent", "%")) is not None
        and (measured is None)
    )


def _over(table: Table, row: Row, stated: Quantity) -> Claim:
    values = (None, None, stated.value, None)
    return made(table.text, row.start, row.end, Kind.SHARE, Verdict.WRONG, "rate_over", *values)


def _over_by_row(table: Table) -> list[Claim]:
    """`Tỷ lệ đúng hạn (%) | 101,5`: a rate by the name of its row."""
    return [
        _over(table, row, figure)
        for row in table.rows
        if RATE_HEAD.search(row.label)
        for column in table.counts
        if (figure := row.figure(column)) is not None and _exceeds(table.heads[column] + row.label, figure)
    ]


# -- pairs within a cell -----------------------------------------------------------------------------------


def _pairs(table: Table) -> list[Claim]:
    """`498/500` with the percent of its own cell or of the rate column after it."""
    found: list[Claim] = []
    for column, head in enumerate(table.heads):
        rows = [row for row in table.rows if row.cells[column].pair is not None]
        if rows and not _NO_PAIR_HEAD.search(head):
            rate = next((other for other in range(column + 1, min(column + 3, len(table.heads)))
                         if _holds_percents(table, rows, other)), None)  # fmt: skip
            found.extend(_pair(table, row, column, rate) for row in rows)
    return found


def _holds_percents(table: Table, rows: Sequence[Row], column: int) -> bool:
    figures = [figure for row in rows if (figure := row.figure(column)) is not None]
    percents = all(figure.form == "percent" for figure in figures)
    return bool(figures) and (percents or RATE_HEAD.search(table.heads[column]) is not None)


def _pair(table: Table, row: Row, column: int, rate: int | None) -> Claim:
    cell = row.cells[column]
    assert cell.pair is not None
    part, whole = cell.pair.part, cell.pair.whole
    stated = cell.percent or (row.figure(rate) if rate is not None else None)
    exact = percent(part.value, whole.value)
    scored = part.digits or whole.digits or part.is_points or whole.is_points or "điểm" in table.heads[column].lower()
    kind = Kind.POINTS if scored else Kind.RATIO
    values = (part.value, whole.value, stated.value if stated else None, exact)
    verdict, reason = _verdict_on_pair(table, row, column, exact, stated)
    return made(table.text, row.start, row.end, kind, verdict, "points_over" if reason == "over" and scored else reason,
                *values)  # fmt: skip


def _verdict_on_pair(
    table: Table, row: Row, column: int, exact: Decimal | None, stated: Quantity | None
) -> tuple[Verdict, str]:
    if exact is None:
        return Verdict.AMBIGUOUS, "zero"
    if exact > 100 and not words.COMPARED.search(table.heads[column] + row.label):
        return Verdict.WRONG, "over"
    if stated is None:
        return Verdict.HOLDS, "pair"
    return (Verdict.HOLDS, "holds") if agrees(exact, stated) else (Verdict.WRONG, "wrong")


# -- points ----------------------------------------------------------------------------------------------


def _points(table: Table) -> list[Claim]:
    """Points of a maximum, one claim for each row and column of points; the total row checks the maxima too."""
    maxima = [column for column, head in enumerate(table.heads) if _MAX_HEAD.search(head)]
    if len(maxima) != 1:
        return []
    others = [column for column in table.counts if column != maxima[0]]
    named = [column for column in others if _POINTS_HEAD.search(table.heads[column])]
    earned = named or [column for column in others if _mostly_within(table, column, maxima[0])]
    return [
        _points_row(table, row, column, maxima[0])
        for row in table.rows
        for column in earned
        if row.has(column, maxima[0])
    ]


def _mostly_within(table: Table, column: int, maximum: int) -> bool:
    """A column that names whom the points are of: most of its figures don't exceed the maximum."""
    rows = [row for row in table.rows if row.has(column, maximum)]
    within = [row for row in rows if (row.value(column) or 0) <= (row.value(maximum) or 0)]
    return len(within) * 3 >= len(rows) * 2 >= 4 and not _CHANGE_HEAD.search(table.heads[column])


def _points_row(table: Table, row: Row, column: int, maximum: int) -> Claim:
    top, bottom = row.value(column), row.value(maximum)
    assert top is not None and bottom is not None
    exact = percent(top, bottom)
    verdict, reason = (Verdict.WRONG, "points_over") if top > bottom else (Verdict.HOLDS, "pair")
    if exact is None and top <= bottom:
        verdict, reason = Verdict.AMBIGUOUS, "zero"
    return made(table.text, row.start, row.end, Kind.POINTS, verdict, reason, top, bottom, None, exact)
