"""Lists with their total: in the header, in an item of a higher level, or told after the parts."""

import re
from collections.abc import Iterable, Sequence

from egov_kpi.claims import words
from egov_kpi.claims.model import Claim, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.passages import Form, Passage
from egov_kpi.claims.reading import Reading, is_announced_total, same_unit
from egov_kpi.claims.sums import Listing, countable, is_complete, said

_MARKERS = tuple(
    re.compile(rf"\s*{mark}")
    for mark in (
        r"[-–—]",
        r"\+",
        r"[*•●▪◦·○■□➢✓]",
        r"\d+\.\d+\.\d+",
        r"\d+\.\d+",
        r"\(?\d{1,2}[.)]",
        r"\(?[a-zđ]{1,2}[.)]",
    )
)
_CLOSING = re.compile(r"\W*(?:như vậy,?\s*)?(?:tổng|cộng)(?: cộng| số)?(?!\w)[^\d,;.]{0,60}$", re.IGNORECASE)
_CLOSING_ONLY = re.compile(r"\W*(?:như vậy,?\s*)?(?:tổng|cộng)(?: cộng| số)?\s*(?:là|có|:|được)?\s*$", re.IGNORECASE)


def lists_claims(readings: Sequence[Reading]) -> list[Claim]:
    """Sums of a header and the items under it, and of parts whose total is told after them."""
    found = []
    for index, header in enumerate(readings):
        if _heads_list(header):
            found.extend(_under(_announcing(readings, index), _items(readings, index)))
        if index and _closes(header):
            found.extend(_told_after(readings, index))
    return found


def closing_total(following: Iterable[tuple[Passage, Sequence[Quantity]]], item: Passage, text: str) -> list[Quantity]:
    """The total that is told right after the list that a passage is an item of."""
    for passage, inside in following:
        if inside and _CLOSING.fullmatch(_unmarked(text[passage.start : inside[0].start])):
            return list(inside[:1])
        if item.form is not Form.ITEM or (passage.form is not Form.ITEM and passage.paragraph != item.paragraph):
            break
    return []


def _heads_list(header: Reading) -> bool:
    """A colon at the end, or a total and nothing after it: `Tổng số hồ sơ: 764`."""
    if header.lower.rstrip().endswith(":"):
        return True
    counts = header.counts()
    last = counts[-1] if counts else None
    return (
        last is not None
        and len(header.quantities) == 1
        and is_announced_total(header.lead(last.start))
        and re.fullmatch(r"\W*", header.text[last.unit_end : header.passage.end]) is not None
    )


def _marker(reading: Reading) -> int | None:
    """Which sort of mark an item begins with; None for what is no item."""
    if reading.passage.form is not Form.ITEM:
        return None
    text = reading.text[reading.passage.start : reading.passage.end]
    return next((kind for kind, mark in enumerate(_MARKERS) if mark.match(text)), None)


def _items(readings: Sequence[Reading], index: int) -> list[Reading]:
    """The items of one level below a header; those of a level below theirs are left out."""
    own = _marker(readings[index])
    level: int | None = None
    items: list[Reading] = []
    for item in readings[index + 1 :]:
        marker = _marker(item)
        if marker is None and items and item.passage.paragraph == items[-1].passage.paragraph:
            continue
        level = marker if level is None else level
        if marker is None or marker == own or _closes(item):
            break
        if marker == level:
            items.append(item)
    return items


def _announcing(readings: Sequence[Reading], index: int) -> Reading:
    """The passage with the total of a list: `Trong đó:` by itself goes back to the sentence before."""
    header = readings[index]
    return readings[index - 1] if index and not header.quantities and "trong" in header.lower else header


def _under(header: Reading, items: Sequence[Reading]) -> list[Claim]:
    """A header with a total and its parts as items; the total may be made by the first of them."""
    totals = list(countable(header))
    parts = _leading(items)
    if not totals or len(parts) < 2 or len(parts) < len(items):
        return []
    total = totals[-1]
    for count in range(len(parts), 1, -1):
        if sum(q.value for q in parts[:count]) == total.value:
            return [_over(header, items[count - 1], total, parts[:count], Verdict.HOLDS)]
    listing = Listing(total, tuple(parts), False, tuple(item.lower for item in items))
    return [_over(header, items[-1], total, parts, Verdict.WRONG)] if is_complete(listing) else []


def _leading(items: Sequence[Reading]) -> list[Quantity]:
    """The counts that list items are about: the first of each, unless it is one of a pair."""
    found = []
    for item in items:
        counts = item.counts()
        if counts and not any(ratio.part is counts[0] and ratio.by_slash for ratio in item.ratios):
            found.append(counts[0])
    return found


def _closes(reading: Reading) -> bool:
    """`Tổng cộng: 1.713 văn bản.`: begins with the total of what stands before it."""
    counts = reading.counts()
    lead = reading.text[reading.passage.start : counts[0].start] if counts else ""
    return len(counts) == 1 and _CLOSING.fullmatch(_unmarked(lead)) is not None


def _unmarked(lead: str) -> str:
    return re.sub(r"^\s*(?:[-–+*•]|\(?[a-zđ0-9]{1,2}[.)])\s*", "", lead)


def _told_after(readings: Sequence[Reading], index: int) -> list[Claim]:
    """The parts before a closing total: the items of the list that it ends, or the counts of one sentence."""
    closing = readings[index]
    if readings[index - 1].passage.form is Form.ITEM:
        return _of_items(readings, index)
    parts = [q for q in countable(readings[index - 1]) if readings[index - 1].depth(q.start) == 0]
    total = closing.counts()[0]
    before = readings[index - 1]
    told = any(words.TOTAL.search(before.lead(q.start)) for q in parts) or closing.passage.paragraph > (
        before.passage.paragraph + 1
    )
    if len(parts) < 2 or told or not all(same_unit(total, q) and q.unit for q in parts):
        return []
    return _closed(before, closing, total, parts)


def _of_items(readings: Sequence[Reading], index: int) -> list[Claim]:
    level = _marker(readings[index - 1])
    items: list[Reading] = []
    for item in reversed(readings[:index]):
        if item.passage.form is not Form.ITEM:
            break
        items.extend([item] if _marker(item) == level else [])
    items.reverse()
    parts, total = _leading(items), readings[index].counts()[0]
    return _closed(items[0], readings[index], total, parts) if len(parts) == len(items) >= 2 else []


def _closed(first: Reading, closing: Reading, total: Quantity, parts: Sequence[Quantity]) -> list[Claim]:
    """A total that closes its parts; one with a longer name may be of something else when it doesn't fit."""
    lead = _unmarked(closing.text[closing.passage.start : total.start])
    fits = sum(q.value for q in parts) == total.value
    listing = Listing(total, tuple(parts), _CLOSING_ONLY.fullmatch(lead) is not None, ())
    if not fits and not (listing.closed and is_complete(listing)):
        return []
    return [_over(first, closing, total, parts, Verdict.HOLDS if fits else Verdict.WRONG)]


def _over(first: Reading, last: Reading, total: Quantity, parts: Sequence[Quantity], verdict: Verdict) -> Claim:
    """A sum whose span runs over several passages."""
    passage = Passage(first.passage.start, last.passage.end, first.passage.form, first.passage.paragraph)
    return said(Reading(first.text, passage, [], []), total, parts, verdict)
