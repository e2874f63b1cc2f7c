"""What the claim checker speaks of: one claim of a report, as printed and as recomputed."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of arithmetic a claim can be checked by."""

    RATIO = "ratio"  # a of b, with or without a printed percent
    SHARE = "share"  # a percent whose numerator or denominator is not printed
    SUM = "sum"  # parts and their total
    POINTS = "points"  # points of a maximum
    INCREASE = "increase"  # change against an earlier value
    COUNT_AS_RATE = "count_as_rate"  # a count where a rate is announced


class Verdict(StrEnum):
    HOLDS = "holds"
    WRONG = "wrong"
    INCOMPLETE = "incomplete"
    UNIT_SLIP = "unit_slip"
    TARGET = "target"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Claim:
    """One quantitative claim. `start` and `end` are offsets in the extracted text, `text` is what stands there.

    For a sum `numerator` is the sum of the parts and `stated` the printed total; for points `denominator` is the
    maximum; for an increase they are the new and the old value. Percents are 0 to 100 as printed; counts are whole.
    """

    kind: Kind
    start: int
    end: int
    text: str
    verdict: Verdict
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    stated: Decimal | None = None
    recomputed: Decimal | None = None
    reason_vi: str = ""
    reason_en: str = ""

    def as_dict(self, file: str) -> dict[str, Any]:
        """The published shape of a claim, with its file."""
        return {
            "file": file,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "kind": self.kind.value,
            "numerator": plain(self.numerator),
            "denominator": plain(self.denominator),
            "stated": plain(self.stated),
            "recomputed": plain(self.recomputed),
            "verdict": self.verdict.value,
            "reason_vi": self.reason_vi,
            "reason_en": self.reason_en,
        }


def plain(value: Decimal | None) -> int | float | None:
    """A JSON number: whole numbers without a fraction, others to four places."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(round(value, 4))
