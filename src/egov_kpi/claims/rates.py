"""Percents: which numerator and denominator a printed percent belongs to, and what it is when it has none."""

import re
from dataclasses import dataclass

from egov_kpi.claims import words
from egov_kpi.claims.aims import is_aim, is_range, is_scoring_rule, is_threshold
from egov_kpi.claims.bare import bare_ratios
from egov_kpi.claims.judge import agrees, is_fraction_slip, percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.pairs import pair_of, single_base
from egov_kpi.claims.reading import LINK_REACH, Ratio, Reading, is_fraction
from egov_kpi.claims.reasons import claim


@dataclass(frozen=True)
class Link:
    """A printed percent and the pair that stands beside it; the lower the cost the closer they are."""

    cost: int
    stated: Quantity
    ratio: Ratio


def rate_claims(reading: Reading) -> list[Claim]:
    """Every percent of a passage, then the pairs that carry none."""
    found = []
    linked = _linked(reading)
    for stated in reading.percents():
        if stated.start in reading.used:
            continue
        ratio = linked.get(stated.start)
        made = _of_ratio(reading, stated, ratio) if ratio else _alone(reading, stated)
        if made is not None:
            found.append(made)
    found.extend(bare_ratios(reading, {id(ratio) for ratio in linked.values()}))
    return found


def _linked(reading: Reading) -> dict[int, Ratio]:
    """The nearest pair of each percent, one to one."""
    links = [
        link
        for stated in reading.percents()
        if stated.start not in reading.used
        for ratio in reading.ratios
        if (link := _link(reading, stated, ratio)) is not None
    ]
    chosen: dict[int, Ratio] = {}
    taken: set[int] = set()
    for link in sorted(links, key=lambda item: (item.cost, item.stated.start)):
        if link.stated.start not in chosen and id(link.ratio) not in taken:
            chosen[link.stated.start] = link.ratio
            taken.add(id(link.ratio))
    return chosen


def _link(reading: Reading, stated: Quantity, ratio: Ratio) -> Link | None:
    if ratio.part.start <= stated.start <= ratio.whole.start or (
        ratio.part.form == "percent" and not _is_quotient(reading, stated, ratio)
    ):
        return None
    after = stated.start > ratio.end
    gap = reading.text[ratio.end : stated.start] if after else reading.text[stated.end : ratio.start]
    between = [q for q in reading.quantities if min(stated.end, ratio.end) <= q.start < max(stated.start, ratio.start)]
    if len(gap) > LINK_REACH or any(q.form == "percent" for q in between) or ";" in gap:
        return None
    if after and _is_of_each(reading, stated, ratio):
        return None
    cost = len(gap) + 40 * len(between)
    if words.GLUE.match(gap):
        cost -= 60
    elif not after and re.match(r"^[^,;]{0,60}\(\s*$", gap):
        cost -= 50
    elif after and words.STRONG_GLUE.search(gap):
        cost -= 20
    if agrees(percent(ratio.part.value, ratio.whole.value), stated):
        cost -= 80
    elif (
        not words.GLUE.match(gap) and (any(q.form == "count" for q in between) or not _may_belong(gap, after))
    ) or is_fraction(reading, ratio):
        return None
    return Link(cost, stated, ratio)


def _is_of_each(reading: Reading, stated: Quantity, ratio: Ratio) -> bool:
    """`9/14 xã đạt trên 80% hồ sơ trực tuyến`: what each of them has, no share of them."""
    unit, end = words.unit_after(reading.text, stated.end)
    units = {ratio.part.unit, ratio.whole.unit} - {""}
    measured = words.COMPARED.match(reading.text[stated.end : end].strip()) is not None
    return words.is_noun(unit) and bool(units) and unit not in units and not measured


def _may_belong(gap: str, after: bool) -> bool:
    """Without arithmetic to prove it, a percent belongs to a pair only when no new subject comes between."""
    last = re.split(r"[,(]", gap)[-1]
    if after:
        return words.GLUE.match(last) is not None or words.STRONG_GLUE.search(gap) is not None
    return "(" in gap or "," not in gap


def _is_quotient(reading: Reading, stated: Quantity, ratio: Ratio) -> bool:
    """54,3%/60% kế hoạch, đạt 90,5%: only then is a pair of percents a pair."""
    return stated.start > ratio.end and agrees(percent(ratio.part.value, ratio.whole.value), stated)


def _of_ratio(reading: Reading, stated: Quantity, ratio: Ratio) -> Claim:
    reading.used.update((stated.start, ratio.part.start, ratio.whole.start))
    reading.parts.add(ratio.part.start)
    kind = Kind.POINTS if ratio.is_points else Kind.RATIO
    return judged(reading, kind, ratio.part, ratio.whole, stated)


def judged(reading: Reading, kind: Kind, part: Quantity, whole: Quantity, stated: Quantity) -> Claim:
    """The verdict on `part` of `whole` with a printed percent."""
    exact = percent(part.value, whole.value)
    marks = [part, whole, stated]
    if exact is None:
        return claim(reading, kind, Verdict.AMBIGUOUS, marks, "zero", part.value, whole.value, stated.value, None)
    common = (part.value, whole.value, stated.value, exact)
    if exact > 100 and not reading.is_compared(stated):
        return claim(reading, kind, Verdict.WRONG, marks, "over", *common)
    if agrees(exact, stated):
        return claim(reading, kind, Verdict.HOLDS, marks, "holds", *common)
    if is_fraction_slip(exact, stated):
        return claim(reading, kind, Verdict.UNIT_SLIP, marks, "fraction", *common)
    return claim(reading, kind, Verdict.WRONG, marks, "wrong", *common)


def _alone(reading: Reading, stated: Quantity) -> Claim | None:
    """A percent without a pair beside it: a pair of counts further off, an aim, or a figure without its base."""
    if (
        is_range(reading, stated)
        or is_scoring_rule(reading, stated)
        or words.NEGATED.search(reading.lead(stated.start, 40))
    ):
        return None
    pair = None if is_threshold(reading, stated) else pair_of(reading, stated)
    if pair is None and stated.start in reading.levels:
        return None
    if pair is not None:
        part, whole = pair
        reading.used.update((stated.start, part.start))
        reading.parts.add(part.start)
        reading.wholes.add(whole.start)
        return judged(reading, Kind.POINTS if part.is_points else Kind.RATIO, part, whole, stated)
    reading.used.add(stated.start)
    if is_threshold(reading, stated) or is_aim(reading, stated):
        return claim(reading, Kind.SHARE, Verdict.TARGET, [stated], "target", None, None, stated.value, None)
    return _incomplete(reading, stated)


def _incomplete(reading: Reading, stated: Quantity) -> Claim:
    part, whole = single_base(reading, stated)
    reading.parts.update({part.start} if part else set())
    marks = [mark for mark in (part, whole, stated) if mark is not None]
    values = (part.value if part else None, whole.value if whole else None, stated.value, None)
    if exceeds(reading, stated):
        return claim(reading, Kind.SHARE, Verdict.WRONG, marks, "rate_over", *values)
    reason = "no_denominator" if whole is None else "no_numerator"
    return claim(reading, Kind.SHARE, Verdict.INCOMPLETE, marks, reason, *values)


def exceeds(reading: Reading, stated: Quantity) -> bool:
    """A share above the whole, unless it is measured against a plan or another period."""
    if stated.value < 100 or (stated.value == 100 and stated.qualifier not in {"trên", "hơn", ">"}):
        return False
    return not reading.is_compared(stated)
