"""Counts where a rate is announced, and points set against a maximum in other words than a slash."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from egov_kpi.claims import words
from egov_kpi.claims.judge import percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading
from egov_kpi.claims.reasons import claim, told

_RATE = re.compile(rf"(?<!\w){words.RATE}(?!\w)", re.IGNORECASE)
_IS = re.compile(
    r"(?:là|đạt|đạt được|có|bằng|:|=|chỉ|chiếm|được|mới|ở mức|lên|còn|khoảng|gần|hơn|trên|ước)\s*(?:(?:chỉ|mới|"
    r"khoảng|gần|hơn|trên|là|có|được|ở mức)\s*)*$",
    re.IGNORECASE,
)
_EARNED = re.compile(
    r"(?:đạt|tự chấm|được|chấm|tự đánh giá|thẩm định|điểm số|đánh giá|ước)[^\d.;]{0,35}$", re.IGNORECASE
)
_LOST = re.compile(r"(?<!\w)mất\s*(?:đi|khoảng|số điểm là)?\s*$", re.IGNORECASE)
_TOTAL = re.compile(r"tổng|cộng|chung|toàn bộ", re.IGNORECASE)
_MAXIMUM = re.compile(r"(?:tối đa|thang điểm|điểm chuẩn|tổng điểm)[^\d.;]{0,25}$", re.IGNORECASE)


def count_as_rate_claims(reading: Reading) -> list[Claim]:
    """`Tỷ lệ … là 31 thủ tục`: one claim for each rate that is followed by a count and by no percent."""
    found = []
    for announced in _RATE.finditer(reading.text, reading.passage.start, reading.passage.end):
        first = next((q for q in reading.quantities if q.start >= announced.end()), None)
        if first is None or first.form != "count" or first.start in reading.used or not words.is_noun(first.unit):
            continue
        gap = reading.text[announced.end() : first.start]
        if first.is_points or re.search(r"[,;(]", gap) or not _IS.search(gap) or _has_rate(reading, first):
            continue
        found.append(_slip(reading, first))
    return found


def _has_rate(reading: Reading, first: Quantity) -> bool:
    """A percent in the rest of the sentence, or a pair, is the rate after all."""
    rest = reading.text[first.end : reading.passage.end]
    later = [q for q in reading.percents() if q.start > first.start and ";" not in reading.text[first.end : q.start]]
    paired = any(first.start == ratio.part.start and ratio.by_slash for ratio in reading.ratios)
    return bool(later) or paired or (re.match(r"\s*(?:trên|/)\s*\d", rest) is not None and False)


def _slip(reading: Reading, count: Quantity) -> Claim:
    """The whole is given when the sentence sets the count against one."""
    whole = next((ratio.whole for ratio in reading.ratios if ratio.part.start == count.start), None)
    reading.used.update(q.start for q in (count, whole) if q is not None)
    exact = percent(count.value, whole.value) if whole is not None else None
    base = whole.value if whole is not None else None
    return claim(
        reading, Kind.COUNT_AS_RATE, Verdict.UNIT_SLIP, [count], "count_as_rate", count.value, base, count.value, exact
    )


def points_claims(reading: Reading) -> list[Claim]:
    """`tối đa 2 điểm, tự chấm 1,5 điểm`, either way round, where the text itself makes no pair of them."""
    paired = {q.start for ratio in reading.ratios for q in (ratio.part, ratio.whole)}
    loose = [q for q in reading.counts() if q.is_points and q.start not in paired and q.start not in reading.used]
    maxima = [q for q in loose if _is_maximum(reading, q)]
    if len(maxima) != 1:
        return []
    earned = [q for q in loose if q is not maxima[0] and _EARNED.search(reading.lead(q.start, 45))]
    return [_points(reading, q, maxima[0]) for q in earned[:2]]


def with_points_lost(reading: Reading, claims: Sequence[Claim]) -> list[Claim]:
    """`đạt 52,5/56,5 điểm, mất 3,9 điểm`: what is left after the points lost has to be what was earned."""
    lost = [q for q in reading.counts() if q.is_points and _LOST.search(reading.lead(q.start, 30))]
    scored = [said for said in claims if said.kind is Kind.POINTS]
    if len(lost) != 1 or len(scored) != 1 or scored[0].verdict is not Verdict.HOLDS:
        return list(claims)
    said = scored[0]
    assert said.numerator is not None and said.denominator is not None
    if said.denominator - said.numerator == lost[0].value:
        return list(claims)
    return [_reworded(said, "lost", lost[0].value) if other is said else other for other in claims]


def with_point_totals(claims: Sequence[Claim]) -> list[Claim]:
    """A total is wrong when the items before it add up to its points but not to its maximum, or the reverse."""
    done: list[Claim] = []
    items: list[Claim] = []
    for said in claims:
        if said.kind is not Kind.POINTS or said.numerator is None or said.denominator is None:
            done.append(said)
        elif len(items) >= 3 and said.start - items[-1].end < 400 and _TOTAL.search(said.text):
            done.append(_against_items(said, items))
            items = []
        else:
            items = [*items, said] if not items or said.start - items[-1].end < 400 else [said]
            done.append(said)
    return done


def with_items_below(claims: Sequence[Claim]) -> list[Claim]:
    """The same for a total that comes before its items; their points have to add up to it, or it isn't their total."""
    done = list(claims)
    scored = [index for index, said in enumerate(done) if said.kind is Kind.POINTS and said.verdict is Verdict.HOLDS]
    for place, index in enumerate(scored):
        added, maxima = Decimal(0), Decimal(0)
        for count, other in enumerate(scored[place + 1 : place + 41], start=1):
            if done[other].start - done[scored[place + count - 1]].end > 400:
                break
            added += done[other].numerator or Decimal(0)
            maxima += done[other].denominator or Decimal(0)
            if count >= 3 and added == done[index].numerator and maxima != done[index].denominator:
                done[index] = _reworded(done[index], "maxima", maxima)
                break
    return done


def _reworded(said: Claim, reason: str, value: Decimal) -> Claim:
    vi, en = told(reason, said.numerator, said.denominator, said.stated, said.recomputed, value)
    return replace(said, verdict=Verdict.WRONG, reason_vi=vi, reason_en=en)


def _against_items(said: Claim, items: Sequence[Claim]) -> Claim:
    points = sum((item.numerator or Decimal(0) for item in items), Decimal(0))
    maxima = sum((item.denominator or Decimal(0) for item in items), Decimal(0))
    if (points == said.numerator) == (maxima == said.denominator):
        return said
    reason, value = ("maxima", maxima) if points == said.numerator else ("scores", points)
    return _reworded(said, reason, value)


def _is_maximum(reading: Reading, q: Quantity) -> bool:
    return bool(
        _MAXIMUM.search(reading.lead(q.start, 40))
        or re.match(r"\s*(?:điểm\s*)?tối đa", reading.text[q.end : q.end + 16])
    )


def _points(reading: Reading, earned: Quantity, maximum: Quantity) -> Claim:
    reading.used.update((earned.start, maximum.start))
    exact = percent(earned.value, maximum.value)
    over = earned.value > maximum.value
    verdict, reason = (Verdict.WRONG, "points_over") if over else (Verdict.HOLDS, "pair")
    return claim(
        reading, Kind.POINTS, verdict, [earned, maximum], reason, earned.value, maximum.value, None, exact or Decimal(0)
    )
