"""Tables flattened to text: columns that make a rate, points of a maximum, parts of a row, and the total row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from egov_kpi.claims.judge import agrees, percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity, quantities
from egov_kpi.claims.passages import Passage, cells
from egov_kpi.claims.reasons import made

_TOTAL = re.compile(r"^\W*(?:tổng|cộng|toàn (?:huyện|tỉnh|xã|thị xã|thành phố))", re.IGNORECASE)
_RATE_HEAD = re.compile(r"%|(?:tỷ|tỉ) lệ", re.IGNORECASE)
_MAX_HEAD = re.compile(r"tối đa|điểm chuẩn|thang điểm", re.IGNORECASE)
_POINTS_HEAD = re.compile(r"điểm|tự chấm|đạt được|thẩm định", re.IGNORECASE)
_ORDER_HEAD = re.compile(r"^\W*(?:stt|tt|số tt|xếp hạng|hạng)\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row: its place, its cells as text, and the quantity of each cell that is nothing but a figure."""

    start: int
    end: int
    texts: tuple[str, ...]
    figures: tuple[Quantity | None, ...]

    @property
    def is_total(self) -> bool:
        label = next(
            (text for text, figure in zip(self.texts, self.figures, strict=True) if text.strip() and figure is None), ""
        )
        return _TOTAL.match(label.strip()) is not None

    def value(self, column: int) -> Decimal | None:
        figure = self.figures[column] if column < len(self.figures) else None
        return figure.value if figure is not None else None


def table_claims(text: str, block: Sequence[Passage]) -> list[Claim]:
    """The claims of one run of table rows. A relation between columns counts when most rows have it."""
    rows = [_row(text, passage) for passage in block]
    header = [row for row in rows if not any(row.figures)]
    body = [row for row in rows if any(row.figures)]
    found: list[Claim] = []
    for width, same in _by_width(body):
        heads = _heads(header, width)
        found.extend(_points(text, same, heads))
        found.extend(_rates(text, same, heads))
        found.extend(_row_sums(text, same, heads))
        found.extend(_totals(text, same, heads))
    return found


def _row(text: str, passage: Passage) -> Row:
    spans = cells(text, passage.start, passage.end)
    texts = tuple(text[first:last] for first, last in spans)
    return Row(
        passage.start,
        passage.end,
        texts,
        tuple(_figure(cell, first) for cell, (first, _) in zip(texts, spans, strict=True)),
    )


def _figure(cell: str, at: int) -> Quantity | None:
    """The one quantity of a cell that holds nothing else."""
    bare = cell.strip()
    if not re.fullmatch(r"\(?\d[\d.,\u00a0 ]*\s?%?\)?", bare):
        return None
    found = quantities(" " + bare)
    return found[0] if len(found) == 1 else None


def _by_width(body: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    widths = sorted({len(row.figures) for row in body})
    for width in widths:
        yield width, [row for row in body if len(row.figures) == width]


def _heads(header: Sequence[Row], width: int) -> list[str]:
    """The words above each column; empty where header and rows don't line up."""
    heads = [""] * width
    for row in header:
        if len(row.texts) == width:
            heads = [f"{head} {text.strip()}".strip() for head, text in zip(heads, row.texts, strict=True)]
    return heads


def _columns(rows: Sequence[Row], heads: Sequence[str]) -> list[int]:
    """Columns that hold figures in most rows and are no running number."""
    found: list[int] = []
    for column, head in enumerate(heads):
        filled = [row.value(column) for row in rows if row.value(column) is not None]
        running = [Decimal(n) for n in range(1, len(filled) + 1)] == filled and column == 0
        if len(filled) * 2 > len(rows) and not running and not _ORDER_HEAD.match(head):
            found.append(column)
    return found


def _is_rate(rows: Sequence[Row], heads: Sequence[str], column: int) -> bool:
    figures = [row.figures[column] for row in rows if row.figures[column] is not None]
    return bool(_RATE_HEAD.search(heads[column])) or any(figure.form == "percent" for figure in figures if figure)


def _rates(text: str, rows: Sequence[Row], heads: Sequence[str]) -> list[Claim]:
    """For each rate column the pair of count columns that gives it in most rows."""
    columns = _columns(rows, heads)
    counts = [column for column in columns if not _is_rate(rows, heads, column)]
    found: list[Claim] = []
    for rate in (column for column in columns if column not in counts):
        pair = _best_pair(rows, counts, rate)
        if pair is not None:
            found.extend(_rate_row(text, row, *pair, rate) for row in rows if _has(row, *pair, rate))
    return found


def _has(row: Row, *columns: int) -> bool:
    return all(row.value(column) is not None for column in columns)


def _best_pair(rows: Sequence[Row], counts: Sequence[int], rate: int) -> tuple[int, int] | None:
    """(part, whole) by the number of rows that agree; two rows or half of them have to."""
    best, most = None, 0
    for part in counts:
        for whole in counts:
            if part == whole:
                continue
            usable = [row for row in rows if _has(row, part, whole, rate)]
            hits = sum(_row_agrees(row, part, whole, rate) for row in usable)
            nearer = best is not None and hits == most and abs(part - rate) < abs(best[0] - rate)
            if hits > most or nearer:
                best, most = (part, whole), hits
    usable_rows = [row for row in rows if best and _has(row, *best, rate)]
    return best if best is not None and most * 2 >= len(usable_rows) and (most >= 2 or len(usable_rows) == 1) else None


def _row_agrees(row: Row, part: int, whole: int, rate: int) -> bool:
    stated, top, bottom = row.figures[rate], row.value(part), row.value(whole)
    assert stated is not None and top is not None and bottom is not None
    return agrees(percent(top, bottom), stated)


def _rate_row(text: str, row: Row, part: int, whole: int, rate: int) -> Claim:
    stated, top, bottom = row.figures[rate], row.value(part), row.value(whole)
    assert stated is not None and top is not None and bottom is not None
    exact = percent(top, bottom)
    if exact is None:
        return made(text, row.start, row.end, Kind.RATIO, Verdict.AMBIGUOUS, "zero", top, bottom, stated.value, None)
    verdict, reason = (Verdict.HOLDS, "holds") if agrees(exact, stated) else (Verdict.WRONG, "wrong")
    return made(text, row.start, row.end, Kind.RATIO, verdict, reason, top, bottom, stated.value, exact)


def _points(text: str, rows: Sequence[Row], heads: Sequence[str]) -> list[Claim]:
    """Points of a maximum, one claim for each row and column of points; the total row checks the maxima too."""
    maxima = [column for column, head in enumerate(heads) if _MAX_HEAD.search(head)]
    if len(maxima) != 1:
        return []
    earned = [
        column
        for column in _columns(rows, heads)
        if column != maxima[0] and _POINTS_HEAD.search(heads[column]) and not _is_rate(rows, heads, column)
    ]
    return [
        _points_row(text, row, column, maxima[0]) for row in rows for column in earned if _has(row, column, maxima[0])
    ]


def _points_row(text: str, row: Row, column: int, maximum: int) -> Claim:
    top, bottom = row.value(column), row.value(maximum)
    assert top is not None and bottom is not None
    exact = percent(top, bottom)
    over = top > bottom
    verdict, reason = (Verdict.WRONG, "points_over") if over else (Verdict.HOLDS, "pair")
    if exact is None and not over:
        verdict, reason = Verdict.AMBIGUOUS, "zero"
    return made(text, row.start, row.end, Kind.POINTS, verdict, reason, top, bottom, None, exact)


def _row_sums(text: str, rows: Sequence[Row], heads: Sequence[str]) -> list[Claim]:
    """A column headed as a total that is the sum of neighbouring columns in most rows."""
    columns = [column for column in _columns(rows, heads) if not _is_rate(rows, heads, column)]
    for total in (column for column in columns if re.search(r"tổng", heads[column], re.IGNORECASE)):
        others = [column for column in columns if column != total]
        parts = _making(rows, total, others)
        if parts:
            return [
                _sum(text, row.start, row.end, row.value(total), [row.value(c) for c in parts])
                for row in rows
                if _has(row, total, *parts)
            ]
    return []


def _making(rows: Sequence[Row], total: int, others: Sequence[int]) -> tuple[int, ...] | None:
    usable = [row for row in rows if _has(row, total, *others)]
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


def _totals(text: str, rows: Sequence[Row], heads: Sequence[str]) -> list[Claim]:
    """The total row: every column of counts or points against the rows above (or below) it."""
    totals = [row for row in rows if row.is_total]
    parts = [row for row in rows if not row.is_total]
    if len(totals) != 1 or len(parts) < 2:
        return []
    columns = [
        c
        for c in _columns(rows, heads)
        if not _is_rate(rows, heads, c) and _has(totals[0], c) and all(_has(row, c) for row in parts)
    ]
    start, end = totals[0].start, totals[0].end
    return [_sum(text, start, end, totals[0].value(c), [row.value(c) for row in parts]) for c in columns]


def _sum(text: str, start: int, end: int, total: Decimal | None, parts: Sequence[Decimal | None]) -> Claim:
    added = sum((part for part in parts if part is not None), Decimal(0))
    verdict, reason = (Verdict.HOLDS, "sum_holds") if added == total else (Verdict.WRONG, "sum_wrong")
    return made(text, start, end, Kind.SUM, verdict, reason, added, None, total, added)
