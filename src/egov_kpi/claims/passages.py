"""A report's text as headings, sentences, list items and rows of tables, each with its place in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from egov_kpi.claims import words


class Form(StrEnum):
    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True)
class Passage:
    """One unit of reading. `paragraph` is the number of the block it stands in: context doesn't reach beyond a few."""

    start: int
    end: int
    form: Form
    paragraph: int
    is_aim: bool = False


LONGEST = 1500  # characters

_BULLET = re.compile(r"\s*(?:[-–—+*•●▪◦·○■□➢✓]|\(?[a-zđ0-9]{1,2}[.)](?!\d)|\d+(?:\.\d+)+\.?\s)\s*")
_HEADING = re.compile(
    r"\s*(?:[IVX]{1,5}[.)/]?|[A-ZĐ][.)/]|\d{1,2}(?:\.\d{1,2})*[.)/]?)\s+(?=[^\W\d])|\s*(?:Phần|Mục|Chương) ",
    re.IGNORECASE,
)
_STOP = re.compile(
    rf"(?<=[.!?…])(?:\s+|\s*\n)(?=[^\s{words.LOWER}])"
    rf"|(?<=[^\W\d_][.!?])(?=[{words.UPPER}][{words.LOWER}])|(?<=[%)][.])(?=[{words.UPPER}])"
    r"|(?<=%)\s*(?=(?:Số|Tỷ|Tỉ|Trong|Tổng|Đã|Có|Ngoài|Việc|Kết|Về|Hồ|Văn|Đối|Riêng|Tuy|Bên|Tiếp|Thực)\s)"
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:TP|Tp|TX|Tx|TT|Q|P|H|ThS|TS|Ths|BS|KS|Đ/c|đ/c|GS|PGS|Tr|tr|v\.v|No|St)|"
    r"^\s*(?:[-+*]\s*)?(?:\d{1,2}|[IVX]+|[a-zđ]))\.$"
)
_CELL = re.compile(r"\t|\s*\|\s*|(?<=\S) {3,}(?=\S)")
_TWO_CELLS = re.compile(r"[^\t|]{2,120}(?:\t|\|)[^\t|]{1,60}")
_FIGURES = re.compile(r"^\D*?(?:\s\(?[\d.,]+\s?%?\)?){3,}\s*$")


def passages(text: str) -> Iterator[Passage]:
    """All passages of a text, in order."""
    is_aim = False
    for number, (start, end, form) in enumerate(_blocks(text)):
        block = text[start:end]
        if form is Form.HEADING:
            is_aim = words.AIM_HEADING.search(block) is not None and "kết quả" not in block.lower()
        if form in (Form.HEADING, Form.ROW):
            yield Passage(start, end, form, number, is_aim)
            continue
        for first, last in _bounded(text, _sentences(text, start, end)):
            yield Passage(first, last, form, number, is_aim)
            form = Form.SENTENCE


def cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a table row, as offsets; a row without separators is parted at its figures."""
    row = text[start:end]
    if _CELL.search(row.strip(" ")):
        found, at = [], 0
        for gap in _CELL.finditer(row):
            found.append((start + at, start + gap.start()))
            at = gap.end()
        return [*found, (start + at, end)]
    first = re.search(r"(?<=\s)\(?\d[\d.,]*\s?%?\)?(?:\s+\(?\d[\d.,]*\s?%?\)?)*\s*$", row)
    if first is None:
        return [(start, end)]
    tail = [
        (start + first.start() + m.start(), start + first.start() + m.end())
        for m in re.finditer(r"[\d.,]+\s?%?", first[0])
    ]
    return [(start, start + first.start()), *tail]


def _blocks(text: str) -> Iterator[tuple[int, int, Form]]:
    start = end = -1
    form = Form.SENTENCE
    for line_start, line_end in _lines(text):
        line = text[line_start:line_end]
        if start >= 0 and _continues(text[start:end], line, form):
            end = line_end
            continue
        if start >= 0:
            yield start, end, form
        start, end, form = (line_start, line_end, _form(line)) if line.strip() else (-1, -1, Form.SENTENCE)
    if start >= 0:
        yield start, end, form


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.split("\n"):
        yield at, at + len(line)
        at += len(line) + 1


def _form(line: str) -> Form:
    if _is_row(line):
        return Form.ROW
    if _is_heading(line):
        return Form.HEADING
    return Form.ITEM if _BULLET.match(line) else Form.SENTENCE


def _is_row(line: str) -> bool:
    if line.count("\t") + line.count("|") >= 2 or len(re.findall(r"(?<=\S) {3,}(?=\S)", line)) >= 2:
        return True
    if _TWO_CELLS.fullmatch(line) and not _BULLET.fullmatch(re.split(r"[\t|]", line)[0]):
        return True
    return len(line) < 200 and _FIGURES.match(line) is not None


def _is_heading(line: str) -> bool:
    bare = line.strip()
    if (
        bare.endswith(":")
        and len(bare) < 100
        and not re.search(r"\d", re.sub(r"20\d\d", "", bare))
        and words.AIM_HEADING.search(bare)
    ):
        return True
    if len(bare) > 160 or re.search(r"\d\s*%|\d/\d|[,;.]$|\d[.,]\d{3}", bare):
        return False
    if bare.upper() == bare and re.search(r"[^\W\d]{3}", bare):
        return True
    return _HEADING.match(line) is not None and not re.search(r":\s*\d|\d+ (?:" + words.NOUNS + r")(?!\w)", bare)


def _continues(block: str, line: str, form: Form) -> bool:
    """A line that a page's width has cut goes on with the line before."""
    if not line.strip() or form in (Form.ROW, Form.HEADING) or _is_row(line):
        return False
    if _BULLET.match(line) or re.search(r"[.:;!?]\s*$", block):
        return False
    first = line.strip()[0]
    if first.isdigit() and re.search(
        r"(?:[,(/]|đạt|là|chiếm|bằng|có|được|gồm|trên|số|lệ|khoảng|hơn|gần|với|và)\s*$", block
    ):
        return True
    wide = len(block.rsplit("\n", 1)[-1].rstrip()) >= 55
    return first.islower() or (wide and not _is_heading(line)) or (first in "(%/" and wide)


def _bounded(text: str, found: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sentences no longer than anybody writes them: what has no full stop for pages is read piece by piece."""
    for start, end in found:
        while end - start > LONGEST:
            cut = text.rfind(" ", start + 1, start + LONGEST)
            cut = cut if cut > start else start + LONGEST
            yield start, cut
            start = cut
        yield start, end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for stop in _STOP.finditer(text, start, end):
        if _ABBREVIATED.search(text[at : stop.start()].rstrip()):
            continue
        if stop.start() > at:
            yield at, stop.start()
        at = stop.end()
    if text[at:end].strip():
        yield at, end
