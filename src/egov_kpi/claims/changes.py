"""Increases and decreases: a printed change against the two values that it is between."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from egov_kpi.claims import words
from egov_kpi.claims.aims import is_aim
from egov_kpi.claims.judge import agrees
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading, same_unit
from egov_kpi.claims.reasons import claim

_TO = re.compile(
    r"(?:lên|xuống|còn|đến|tới|thành|sang|nay)(?:\s+(?:còn|đến|tới|là|thành|đạt|mức))?\s*(?:gần|hơn|trên)?\s*$",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"(?:lên|xuống|còn|đạt|tới|đến)(?:\s+(?:mức|đạt|đến|tới|còn|là))?\s*$", re.IGNORECASE)
_EARLIER = re.compile(
    r"(?:cùng kỳ|năm trước|năm ngoái|quý trước|tháng trước|kỳ trước|năm 20\d\d|tháng \d+(?:/20\d\d)?|"
    r"quý [ivx\d]+(?:/20\d\d)?|so với|cao hơn|thấp hơn|trước đây)[^\d);]{0,40}$",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?:năm 20|tháng \d|quý [ivx\d])", re.IGNORECASE)
_COMPARED = re.compile(r"so với[^);]*$", re.IGNORECASE)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}
_AFTERWARDS = re.compile(
    r"^[^\d,;.]{0,25}(?:của |trong )?(?:cùng kỳ|năm trước|năm ngoái|quý trước|tháng trước|kỳ trước|"
    r"năm 20\d\d)(?!\s*(?:đạt|là|có|:)?\s*\d)",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"^[\s,;)(]*(?:tương ứng|tương đương|tức(?: là)?|hay|bằng|=)\s*(?:tăng|giảm|với)?\s*$", re.IGNORECASE
)


def change_claims(reading: Reading) -> list[Claim]:
    """The printed changes of a passage; the values they are between belong to them and are no claims of their own."""
    found = []
    follows = False
    for stated in reading.quantities:
        follows = _is_change(reading, stated) or (follows and _goes_on(reading, stated))
        if follows:
            made = _judge(reading, stated)
            if made is not None:
                found.append(made)
    _hide_from_to(reading)
    return found


def _goes_on(reading: Reading, stated: Quantity) -> bool:
    """`giảm lần lượt 0,3% và 0,1%`."""
    return (
        "lần lượt" in reading.lead(stated.start, 60).lower()
        and re.search(r"[%\d]\s*(?:và|,)\s*$", reading.lead(stated.start, 8)) is not None
    )


def _is_change(reading: Reading, stated: Quantity) -> bool:
    lead = reading.lead(stated.start, 70)
    cue = words.CHANGE.search(lead)
    if cue is None:
        trailing = _is_trailing_change(reading, stated) or _is_change_in_brackets(reading, stated)
        return trailing or _is_change_again(reading, stated)
    return (
        _LEVEL.search(lead) is None
        or re.search(r"(?:tăng|giảm) (?:lên|đến|tới) (?:gần|hơn|trên)?\s*$", lead.lower()) is not None
    )


def _is_change_again(reading: Reading, stated: Quantity) -> bool:
    """`từ 48 xuống 36 phòng, tương ứng 25%`: the same change in percent."""
    pair = _from_to(reading, None) if stated.form == "percent" else None
    return pair is not None and pair[0].form == "count" and _ALSO.match(reading.between(pair[0], stated)) is not None


def _is_change_in_brackets(reading: Reading, stated: Quantity) -> bool:
    """`tăng 1.206 hồ sơ (16,7%)`."""
    counted = _counted_change(reading, stated)
    return stated.form == "percent" and counted is not None


def _counted_change(reading: Reading, stated: Quantity) -> Quantity | None:
    earlier = [q for q in reading.counts() if q.end <= stated.start]
    lead = reading.lead(earlier[-1].start, 70) if earlier else ""
    if not words.CHANGE.search(lead) or re.search(r"cắt giảm\s*\S*\s*$", lead.lower()):
        return None
    gap = reading.between(earlier[-1], stated)
    return (
        earlier[-1]
        if re.fullmatch(r"[^,;.%]{0,20}[(,]?\s*(?:tương ứng|tương đương|tức|bằng|hay|=|khoảng)?\s*", gap)
        else None
    )


def _is_trailing_change(reading: Reading, stated: Quantity) -> bool:
    """`cao hơn tháng 9 (1.000 hồ sơ) 10%`, `tăng so với cùng kỳ 12,5%`."""
    lead = reading.lead(stated.start, 70)
    return stated.form != "count" and re.search(
        r"(?:tăng|giảm|cao hơn|thấp hơn|nhiều hơn|ít hơn)(?: so với| với)? (?:cùng kỳ|tháng|quý|năm|"
        r"kỳ)[^,;.]{0,20}(?:\([^)]*\))?\s*(?:là|:)?\s*$|(?:cao hơn|thấp hơn)\s[^,;.(]{0,45}\([^)]*\)\s*(?:là|:)?\s*$",
        lead, re.IGNORECASE
    ) is not None  # fmt: skip


def _from_to(reading: Reading, stated: Quantity | None) -> tuple[Quantity, Quantity] | None:
    """(new, old) of `từ a lên b`."""
    others = [q for q in reading.quantities if q is not stated]
    for old, new in pairwise(others):
        gap = reading.text[old.end : new.start]
        goes_over = old.form == new.form and len(gap) < 60 and _TO.search(gap) and "," not in gap
        if goes_over and re.search(r"từ(?:\s+\S+){0,3}\s*$", reading.lead(old.start, 30), re.IGNORECASE):
            return new, old
    return None


def _against(reading: Reading, stated: Quantity) -> tuple[Quantity, Quantity] | None:
    """(new, old) where old is said to be of an earlier period, or is of the earlier one of two that are named."""
    wholes = {ratio.whole.start for ratio in reading.ratios}
    levels = [
        q
        for q in reading.quantities
        if q is not stated and q.form != "pp" and q.start not in wholes and not _is_change(reading, q)
    ]
    said = [q for q in levels if _is_of_before(reading, q)]
    dated = [q for q in levels if q not in said and _period(reading, q) > (0, 0)]
    said.sort(key=lambda q: (q.start < stated.start, abs(q.start - stated.start)))
    for old in [*said, *sorted(dated, key=lambda q: _period(reading, q))]:
        new = _level_now(reading, stated, old, [q for q in levels if q not in said])
        if new is not None:
            return new, old
    return None


def _level_now(reading: Reading, stated: Quantity, old: Quantity, levels: list[Quantity]) -> Quantity | None:
    """The value that an earlier one is compared with: of a later period where periods are named, else the nearest."""
    scored = _is_scored(reading, old)
    news = [
        q
        for q in levels
        if q is not old and q.form == old.form and same_unit(q, old) and _is_scored(reading, q) == scored
    ]
    later = [q for q in news if _period(reading, q) > _period(reading, old) > (0, 0)]
    before = [q for q in news if q.start < stated.start]
    return later[0] if later else before[-1] if before else news[0] if news else None


def _is_scored(reading: Reading, q: Quantity) -> bool:
    """Points, also where the word stands behind the maximum: `92/100 điểm`."""
    return q.is_points or any(ratio.is_points and ratio.part.start == q.start for ratio in reading.ratios)


def _is_of_before(reading: Reading, q: Quantity) -> bool:
    """`so với cùng kỳ (1.400 hồ sơ)`, `1.400 hồ sơ của năm trước`."""
    cue = _EARLIER.search(reading.lead(q.start, 60))
    compared = cue is not None and (not _DATED.match(cue[0]) or _COMPARED.search(reading.lead(q.start, 60)) is not None)
    return compared or _AFTERWARDS.match(reading.tail(q.end, 60)) is not None


def _period(reading: Reading, q: Quantity) -> tuple[int, int]:
    """(year, quarter or month) that is named before a value in its clause; (0, 0) when none is."""
    lead = re.split(r"[;)]", reading.lead(q.start, 70))[-1]
    if _EARLIER.search(lead) is None:
        return 0, 0
    years = re.findall(r"(?:năm|/)\s*(20\d\d)", lead, re.IGNORECASE)
    shorter = re.findall(r"(?:tháng|quý)\s+(\d{1,2}|[IVX]+)", lead, re.IGNORECASE)
    within = shorter[-1].upper() if shorter else "0"
    return int(years[-1]) if years else 0, _ROMAN.get(within) or (int(within) if within.isdigit() else 0)


def _by_count(reading: Reading, stated: Quantity) -> tuple[Quantity, Quantity] | None:
    """(new, old) where only the new value and the number of more or fewer are printed."""
    counted = _counted_change(reading, stated) if stated.form == "percent" else None
    if counted is None:
        return None
    news = [q for q in reading.counts() if q.end <= counted.start and same_unit(q, counted)]
    if not news:
        return None
    sign = 1 if words.DOWN.search(reading.lead(counted.start, 40)) else -1
    old = news[-1].value + sign * counted.value
    return (news[-1], replace(counted, value=old)) if old > 0 else None


def _judge(reading: Reading, stated: Quantity) -> Claim | None:
    if "lần lượt" in reading.lead(stated.start, 60).lower():
        return _without_base(reading, stated)
    pair = _from_to(reading, stated) or _against(reading, stated) or _by_count(reading, stated)
    if pair is None or (stated.form != "percent" and pair[0].form == "percent" and stated.form != "pp"):
        return _without_base(reading, stated)
    new, old = pair
    if not _is_said(reading, new, old) and not agrees(_exact(stated, new, old, _is_down(reading, stated)), stated):
        return _without_base(reading, stated)
    marks = [new, old, stated]
    down = _is_down(reading, stated)
    reading.used.update(mark.start for mark in (stated, old))
    reading.levels.update([new.start] if new.form == "percent" else [])
    if stated.form == "percent" and new.form == "percent":
        return _of_percents(reading, stated, new, old, down)
    exact = _exact(stated, new, old, down)
    if exact is None:
        return claim(reading, Kind.INCREASE, Verdict.AMBIGUOUS, marks, "zero", new.value, old.value, stated.value, None)
    verdict, reason = (Verdict.HOLDS, "change_holds") if agrees(exact, stated) else (Verdict.WRONG, "change_wrong")
    return claim(reading, Kind.INCREASE, verdict, marks, reason, new.value, old.value, stated.value, exact)


def _is_down(reading: Reading, stated: Quantity) -> bool:
    if _is_change_again(reading, stated):
        pair = _from_to(reading, stated)
        return pair is not None and pair[0].value < pair[1].value
    return words.DOWN.search(reading.lead(stated.start, 40)) is not None


def _is_said(reading: Reading, new: Quantity, old: Quantity) -> bool:
    """Whether the wording itself calls a value the earlier one; a year or month before it may be of anything."""
    named = _EARLIER.search(reading.lead(old.start, 60))
    if named is None or not _DATED.match(named[0]) or _COMPARED.search(reading.lead(old.start, 60)):
        return True
    return _period(reading, new) > _period(reading, old) > (0, 0)


def _exact(stated: Quantity, new: Quantity, old: Quantity, down: bool) -> Decimal | None:
    change = old.value - new.value if down else new.value - old.value
    if stated.form != "percent":
        return change
    return change * 100 / old.value if old.value else None


def _of_percents(reading: Reading, stated: Quantity, new: Quantity, old: Quantity, down: bool) -> Claim:
    """A change between two percents: `%` may only be used for the relative one."""
    change = old.value - new.value if down else new.value - old.value
    relative = change * 100 / old.value if old.value else None
    values = (new.value, old.value, stated.value)
    marks = [new, old, stated]
    only_cut = relative is not None and round(relative, stated.digits) != stated.value
    if agrees(relative, stated) and not (only_cut and change == stated.value):
        return claim(reading, Kind.INCREASE, Verdict.HOLDS, marks, "change_holds", *values, relative)
    if agrees(change, stated):
        return claim(reading, Kind.INCREASE, Verdict.UNIT_SLIP, marks, "points_of_percent", *values, relative)
    return claim(reading, Kind.INCREASE, Verdict.WRONG, marks, "change_wrong", *values, relative)


def _without_base(reading: Reading, stated: Quantity) -> Claim | None:
    """A change whose base isn't printed: told for percents; a mere count of more or fewer is no claim."""
    if stated.form in {"count", "duration"}:
        return None
    reading.used.add(stated.start)
    if stated.form == "percent" and _is_wish(reading, stated):
        return claim(reading, Kind.INCREASE, Verdict.TARGET, [stated], "target", None, None, stated.value, None)
    return claim(reading, Kind.INCREASE, Verdict.INCOMPLETE, [stated], "no_base", None, None, stated.value, None)


def _is_wish(reading: Reading, stated: Quantity) -> bool:
    return is_aim(reading, stated)


def _hide_from_to(reading: Reading) -> None:
    """`từ 21% lên 34,5%` states two levels and no rate to check."""
    pair = _from_to(reading, None)
    if pair is not None and pair[0].form == "percent":
        reading.used.update(q.start for q in pair)
