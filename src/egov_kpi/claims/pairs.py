"""A percent and two counts that no slash joins: which part of which whole it is."""

import re
from decimal import Decimal

from egov_kpi.claims import words
from egov_kpi.claims.flow import flows_from, speaks_of_another
from egov_kpi.claims.judge import agrees, percent
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import LINK_REACH, Reading, is_announced_total, same_unit

_PERCENT_ASIDE = re.compile(
    r"^\s*(?:\([^()]*\)|[,(]?\s*(?:đạt|chiếm|bằng|tương ứng)?\s*(?:(?:tỷ|tỉ) lệ)?\s*\d[\d.,]*\s?%\)?)"
)


def pair_of(reading: Reading, stated: Quantity) -> tuple[Quantity, Quantity] | None:
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
    return whole.start != part.start and (whole.value >= part.value or reading.is_compared(stated))


def _doubt(reading: Reading, part: Quantity, whole: Quantity, stated: Quantity) -> tuple[bool, ...]:
    """Of several wholes that fit a rounded percent, the exact one, then one that isn't itself a part, then a total."""
    exact = percent(part.value, whole.value)
    return (
        exact is None or abs(exact - stated.value) > Decimal("0.05"),
        whole.start not in reading.wholes,
        whole.start in reading.parts and not _takes_in_more(reading, whole),
        not _announced(reading, whole),
    )


def _announced(reading: Reading, whole: Quantity) -> bool:
    """`tổng số …`, `trong … có`: the text itself calls this the whole."""
    lead = reading.text[max(0, whole.start - 50) : whole.start]
    return is_announced_total(lead) or words.OF_TOTAL.search(lead) is not None or _takes_in_more(reading, whole)


def _takes_in_more(reading: Reading, whole: Quantity) -> bool:
    """`1.500 hồ sơ, trong đó …`, or the whole of a pair: what follows may be further parts of it."""
    after = _PERCENT_ASIDE.sub("", reading.text[whole.unit_end : whole.unit_end + 120])[:60]
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
    earlier = [
        q
        for q in reversed(counts)
        if q.start < stated.start
        and not _percent_between(reading, q, stated)
        and not reading.is_closed_off(q, stated.start)
    ]
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
    gap = _open_text(reading.between(part, stated))
    if ";" in gap or len(gap) > LINK_REACH:
        return False
    last = re.split(r"[,(–-]\s", gap.replace("(", "( "))[-1]
    return (
        words.GLUE.match(last) is not None
        or re.search(r"(?:chiếm|tương ứng|tương đương|bằng|đạt (?:tỷ|tỉ) lệ)\W*(?:\S+\s+){0,2}$", gap) is not None
    )


def _open_text(gap: str) -> str:
    """What stands between, without what is said in brackets on the way."""
    return re.sub(r"\([^()]*\)", "", gap)


def _by_structure(reading: Reading, stated: Quantity, parts: list[Quantity]) -> tuple[Quantity, Quantity] | None:
    """The pair that the wording sets up although its arithmetic does not come out."""
    part = next((q for q in parts if _attached(reading, q, stated)), None)
    if part is None or (parts and part is not parts[0]):
        return None
    whole = _named_total(reading, part, stated) or _earlier_whole(reading, part) or _total_before(reading, part)
    if (
        whole is None
        or speaks_of_another(reading, whole, part, stated)
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
            and not flows_from(reading, q, part)
            and not is_announced_total(lead)
            and not re.search(r"trong (?:tổng )?(?:số )?\W*$", lead.lower())
        ):
            continue
        if re.search(r"(?:tăng|giảm|so với|cùng kỳ|cao hơn|thấp hơn)", gap.lower()):
            return None
        return q
    return None


def _total_before(reading: Reading, part: Quantity) -> Quantity | None:
    """The total that a header or the sentence before has announced, when this passage goes on with it."""
    lead = reading.text[reading.passage.start : part.start].lower()
    goes_on = re.match(r"\W*(?:trong (?:số )?đó|trong số này|số)", lead) is not None
    if lead.lstrip().startswith("số") and reading.quantities[0] is not part:
        goes_on = False
    unit = part.unit or _subject(lead)
    for q in reversed(reading.before):
        if not q.unit or q.unit != unit or q.value < part.value:
            continue
        if goes_on or q.start in reading.totals or flows_from(reading, q, part):
            return q
    return None


def _subject(lead: str) -> str:
    """What a count without a unit of its own counts: `số thủ tục … là 186`."""
    named = list(re.finditer(r"(?:^|\W)số(?: lượng)? ", lead))
    return words.unit_after(lead, named[-1].end())[0] if named else ""


def single_base(reading: Reading, stated: Quantity) -> tuple[Quantity | None, Quantity | None]:
    """The one count that goes with a percent: as its numerator when nothing new is said between, else as its base."""
    earlier = [q for q in reading.counts() if q.start < stated.start and not reading.is_closed_off(q, stated.start)]
    for q in reversed(earlier):
        gap = _open_text(reading.between(q, stated))
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
    if not re.search(r"[,;]\s*$", _open_text(reading.text[q.end : stated.start])):
        return False
    after = reading.tail(stated.end, 40)
    unit = words.unit_after(after, 0)[0]
    return re.match(r"\s*\w", after) is not None and (not words.is_noun(unit) or unit == q.unit)


def _in_ratio(reading: Reading, q: Quantity) -> bool:
    return any(q.start in (r.part.start, r.whole.start) for r in reading.ratios)
