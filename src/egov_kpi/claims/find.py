"""All quantitative claims of a text, in the order in which they stand."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby, islice

from egov_kpi.claims import tables
from egov_kpi.claims.bare import subset_claims
from egov_kpi.claims.changes import change_claims
from egov_kpi.claims.lists import closing_total, lists_claims
from egov_kpi.claims.model import Claim
from egov_kpi.claims.numbers import Quantity, quantities
from egov_kpi.claims.passages import Form, Passage, passages
from egov_kpi.claims.rates import rate_claims
from egov_kpi.claims.reading import Reading
from egov_kpi.claims.slips import (
    count_as_rate_claims,
    points_claims,
    with_items_below,
    with_point_totals,
    with_points_lost,
)
from egov_kpi.claims.sums import sum_claims

LONGEST_LIST = 100  # passages in which a list is headed, or closed by a total
REACH = 3  # passages back in which a denominator may have been announced


def find_claims(text: str) -> list[Claim]:
    """The claims of an extracted text; offsets are into this text. The same text always gives the same claims."""
    found = quantities(text)
    claims: list[Claim] = []
    for is_row, group in groupby(passages(text), key=lambda passage: passage.form is Form.ROW):
        block = list(group)
        if is_row:
            claims.extend(tables.table_claims(text, block))
        else:
            claims.extend(_of_prose(text, block, _within(found, block[0].start, block[-1].end)))
    return with_items_below(with_point_totals(_without_repeats(claims)))


def _of_prose(text: str, block: Sequence[Passage], found: Sequence[Quantity]) -> list[Claim]:
    claims: list[Claim] = []
    readings: list[Reading] = []
    inside = [_within(found, passage.start, passage.end) for passage in block]
    for index, (passage, own) in enumerate(zip(block, inside, strict=True)):
        ahead = slice(index + 1, index + LONGEST_LIST)
        following = zip(block[ahead], inside[ahead], strict=True)
        closing = closing_total(following, passage, text) if own else []
        reading = _reading(text, passage, own, readings, closing)
        claims.extend(_of_passage(reading))
        readings.append(reading)
    return [*claims, *lists_claims(readings)]


def _within(found: Sequence[Quantity], start: int, end: int) -> list[Quantity]:
    first, last = (bisect_left(found, at, key=lambda q: q.start) for at in (start, end))
    return list(found[first:last])


def _reading(
    text: str, passage: Passage, found: list[Quantity], earlier: Sequence[Reading], closing: Sequence[Quantity]
) -> Reading:
    """A passage with the counts before it that it may go on from, and those that head or close its list."""
    before = [
        q
        for reading in earlier[-REACH:]
        if reading.passage.paragraph >= passage.paragraph - REACH
        for q in reading.counts()
    ]
    header = _header(earlier) if passage.form is Form.ITEM else None
    around = [*(header.counts() if header is not None else []), *closing]
    before.extend(q for q in around if q not in before)
    return Reading(text, passage, found, before, {q.start for q in around})


def _header(earlier: Sequence[Reading]) -> Reading | None:
    """The passage that the list under way began with."""
    for reading in islice(reversed(earlier), LONGEST_LIST):
        if reading.passage.form is not Form.ITEM:
            return reading if reading.lower.rstrip().endswith(":") else None
    return None


def _of_passage(reading: Reading) -> list[Claim]:
    if not reading.quantities:
        return []
    claims = [
        *sum_claims(reading),
        *change_claims(reading),
        *count_as_rate_claims(reading),
        *rate_claims(reading),
        *subset_claims(reading),
        *points_claims(reading),
    ]
    return with_points_lost(reading, claims)


def _without_repeats(claims: Sequence[Claim]) -> list[Claim]:
    seen: set[tuple[object, ...]] = set()
    kept = []
    for claim in sorted(claims, key=lambda c: (c.start, c.end, c.kind)):
        key = (claim.start, claim.end, claim.numerator, claim.denominator, claim.stated)
        if key not in seen:
            seen.add(key)
            kept.append(claim)
    return kept
