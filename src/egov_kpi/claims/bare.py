"""Pairs that carry no percent: `12/15 xã`, `15 buổi, trong đó có 09 buổi`."""

import re

from egov_kpi.claims import words
from egov_kpi.claims.judge import percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.reading import Ratio, Reading, is_fraction, same_unit
from egov_kpi.claims.reasons import claim


def bare_ratios(reading: Reading, linked: set[int]) -> list[Claim]:
    found = []
    for ratio in reading.ratios:
        if (
            id(ratio) in linked
            or ratio.part.form == "percent"
            or is_fraction(reading, ratio)
            or not _counts_something(reading, ratio)
        ):
            continue
        reading.used.update((ratio.part.start, ratio.whole.start))
        made = bare(reading, ratio)
        found.extend([made] if made is not None else [])
    return found


def _sets_side_by_side(reading: Reading, ratio: Ratio) -> bool:
    """`văn bản đến/đi: 12.340/4.560`, `21 máy/20 người`: two counts, neither a part of the other."""
    named = re.search(r"[^\W\d]+\s*/\s*[^\W\d]+[^;.]*$", reading.lead(ratio.start, 60)) is not None
    return named or not same_unit(ratio.part, ratio.whole)


def bare(reading: Reading, ratio: Ratio) -> Claim | None:
    """A pair by itself holds unless the part is larger than the whole."""
    kind = Kind.POINTS if ratio.is_points else Kind.RATIO
    exact = percent(ratio.part.value, ratio.whole.value)
    marks = [ratio.part, ratio.whole]
    values = (ratio.part.value, ratio.whole.value, None, exact)
    if exact is None:
        return claim(reading, kind, Verdict.AMBIGUOUS, marks, "zero", *values)
    if re.search(r"phấn đấu|mục tiêu|hướng tới", reading.clause_before(ratio.start), re.IGNORECASE):
        return claim(reading, kind, Verdict.TARGET, marks, "aim", *values)
    if exact > 100 and _sets_side_by_side(reading, ratio):
        return None
    if exact > 100 and not words.COMPARED.search(reading.tail(ratio.end, 40)):
        reason = "points_over" if kind is Kind.POINTS else "over"
        return claim(reading, kind, Verdict.WRONG, marks, reason, *values)
    return claim(reading, kind, Verdict.HOLDS, marks, "pair", *values)


def _counts_something(reading: Reading, ratio: Ratio) -> bool:
    units = (ratio.part.unit, ratio.whole.unit)
    if any(words.is_noun(unit) for unit in units) or ratio.is_points:
        return True
    if ratio.part.value >= 100 and ratio.whole.value >= 100:
        return True
    before = reading.lead(ratio.start, 60)
    return (
        re.search(r"(?:" + words.NOUNS + r")[^\d;.]{0,40}(?:là|:|đạt|có|được|\()\s*$", before, re.IGNORECASE)
        is not None
    )
