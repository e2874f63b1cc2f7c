"""A run of table rows as a grid: cells with their figures, columns with their heads, rows with their rank."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from egov_kpi.claims import words
from egov_kpi.claims.numbers import Quantity, quantities
from egov_kpi.claims.passages import Passage, cells

_NUMBER = r"[-–+−]?\s?\d[\d.,\u00a0 ]*"
_FIGURE = re.compile(rf"\(?{_NUMBER}\s?%?\)?(?:\s*(?:{words.NOUNS}))?", re.IGNORECASE)
_SHARED = re.compile(rf"(?P<count>\d[\d.,]*(?:\s*(?:{words.NOUNS}))?)\s*[(–,;-]\s*\d[\d.,]*\s?%\)?", re.IGNORECASE)
_PAIR = re.compile(
    rf"\d[\d.,]*\s?(?:{words.NOUNS})?\s?/\s?\d[\d.,]*(?:\s*(?:{words.NOUNS}))?\s*(?:[(–,;=-]*\s*\d[\d.,]*\s?%\)?)?",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"^\W*(?:tổng|cộng|toàn (?:huyện|tỉnh|xã|thị xã|thành phố|ngành))", re.IGNORECASE)
_GRAND = re.compile(
    r"^\W*(?:(?:tổng|cộng)(?: cộng| số| chung| điểm)*|toàn (?:huyện|tỉnh|xã|thị xã|thành phố|ngành))"
    r"(?:\s*\([^)]*\)|\s*:)?\W*$",
    re.IGNORECASE,
)
RATE_HEAD = re.compile(r"%|(?:tỷ|tỉ) lệ", re.IGNORECASE)
_ORDER_HEAD = re.compile(r"^\W*(?:stt|tt|số tt|xếp (?:hạng|thứ)|thứ hạng|hạng|thứ tự)\W*$", re.IGNORECASE)
_RANKS = (r"[A-HĐ]", r"[IVX]+", r"\d{1,3}", r"\d{1,3}\.\d{1,2}", r"\d{1,3}\.\d{1,2}\.\d{1,2}", r"[a-zđ]", r"[-–+*•]")
_ORDERS = tuple(re.compile(rf"\(?{rank}[.)/]?") for rank in _RANKS)
_PREFIXES = (
    *(re.compile(rf"{rank}[.)/]\s*(?=[^\W\d])") for rank in _RANKS[:6]),
    re.compile(r"[-–+*•]\s*(?=[^\W\d])"),
)
_DOTTED = (re.compile(r"\d{1,3}\.\d{1,2}\s"), re.compile(r"\d{1,3}\.\d{1,2}\.\d{1,2}\s"))
DEEPEST = len(_RANKS)


@dataclass(frozen=True)
class Pair:
    """Two figures of one cell: `498/500`, `8/7,5`."""

    part: Quantity
    whole: Quantity


@dataclass(frozen=True)
class Cell:
    """One cell: its figure when it holds nothing else, its pair, and the percent printed with either."""

    text: str
    figure: Quantity | None = None
    pair: Pair | None = None
    percent: Quantity | None = None

    @property
    def is_empty(self) -> bool:
        return not self.text.strip(" \t-–.…x")


@dataclass(frozen=True)
class Row:
    """One row: its place and cells. `rank` is the depth of its number (A, I, 1, 1.1, a, -), None without one."""

    start: int
    end: int
    cells: tuple[Cell, ...]
    rank: int | None = None

    @cached_property
    def label(self) -> str:
        named = (cell.text.strip() for cell in self.cells if cell.figure is None and cell.pair is None)
        return next((text for text in named if re.search(r"[^\W\d]{2}", text)), "")

    @cached_property
    def is_total(self) -> bool:
        return _TOTAL.match(self.label) is not None

    @cached_property
    def is_grand_total(self) -> bool:
        return _GRAND.match(self.label) is not None

    @property
    def has_figures(self) -> bool:
        return any(cell.figure is not None or cell.pair is not None for cell in self.cells)

    def figure(self, column: int) -> Quantity | None:
        return self.cells[column].figure

    def value(self, column: int) -> Decimal | None:
        figure = self.figure(column)
        return figure.value if figure is not None else None

    def has(self, *columns: int) -> bool:
        return all(self.value(column) is not None for column in columns)


@dataclass(frozen=True)
class Table:
    """The rows with figures under their heads; `ordered` when the first column only numbers them."""

    text: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    ordered: bool

    @cached_property
    def columns(self) -> list[int]:
        """Columns that hold figures in most rows and number or rank nothing."""
        first = 1 if self.ordered else 0
        return [
            column
            for column in range(first, len(self.heads))
            if sum(row.has(column) for row in self.rows) * 2 > len(self.rows)
            and not _ORDER_HEAD.match(self.heads[column])
        ]

    @cached_property
    def rates(self) -> list[int]:
        return [column for column in self.columns if self._is_rate(column)]

    @cached_property
    def counts(self) -> list[int]:
        return [column for column in self.columns if column not in self.rates]

    @cached_property
    def grand_total(self) -> Row | None:
        """The one row that takes in all others."""
        totals = [row for row in self.rows if row.is_grand_total]
        return totals[0] if len(totals) == 1 else None

    def _is_rate(self, column: int) -> bool:
        figures = [figure for row in self.rows if (figure := row.figure(column)) is not None]
        if sum(row.cells[column].percent is not None for row in self.rows) * 2 > len(figures):
            return False
        percents = sum(figure.form == "percent" for figure in figures)
        return bool(RATE_HEAD.search(self.heads[column])) or percents * 2 > len(figures)


def tables(text: str, block: Sequence[Passage]) -> Iterator[Table]:
    """The tables of a run of rows: an empty line and another header, or another width, begin a new one."""
    run: list[Row] = []
    for passage in block:
        row = _row(text, passage)
        if run and _begins(text, run, row):
            yield from _table(text, run)
            run = []
        run.append(row)
    yield from _table(text, run)


def _begins(text: str, run: Sequence[Row], row: Row) -> bool:
    apart = text[run[-1].end : row.start].count("\n") > 1
    return apart and (not row.has_figures or len(row.cells) != len(run[-1].cells)) and run[-1].has_figures


def _row(text: str, passage: Passage) -> Row:
    spans = cells(text, passage.start, passage.end)
    return Row(passage.start, passage.end, tuple(_cell(text[first:last]) for first, last in spans))


def _cell(text: str) -> Cell:
    bare = text.strip()
    found = quantities(f" {bare}") if re.search(r"\d", bare) else []
    if _FIGURE.fullmatch(bare) and len(found) == 1:
        return Cell(text, _signed(bare, found[0]))
    if _SHARED.fullmatch(bare) and [q.form for q in found] == ["count", "percent"]:
        return Cell(text, found[0], percent=found[1])
    if _PAIR.fullmatch(bare) and len(found) in {2, 3}:
        return Cell(text, pair=Pair(found[0], found[1]), percent=found[2] if len(found) == 3 else None)
    return Cell(text)


def _signed(bare: str, figure: Quantity) -> Quantity:
    return replace(figure, value=-figure.value) if re.match(r"\(?[-–−]", bare) else figure


def _table(text: str, run: Sequence[Row]) -> Iterator[Table]:
    """The table of a run; rows that are narrower are filled up, a total's label then spans the columns before."""
    first = next((at for at, row in enumerate(run) if row.has_figures and not _is_numbering(row)), None)
    if first is None:
        return
    width = Counter(len(row.cells) for row in run[first:]).most_common(1)[0][0]
    body = [_filled(row, width) for row in run[first:] if len(row.cells) <= width and not _is_numbering(row)]
    heads = _heads(run[:first], width)
    ordered = _is_ordered(body, heads)
    rows = tuple(replace(row, rank=_rank(row, ordered)) for row in body)
    kept = tuple(row for row in rows if row.has_figures)
    if kept:
        yield Table(text, tuple(heads), kept, ordered)


def _is_numbering(row: Row) -> bool:
    """`(1) | (2) | (3)=(2)/(1)`, `A | B | 1 | 2`: the row that numbers the columns."""
    texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
    if len(texts) < 2:
        return False
    if all(re.fullmatch(r"\(\d{1,2}[a-z]?\)\s*(?:=?.*)|\([A-Z]\)", text) for text in texts):
        return True
    plain = [text for text in texts if not re.fullmatch(r"[A-Z]|\d{1,2}\s*=.*", text)]
    return len(texts) > 2 and plain == [str(number) for number in range(1, len(plain) + 1)]


def _filled(row: Row, width: int) -> Row:
    missing = (Cell(""),) * (width - len(row.cells))
    if not missing:
        return row
    split = 1 if row.is_total else len(row.cells)
    return replace(row, cells=(*row.cells[:split], *missing, *row.cells[split:]))


def _heads(header: Sequence[Row], width: int) -> list[str]:
    """The words above each column; empty where header and rows don't line up."""
    heads = [""] * width
    for row in header:
        if len(row.cells) <= width and not _is_numbering(row) and (len(row.cells) == width or len(header) > 1):
            filled = _filled(row, width)
            heads = [f"{head} {cell.text.strip()}".strip() for head, cell in zip(heads, filled.cells, strict=True)]
    return heads


def _is_ordered(body: Sequence[Row], heads: Sequence[str]) -> bool:
    """Whether the first column numbers the rows: by its head, or numbers there and names in the next."""
    if len(heads) < 2:
        return False
    firsts = [row.cells[0].text.strip() for row in body if row.cells[0].text.strip() and not row.is_total]
    numbered = bool(firsts) and all(any(order.fullmatch(text) for order in _ORDERS) for text in firsts)
    named = sum(row.cells[1].figure is None and not row.cells[1].is_empty for row in body) * 2 > len(body)
    return numbered and (named or _ORDER_HEAD.match(heads[0]) is not None)


def _rank(row: Row, ordered: bool) -> int | None:
    first = row.cells[0].text.strip()
    if ordered and first:
        return next((rank for rank in (1, 0, 2, 3, 4, 5, 6) if _ORDERS[rank].fullmatch(first)), None)
    label = row.label
    dotted = next((rank for rank, mark in ((4, _DOTTED[1]), (3, _DOTTED[0])) if mark.match(label)), None)
    return dotted or next((rank for rank in (1, 0, 2, 3, 4, 5, 6) if _PREFIXES[rank].match(label)), None)
