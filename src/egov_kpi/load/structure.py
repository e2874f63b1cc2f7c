"""Rows of an export that are not data: totals, and the row that numbers the columns under a form's header."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from egov_kpi.contracts.model import Contract, header_key

DEFAULT_TOTAL_LABELS = ("Tổng cộng", "Tổng số", "Cộng")
# First filter over a whole column; what passes is looked at cell by cell.
TOTAL_CANDIDATE = r"(?i)^\s*(tổng|cộng|total)"

_COUNT = re.compile(r"[0-9]{1,3}([., ][0-9]{3})+|[0-9]+")
_NUMBERING = re.compile(r"[(\[]?\s*([0-9]{1,2}|[A-Za-z])\s*[)\]]?(\s*=.*)?")

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Total:
    """A total row: the number it declares and the position of that number, if it declares one."""

    number: int | None
    position: int | None


def total_labels(contract: Contract) -> frozenset[str]:
    labels = (contract.total_row, *DEFAULT_TOTAL_LABELS)
    return frozenset(header_key(label) for label in labels if label)


def read_total(cells: Cells, labels: frozenset[str]) -> Total | None:
    """The total that a row states; None when its first filled cell is no label of a total."""
    filled = [(place, cell) for place, cell in enumerate(cells) if cell]
    if not filled:
        return None
    place, label = filled[0]
    words, number = _label_and_number(label)
    if header_key(words).rstrip(" :") not in labels:
        return None
    if number is not None:
        return Total(number, place)
    return next((Total(_number(cell), at) for at, cell in filled[1:] if _COUNT.fullmatch(cell)), Total(None, None))


def is_heading(label: str, contract: Contract) -> bool:
    """Whether a row that begins so is a heading or a subtotal of a form: `Cộng lĩnh vực 7`."""
    words = header_key(label)
    return any(words == name or words.startswith(f"{name} ") for name in map(header_key, contract.heading_rows))


def is_numbering(cells: Cells) -> bool:
    """Whether a row only numbers its columns: (1) (2) (3)=(1)+(2), or A B 1 2 3."""
    marks = [_NUMBERING.fullmatch(cell.strip()) for cell in cells if cell]
    if len(marks) < 3 or len(marks) * 2 < len(cells) or not all(marks):
        return False
    numbers = [int(mark[1]) for mark in marks if mark and mark[1].isdigit()]
    return len(numbers) >= 2 and all(after - before == 1 for before, after in itertools.pairwise(numbers))


def _label_and_number(label: str) -> tuple[str, int | None]:
    """Parts of `Tổng cộng: 123`, where label and number share a cell."""
    found = re.fullmatch(r"(.*?)[\s:]+(" + _COUNT.pattern + r")(\s+\D*)?", label.strip())
    return (found[1], _number(found[2])) if found else (label, None)


def _number(text: str) -> int:
    return int(re.sub(r"[., ]", "", text))
