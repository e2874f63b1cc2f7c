"""One passage as the rules read it: its quantities, its pairs `a/b`, and what stands between them."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from egov_kpi.claims import words
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.passages import Passage

LINK_REACH = 110  # characters between a percent and what it is of

_SLASH = re.compile(r"^\s*(?:\(?[^\W\d]+\)?\s*){0,5}/\s*(?:tổng\s*(?:số)?\s*(?:[^\W\d]+\s+){0,3})?$", re.IGNORECASE)
_OF = re.compile(
    r"^\s*(?:(?!có\s|đạt\s|với\s|là\s|trên\s|trong\s)[^\W\d]+\s+){0,6}?(?:(?:được\s)?(?:trên|"
    r"trong)\s+(?:(?:tổng(?:\s+(?:số|điểm|cộng))?|số|"
    r"thang\s+điểm|tối\s+đa|tất\s+cả|toàn\s+bộ)\s*)?(?:(?!có\s|đó)[^\W\d]+\s+){0,4}?(?:là\s|có\s|tối đa\s)?)$",
    re.IGNORECASE,
)
_MAXIMUM = re.compile(r"^\s*điểm\s*(?:,|\(|so với|trên)?\s*(?:điểm\s+)?tối đa\s*(?:là|:)?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Ratio:
    """`a/b`, `a trên tổng số b`: two quantities that the text itself sets against each other."""

    part: Quantity
    whole: Quantity
    by_slash: bool

    @property
    def start(self) -> int:
        return self.part.start

    @property
    def end(self) -> int:
        return max(self.whole.end, self.whole.unit_end)

    @property
    def is_points(self) -> bool:
        return self.part.is_points or self.whole.is_points


@dataclass
class Reading:
    """A passage being read. `used` collects the quantities that a claim has already accounted for."""

    text: str
    passage: Passage
    quantities: list[Quantity]
    before: list[Quantity]  # counts of the passages before that may be a denominator
    totals: set[int] = field(default_factory=set)  # those of them that head or close the list under way
    ratios: list[Ratio] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    wholes: set[int] = field(default_factory=set)  # counts that some percent has turned out to be of
    levels: set[int] = field(default_factory=set)  # percents that a change leads to: told there
    parts: set[int] = field(default_factory=set)  # counts that are the numerator of some percent

    def __post_init__(self) -> None:
        counted = [q for q in self.quantities if q.form != "duration"]
        pairs = pairwise(counted)
        taken: set[int] = set()
        for part, whole in pairs:
            ratio = self._ratio(part, whole)
            if ratio is not None and part.start not in taken:
                taken.update((part.start, whole.start))
                self.ratios.append(ratio)

    def _ratio(self, part: Quantity, whole: Quantity) -> Ratio | None:
        gap = self.text[part.end : whole.start]
        if part.form != whole.form or part.form == "pp" or len(gap) > 70:
            return None
        by_slash = _SLASH.match(gap) is not None
        if not by_slash and (part.form != "count" or not (_OF.match(gap) or _MAXIMUM.match(gap))):
            return None
        if part.scale == 1 and whole.scale > 1 and not part.unit:
            part = scaled(part, whole.scale)
        return Ratio(part, whole, by_slash)

    @property
    def lower(self) -> str:
        return self.text[self.passage.start : self.passage.end].lower()

    def lead(self, at: int, length: int = 80) -> str:
        """The words before a place, within the passage."""
        return self.text[max(self.passage.start, at - length) : at]

    def tail(self, at: int, length: int = 60) -> str:
        """The words after a place, within the passage."""
        return self.text[at : min(self.passage.end, at + length)]

    def between(self, first: Quantity, second: Quantity) -> str:
        return self.text[max(first.end, first.unit_end) : second.start]

    def clause_before(self, at: int) -> str:
        """From the last comma, semicolon or bracket up to a place; commas within numbers don't count."""
        lead = self.text[self.passage.start : at]
        cuts = [match.end() for match in re.finditer(r"[,;:](?!\d)|\(", lead)]
        return lead[cuts[-1] if cuts else 0 :]

    def counts(self) -> list[Quantity]:
        return [q for q in self.quantities if q.form == "count"]

    def percents(self) -> list[Quantity]:
        return [q for q in self.quantities if q.form == "percent"]

    def is_compared(self, stated: Quantity) -> bool:
        """Whether a percent is measured against a plan or another period: it may then exceed 100."""
        return words.COMPARED.search(self.lead(stated.start, 90) + self.tail(stated.end, 60)) is not None

    def is_closed_off(self, q: Quantity, at: int) -> bool:
        """Whether a quantity stands in brackets that are closed before a place."""
        level = 1 if self.depth(q.start) > 0 else 0
        for letter in self.text[q.end : at] if level else "":
            level += {"(": 1, ")": -1}.get(letter, 0)
            if level == 0:
                return True
        return False

    def depth(self, at: int) -> int:
        """How many brackets are open at a place of the passage."""
        lead = self.text[self.passage.start : at]
        return lead.count("(") - len(re.findall(r"(?<!^)\)", lead))


def is_fraction(reading: Reading, ratio: Ratio) -> bool:
    """`1/2 số điểm`, `2/3 thời gian`: a fraction of something, no count of a count."""
    after = reading.tail(ratio.whole.end, 16).lower()
    return (
        ratio.whole.value <= 10 and re.match(r"\s*(?:số|thời gian|mức|tổng|lượng|diện tích)(?!\w)", after) is not None
    )


def scaled(quantity: Quantity, factor: Decimal) -> Quantity:
    """The same quantity in the scale that is printed once for both: `1.250/2.500 triệu`."""
    return Quantity(
        quantity.start, quantity.end, quantity.value * factor, quantity.digits, quantity.form, quantity.unit,
        quantity.unit_end, quantity.qualifier, factor, quantity.written,
    )  # fmt: skip


def same_unit(first: Quantity, second: Quantity) -> bool:
    """Whether two counts may be of one thing: the same unit, or one of them printed without."""
    return not first.unit or not second.unit or first.unit == second.unit


def is_announced_total(text: str) -> bool:
    return words.TOTAL.search(text) is not None
