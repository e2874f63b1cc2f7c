"""Pairs that carry no percent: `12/15 xã`, `15 buổi, trong đó có 09 buổi`."""

import re
from itertools import pairwise

from egov_kpi.claims import words
from egov_kpi.claims.judge import percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Ratio, Reading, is_fraction, same_unit
from egov_kpi.claims.reasons import claim

_SUBSET = re.compile(r"trong (?:số )?đó,?\s*(?:[^\W\d]+\s+){0,4}có\s*$", re.IGNORECASE)


def bare_ratios(reading: Reading, linked: set[int]) -> list[Claim]:
    found = []
    for ratio in reading.ratios:
        if (
            id(ratio) in linked
            or ratio.part.form == "percent"
            or is_fraction(reading, ratio)
            or _is_one_among(reading, ratio)
            or not _counts_something(reading, ratio)
        ):
            continue
        reading.used.update((ratio.part.start, ratio.whole.start))
        made = bare(reading, ratio)
        found.extend([made] if made is not None else [])
    return found


def _is_one_among(reading: Reading, ratio: Ratio) -> bool:
    """`là 1 trong 5 đơn vị dẫn đầu`: one of several, no share."""
    gap = reading.text[ratio.part.end : ratio.whole.start]
    return ratio.part.value == 1 and re.fullmatch(r"\s*trong\s*(?:số\s*)?", gap) is not None


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


def subset_claims(reading: Reading) -> list[Claim]:
    """`15 buổi họp, trong đó có 09 buổi …`: one count of those just told, without a percent."""
    found = []
    counts = [q for q in reading.counts() if words.is_noun(q.unit) and not q.is_points]
    for whole, part in pairwise(counts):
        if _is_subset(reading, whole, part):
            reading.used.update((whole.start, part.start))
            made = bare(reading, Ratio(part, whole, False))
            found.extend([made] if made is not None else [])
    return found


def _is_subset(reading: Reading, whole: Quantity, part: Quantity) -> bool:
    """Of the same thing, after `trong đó`, the only count and no percent in the rest of the sentence."""
    gap = reading.text[whole.end : part.start]
    later = [q for q in reading.quantities if q.start > whole.start and q is not part and q.form != "duration"]
    taken = {whole.start, part.start} & (reading.used | reading.parts)
    alike = whole.unit == part.unit and part.value <= whole.value
    return alike and not later and not taken and _SUBSET.search(gap) is not None and ";" not in gap
