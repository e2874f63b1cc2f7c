"""Parts and totals: `tổng số … trong đó …`, `… và …, tổng cộng …`, and lists under a header."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from egov_kpi.claims import words
from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading, same_unit
from egov_kpi.claims.reasons import claim

_OPENER = re.compile(
    r"(?P<all>bao gồm|(?<!bao )gồm(?: có)?|chia ra|cụ thể(?: là)?|được chia thành)|"
    r"(?P<some>trong (?:số )?đó(?: có)?)|(?P<mark>[:(=]|,\s*(?=cấp ))",
    re.IGNORECASE,
)
_CLOSER = re.compile(
    r"(?<!% )(?<!trên )(?<!trong )(?<!của )(?<!/)(?<!nâng )(?<!trong số )(?<!so với )(?:(?:tổng (?:cộng|số|là|có)|tổng|"
    r"cộng lại|cộng)(?!\w)|nâng tổng|=)"
    r"[^\d;.]{0,70}$",
    re.IGNORECASE,
)
_CUMULATIVE = re.compile(r"nâng tổng|lũy kế|luỹ kế|nâng lên", re.IGNORECASE)
_NOT_A_PART = re.compile(
    r"(?:tăng|giảm|so với|cùng kỳ|cao hơn|thấp hơn|từ|(?<!văn bản )đến|trên tổng số|trong tổng số|tối đa|"
    r"nâng|bình quân|trung bình|mỗi)\s*"
    r"(?:\S+\s){0,2}$",
    re.IGNORECASE,
)
_WORDS_ASIDE = re.compile(r"\([^()\d]*\)")


@dataclass(frozen=True)
class Listing:
    """A total and the parts that the wording puts under it; `closed` when the wording leaves nothing out."""

    total: Quantity
    parts: tuple[Quantity, ...]
    closed: bool
    labels: tuple[str, ...]
    named: str = ""  # the words between the total and its parts
    loose: bool = False  # nothing but a comma says that they are parts


def sum_claims(reading: Reading) -> list[Claim]:
    """The sums within one sentence; no quantity is the total of two."""
    found: list[Claim] = []
    taken: set[int] = set()
    for look in (_after, _before):
        for total in countable(reading):
            listing = look(reading, total) if total.start not in taken else None
            made = _judge(reading, listing) if listing is not None else None
            if listing is not None and made is not None:
                found.append(made)
                taken.update(q.start for q in (*listing.parts, listing.total))
    continued = _continued(reading) if not found else None
    made = _judge(reading, continued) if continued is not None else None
    return [*found, made] if made is not None else found


def _continued(reading: Reading) -> Listing | None:
    """`Tổng số … 324. Trong đó: …`: the total stands in the sentence before."""
    opened = re.match(r"\W*(?:trong (?:số )?đó|cụ thể|bao gồm|gồm)", reading.lower)
    parts = [q for q in countable(reading) if reading.depth(q.start) == 0 and not _skipped(reading, q)]
    if opened is None or not reading.before or len(parts) < 2:
        return None
    labels = _labels(reading, reading.passage.start + opened.end(), parts, reading.passage.end)
    return Listing(reading.before[-1], tuple(parts), False, labels)


def countable(reading: Reading) -> list[Quantity]:
    in_ratio = {q.start for ratio in reading.ratios for q in (ratio.part, ratio.whole)}
    return [q for q in reading.counts() if q.start not in in_ratio]


def _after(reading: Reading, total: Quantity) -> Listing | None:
    """Parts that follow their total after `gồm`, `trong đó`, a colon or an opening bracket."""
    later = [q for q in countable(reading) if q.start > total.start]
    if len(later) < 2:
        return None
    gap = _WORDS_ASIDE.sub(lambda aside: " " * len(aside[0]), reading.text[total.end : later[0].start])
    opener = _OPENER.search(gap) or _of_all(reading, total, gap) or _after_comma(reading, total, gap)
    if (
        opener is None
        or ";" in gap[: opener.start()].rstrip("; ")
        or (opener["mark"] and ";" in gap[: opener.start()])
        or len(gap[: opener.start()]) > 90
        or _percent_inside(reading, total, opener, total.end)
    ):
        return None
    at = total.end + opener.end()
    bracket = opener[0] == "(" or re.search(r"\(\s*$", gap[: opener.start()]) is not None
    stop = _closing_bracket(reading, at) if bracket else reading.passage.end
    if opener[0] == "," and ";" in reading.text[at:stop]:
        stop = reading.text.index(";", at)
    level = reading.depth(at)
    parts = [q for q in later if q.start < stop and reading.depth(q.start) == level and not _skipped(reading, q)]
    if not bracket and len(parts) < 2:
        parts = [
            q for q in later if q.start < stop and reading.depth(q.start) == level + 1 and not _skipped(reading, q)
        ]
    if len(parts) < 2:
        return None
    return Listing(total, tuple(parts), bool(opener["all"]), _labels(reading, at, parts, stop), gap[: opener.start()],
                   opener[0] == ",")  # fmt: skip


def _after_comma(reading: Reading, total: Quantity, gap: str) -> re.Match[str] | None:
    """`Tổng số công chức là 145 người, nam 85 người, nữ 60 người`."""
    if not words.TOTAL.search(reading.lead(total.start)):
        return None
    return re.search(r"(?P<comma>,)(?=\s*[^\W\d])(?P<some>)(?P<all>(?!))?(?P<mark>(?!))?", gap)


def _of_all(reading: Reading, total: Quantity, gap: str) -> re.Match[str] | None:
    """`Trong tổng số 65 chỉ tiêu có 50 …, 10 … và 5 …`."""
    if not words.OF_THESE.search(reading.lead(total.start, 40)):
        return None
    return re.search(r"(?P<some>(?<!\w)(?:có|thì có))(?P<all>(?!))?(?P<mark>(?!))?", gap, re.IGNORECASE)


def _percent_inside(reading: Reading, total: Quantity, opener: re.Match[str], at: int) -> bool:
    """A percent between a total and its opener means that the opener goes on with something else."""
    return any(at <= q.start < at + opener.start() for q in reading.percents()) and opener.lastgroup == "mark"


def _closing_bracket(reading: Reading, at: int) -> int:
    level = 1
    for place in range(at, reading.passage.end):
        level += {"(": 1, ")": -1}.get(reading.text[place], 0)
        if level == 0:
            return place
    return reading.passage.end


def _skipped(reading: Reading, q: Quantity) -> bool:
    lead = reading.lead(q.start, 30)
    return _NOT_A_PART.search(lead) is not None or (
        re.search(r"còn lại\s*$", lead) is not None and not q.unit and q.value == 0
    )


def _labels(reading: Reading, at: int, parts: Sequence[Quantity], stop: int) -> tuple[str, ...]:
    """What each part is called: the words between the separators around it."""
    labels = []
    for index, part in enumerate(parts):
        first = parts[index - 1].end if index else at
        last = parts[index + 1].start if index + 1 < len(parts) else min(stop, part.end + 60)
        before = re.split(r"[,;(]|\svà\s", reading.text[first : part.start])[-1]
        after = re.split(r"[,;)]|\svà\s", reading.text[part.end : last])[0]
        labels.append(f"{before} {after}".lower())
    return tuple(labels)


def _before(reading: Reading, total: Quantity) -> Listing | None:
    """Parts that come first: `… và …, tổng cộng …`, `a + b = c`, `cả ba … có …`."""
    lead = reading.lead(total.start, 90)
    closer = _CLOSER.search(lead)
    together = re.match(r"\W*cả (?:hai|ba|bốn|năm|\d)\s", reading.lower) and re.search(r"(?:có|là|được|đạt)\s*$", lead)
    if not (closer or together) or _CUMULATIVE.search(lead):
        return None
    earlier = [q for q in countable(reading) if q.end <= total.start - (len(lead) - closer.start() if closer else 0)]
    parts = [q for q in earlier if not _skipped(reading, q)]
    level = reading.depth(total.start)
    shallow = [q for q in parts if reading.depth(q.start) == level]
    parts = shallow if len(shallow) >= 2 else parts
    parts = _down_to_sum(parts, total.value)
    if len(parts) < 2:
        return None
    return Listing(total, tuple(parts), True, _labels(reading, reading.passage.start, parts, total.start))


def _down_to_sum(parts: list[Quantity], total: Decimal) -> list[Quantity]:
    """The last parts that make the total, where the first ones tell of something else."""
    for first in range(len(parts) - 1):
        if sum(q.value for q in parts[first:]) == total:
            return parts[first:]
    return parts


def _judge(reading: Reading, listing: Listing) -> Claim | None:
    total = listing.total
    for count in range(len(listing.parts), 1, -1):
        parts = listing.parts[:count]
        if sum(q.value for q in parts) == total.value:
            return said(reading, total, parts, Verdict.HOLDS)
    for part in listing.parts:
        rest = [q for q in listing.parts if q is not part]
        if len(rest) >= 2 and sum(q.value for q in rest) == total.value:
            return said(reading, total, rest, Verdict.HOLDS)
    if not is_complete(listing):
        return None
    return said(reading, total, listing.parts, Verdict.WRONG)


def said(reading: Reading, total: Quantity, parts: Sequence[Quantity], verdict: Verdict) -> Claim:
    added = sum((q.value for q in parts), Decimal(0))
    reason = "sum_holds" if verdict is Verdict.HOLDS else "sum_wrong"
    if verdict is Verdict.HOLDS and is_unit_slip(reading, total, parts):
        verdict, reason = Verdict.UNIT_SLIP, "sum_unit"
    return claim(reading, Kind.SUM, verdict, [total, *parts], reason, added, None, total.value, added)


def is_unit_slip(reading: Reading, total: Quantity, parts: Sequence[Quantity]) -> bool:
    """Procedures and dossiers under one total: the figures agree, the things counted don't."""
    units = {q.unit for q in parts if q.unit}
    if units:
        return {*units, total.unit} == {"hồ sơ", "thủ tục"}
    named = reading.text[total.unit_end : max(q.end for q in parts)].lower()
    return total.unit == "thủ tục" and "hồ sơ" in named and not re.search(r"thủ tục|tthc", named)


def is_complete(listing: Listing) -> bool:
    """Whether parts that miss their total were meant to make it: by the wording, or by names that leave nothing out."""
    total, parts = listing.total, listing.parts
    alike = all(same_unit(total, part) or part.unit in listing.named.lower() for part in parts)
    added = sum(q.value for q in parts)
    near = total.value > 0 and abs(added - total.value) * 12 <= total.value
    if any(part.is_points != total.is_points and part.unit and total.unit for part in parts):
        return False
    if any(part.value > total.value for part in parts) and not near:
        return False
    if listing.loose:
        return alike and exhausts(listing.labels)
    if listing.closed and (
        near or alike or not total.unit or total.unit in {"văn bản", "người", "đơn vị", "trường hợp", "nhiệm vụ"}
    ):
        return True
    if not alike:
        return False
    return exhausts(listing.labels) or near


def exhausts(labels: Sequence[str]) -> bool:
    """Whether the names of the parts are members of one set that leaves nothing out, each a different one."""
    if any(words.REMAINDER.search(label) for label in labels):
        return True
    for group in words.COMPLEMENTS:
        members = [next((n for n, member in enumerate(group) if member.search(label)), None) for label in labels]
        known = [member for member in members if member is not None]
        if len(known) == len(labels) >= 2 and len(set(known)) == len(known):
            return True
    return False
