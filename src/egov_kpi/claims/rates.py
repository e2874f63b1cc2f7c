"""Percents: which numerator and denominator a printed percent belongs to, and what it is when it has none."""

import re
from dataclasses import dataclass
from decimal import Decimal

from egov_kpi.claims import words
from egov_kpi.claims.judge import agrees, is_fraction_slip, percent
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Ratio, Reading, is_announced_total, same_unit
from egov_kpi.claims.reasons import claim

LINK_REACH = 110


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
    found.extend(_bare_ratios(reading, {id(ratio) for ratio in linked.values()}))
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
    ) or _is_fraction(reading, ratio):
        return None
    return Link(cost, stated, ratio)


def _is_fraction(reading: Reading, ratio: Ratio) -> bool:
    """`1/2 số điểm`, `2/3 thời gian`: a fraction of something, no count of a count."""
    after = reading.tail(ratio.whole.end, 16).lower()
    return (
        ratio.whole.value <= 10 and re.match(r"\s*(?:số|thời gian|mức|tổng|lượng|diện tích)(?!\w)", after) is not None
    )


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
    if exact > 100 and not _is_comparison(reading, stated):
        return claim(reading, kind, Verdict.WRONG, marks, "over", *common)
    if agrees(exact, stated):
        return claim(reading, kind, Verdict.HOLDS, marks, "holds", *common)
    if is_fraction_slip(exact, stated):
        return claim(reading, kind, Verdict.UNIT_SLIP, marks, "fraction", *common)
    return claim(reading, kind, Verdict.WRONG, marks, "wrong", *common)


def _is_comparison(reading: Reading, stated: Quantity) -> bool:
    near = reading.lead(stated.start, 90) + reading.tail(stated.end, 60)
    return words.COMPARED.search(near) is not None


def _alone(reading: Reading, stated: Quantity) -> Claim | None:
    """A percent without a pair beside it: a pair of counts further off, an aim, or a figure without its base."""
    if (
        _is_range(reading, stated)
        or _is_scoring_rule(reading, stated)
        or words.NEGATED.search(reading.lead(stated.start, 40))
    ):
        return None
    pair = _pair(reading, stated)
    if pair is not None:
        part, whole = pair
        reading.used.update((stated.start, part.start))
        reading.parts.add(part.start)
        return judged(reading, Kind.POINTS if part.is_points else Kind.RATIO, part, whole, stated)
    reading.used.add(stated.start)
    if is_aim(reading, stated):
        return claim(reading, Kind.SHARE, Verdict.TARGET, [stated], "target", None, None, stated.value, None)
    return _incomplete(reading, stated)


def _is_range(reading: Reading, stated: Quantity) -> bool:
    """90-95%, từ 80% đến 90%: no single value is stated."""
    before, after = reading.lead(stated.start, 24), reading.tail(stated.end, 24)
    if re.search(r"\d\s*%?\s*[-–]\s*$", before) or re.match(r"\s*[-–]\s*\d[\d.,]*\s*%", after):
        return True
    if re.search(r"từ\s*$", before) and re.match(r"\s*(?:đến|tới|lên|xuống|còn)\s*\S{0,6}\s*\d[\d.,]*\s*%", after):
        return True
    return re.search(r"từ\s+[\d.,]+\s*%?\s*(?:đến|tới|lên|xuống|còn)\s*\S{0,6}\s*$", before) is not None


def _is_scoring_rule(reading: Reading, stated: Quantity) -> bool:
    """`≤ 5% trừ 1/2 số điểm`, `từ 95% trở lên được 2 điểm`: how points are given, no figure of the report."""
    after = reading.tail(stated.end, 45).lower()
    return re.match(r"[^,;.]{0,25}(?:trừ|thì|được tính|chấm|được)\s+(?:\S+\s+){0,3}điểm", after) is not None


def _incomplete(reading: Reading, stated: Quantity) -> Claim:
    part, whole = _single_base(reading, stated)
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
    return not _is_comparison(reading, stated)


def is_aim(reading: Reading, stated: Quantity) -> bool:
    """Whether a percent says what is wanted, not what came about."""
    clause = reading.clause_before(stated.start)
    if re.fullmatch(r"[\s(]*(?:\S+\s+)?", clause):
        clause = (
            reading.clause_before(reading.passage.start + reading.text[reading.passage.start : stated.start].rfind("("))
            or clause
        )
    after = reading.tail(stated.end, 50)
    aims = list(words.AIM.finditer(clause))
    if aims:
        return words.RESULT.search(clause[aims[-1].end() :]) is None
    sentence = reading.text[reading.passage.start : stated.start]
    if words.RESULT.search(clause):
        return False
    if re.match(r"\s*(?:[^,;.]{0,40}\s)?trở lên", after):
        return True
    lead = words.LEAD_AIM.match(sentence)
    if lead and words.RESULT.search(sentence[lead.end() :]) is None:
        return True
    if reading.passage.is_aim:
        return words.RESULT.search(sentence) is None
    if (
        words.AIM.search(sentence)
        and not words.RESULT.search(sentence)
        and not re.search(r"theo (?:yêu cầu|đề nghị)", sentence.lower())
    ):
        return True
    return bool(words.SOFT_AIM.search(clause + after)) and words.RESULT.search(reading.lower) is None


# -- a percent and two counts that no slash joins --------------------------------------------------


def _pair(reading: Reading, stated: Quantity) -> tuple[Quantity, Quantity] | None:
    parts = _part_candidates(reading, stated)
    wholes = _whole_candidates(reading, stated)
    near = _by_structure(reading, stated, parts)
    if near is not None and stated.digits == 0:
        wholes = [whole for whole in wholes if whole.start >= reading.passage.start or whole is near[1]]
    for part in parts:
        fitting = [
            whole
            for whole in wholes
            if _may_take_in(reading, part, whole, stated) and _fits(reading, part, whole, stated)
        ]
        if fitting:
            return part, min(fitting, key=lambda whole: _doubt(reading, part, whole, stated))
    return near


def _may_take_in(reading: Reading, part: Quantity, whole: Quantity, stated: Quantity) -> bool:
    if any(q.start > stated.end and ";" in reading.text[stated.end : q.start] for q in (part, whole)):
        return False
    return whole.start != part.start and (whole.value >= part.value or _is_comparison(reading, stated))


def _doubt(reading: Reading, part: Quantity, whole: Quantity, stated: Quantity) -> tuple[bool, ...]:
    """Of several wholes that fit a rounded percent, the exact one, then one that isn't itself a part, then a total."""
    exact = percent(part.value, whole.value)
    return (
        exact is None or abs(exact - stated.value) > Decimal("0.05"),
        whole.start in reading.parts,
        not _announced(reading, whole),
    )


def _announced(reading: Reading, whole: Quantity) -> bool:
    """`tổng số …`, `trong … có`: the text itself calls this the whole."""
    lead = reading.text[max(0, whole.start - 50) : whole.start]
    return is_announced_total(lead) or words.OF_TOTAL.search(lead) is not None or _takes_in_more(reading, whole)


def _takes_in_more(reading: Reading, whole: Quantity) -> bool:
    """`1.500 hồ sơ, trong đó …`, or the whole of a pair: what follows may be further parts of it."""
    after = reading.tail(whole.unit_end, 60)
    opens = re.match(r"[^,;.]{0,40}[,;:(.]?\s*(?:trong (?:số )?đó|gồm|bao gồm|cụ thể)", after, re.IGNORECASE)
    return opens is not None or any(ratio.whole.start == whole.start for ratio in reading.ratios)


def _fits(reading: Reading, part: Quantity, whole: Quantity, stated: Quantity) -> bool:
    exact = percent(part.value, whole.value)
    if exact is None or not agrees(exact, stated):
        return False
    if (
        whole.start in reading.parts
        and stated.digits < 2
        and exact != stated.value
        and not _takes_in_more(reading, whole)
    ):
        return False
    if part.is_points != whole.is_points or (
        part.unit.startswith("đồng") != whole.unit.startswith("đồng") and part.unit and whole.unit
    ):
        return False
    if stated.value == 100 or part.value < 4 or stated.value == 0:
        return same_unit(part, whole) and _attached(reading, part, stated)
    return True


def _part_candidates(reading: Reading, stated: Quantity) -> list[Quantity]:
    """Counts that the percent may speak of: in the brackets that follow it, else before it, nearest first."""
    counts = reading.counts()
    following = [
        q
        for q in counts
        if q.start > stated.end and re.match(r"^[^,;.%]{0,50}[(,]?[^,;.%)]{0,40}$", reading.between(stated, q))
    ]
    bracketed = [q for q in following if "(" in reading.text[stated.end : q.start]]
    earlier = [q for q in reversed(counts) if q.start < stated.start and not _percent_between(reading, q, stated)]
    return [*bracketed[:1], *earlier[:4], *[q for q in following[:1] if q not in bracketed]]


def _percent_between(reading: Reading, first: Quantity, second: Quantity) -> bool:
    return any(first.end <= q.start < second.start for q in reading.percents())


def _whole_candidates(reading: Reading, stated: Quantity) -> list[Quantity]:
    """Counts that may be the whole: of the passage, nearest first, then of the passages before."""
    here = sorted(reading.counts(), key=lambda q: abs(q.start - stated.start))
    return [*here, *reversed(reading.before)]


def _attached(reading: Reading, part: Quantity, stated: Quantity) -> bool:
    """Whether the percent speaks of this count: only `đạt`, `chiếm` and the like stand between."""
    if part.start > stated.start:
        return "(" in reading.text[stated.end : part.start]
    gap = reading.between(part, stated)
    if ";" in gap or len(gap) > LINK_REACH:
        return False
    last = re.split(r"[,(–-]\s", gap.replace("(", "( "))[-1]
    return (
        words.GLUE.match(last) is not None
        or re.search(r"(?:chiếm|tương ứng|tương đương|bằng|đạt (?:tỷ|tỉ) lệ)\W*(?:\S+\s+){0,2}$", gap) is not None
    )


def _by_structure(reading: Reading, stated: Quantity, parts: list[Quantity]) -> tuple[Quantity, Quantity] | None:
    """The pair that the wording sets up although its arithmetic does not come out."""
    part = next((q for q in parts if _attached(reading, q, stated)), None)
    if part is None or (parts and part is not parts[0]):
        return None
    whole = _named_total(reading, part, stated) or _earlier_whole(reading, part) or _total_before(reading, part)
    if (
        whole is None
        or whole.value < part.value
        or (part.value == whole.value and stated.value != 100 and part.value < 2)
    ):
        return None
    return part, whole


def _named_total(reading: Reading, part: Quantity, stated: Quantity) -> Quantity | None:
    """`… trên tổng số 900 hồ sơ`, after the percent or before the count."""
    for q in reading.counts():
        if q is part or not same_unit(part, q):
            continue
        near = q.start > stated.start and len(reading.text[stated.end : q.start]) < 60
        if (
            near
            and not _other_percent(reading, stated, q)
            and words.OF_TOTAL.search(reading.text[stated.end : q.start])
        ):
            return q
    return None


def _other_percent(reading: Reading, stated: Quantity, q: Quantity) -> bool:
    return any(stated.start < p.start < q.start for p in reading.percents())


def _earlier_whole(reading: Reading, part: Quantity) -> Quantity | None:
    """The count before, in the same sentence, that takes the part in."""
    for q in reversed([q for q in reading.counts() if q.end <= part.start]):
        gap = reading.between(q, part)
        if q.is_points != part.is_points or not same_unit(part, q) or q.value < part.value:
            continue
        blocked = _percent_between(reading, q, part) or ";" in gap
        lead = reading.lead(q.start, 60)
        if q.start in reading.parts and not _takes_in_more(reading, q):
            continue
        if (
            blocked
            and not _takes_in_more(reading, q)
            and not is_announced_total(lead)
            and not re.search(r"trong (?:tổng )?(?:số )?\W*$", lead.lower())
        ):
            continue
        if re.search(r"(?:tăng|giảm|so với|cùng kỳ|còn|cao hơn|thấp hơn)", gap.lower()):
            return None
        return q
    return None


def _total_before(reading: Reading, part: Quantity) -> Quantity | None:
    """The total that a header or the sentence before has announced, when this passage goes on with it."""
    lead = reading.text[reading.passage.start : part.start].lower()
    goes_on = re.match(r"\W*(?:trong (?:số )?đó|trong số này|số)", lead) or reading.passage.form == "item"
    if not goes_on or (lead.lstrip().startswith("số") and reading.quantities[0] is not part):
        return None
    unit = part.unit or _subject(lead)
    return next((q for q in reversed(reading.before) if q.unit and q.unit == unit and q.value >= part.value), None)


def _subject(lead: str) -> str:
    """What a count without a unit of its own counts: `số thủ tục … là 186`."""
    named = list(re.finditer(r"(?:^|\W)số(?: lượng)? ", lead))
    return words.unit_after(lead, named[-1].end())[0] if named else ""


def _single_base(reading: Reading, stated: Quantity) -> tuple[Quantity | None, Quantity | None]:
    """The one count that goes with a percent: as its numerator when nothing new is said between, else as its base."""
    for q in reversed([q for q in reading.counts() if q.start < stated.start]):
        gap = reading.between(q, stated)
        goes_on = re.search(r";\s*(?:trong (?:số )?đó|tỷ lệ|tỉ lệ)", gap, re.IGNORECASE) is not None
        if (
            _percent_between(reading, q, stated)
            or (";" in gap and not goes_on)
            or len(gap) > LINK_REACH
            or q.is_points
            or _in_ratio(reading, q)
        ):
            return None, None
        if not q.unit and q.value < 10:
            return None, None
        of_these = goes_on or words.OF_THESE.search(reading.lead(q.start, 40)) is not None
        attached = _attached(reading, q, stated) and not of_these and not _speaks_of(reading, q, stated)
        return (q, None) if attached else (None, q)
    for q in reading.counts():
        if (
            q.start > stated.end
            and re.match(r"^[^,;.%]{0,40}\((?:[^\d;%)]{0,30})$", reading.text[stated.end : q.start])
            and not _in_ratio(reading, q)
        ):
            return (q, None)
    return None, None


def _speaks_of(reading: Reading, q: Quantity, stated: Quantity) -> bool:
    """`1.688 văn bản đến, 100% văn bản …`: the percent is one of the things just counted, or of what became of them."""
    if not re.search(r"[,;]\s*$", reading.text[q.end : stated.start]):
        return False
    after = reading.tail(stated.end, 40)
    unit = words.unit_after(after, 0)[0]
    return re.match(r"\s*\w", after) is not None and (not words.is_noun(unit) or unit == q.unit)


def _in_ratio(reading: Reading, q: Quantity) -> bool:
    return any(q.start in (r.part.start, r.whole.start) for r in reading.ratios)


# -- pairs that carry no percent -------------------------------------------------------------------


def _bare_ratios(reading: Reading, linked: set[int]) -> list[Claim]:
    found = []
    for ratio in reading.ratios:
        if (
            id(ratio) in linked
            or ratio.part.form == "percent"
            or _is_fraction(reading, ratio)
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
