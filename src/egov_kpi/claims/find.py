"""All quantitative claims of a text, in the order in which they stand."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from egov_kpi.claims import tables
from egov_kpi.claims.changes import change_claims
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
from egov_kpi.claims.sums import list_claims, sum_claims

REACH = 3  # passages back in which a denominator may have been announced


def find_claims(text: str) -> list[Claim]:
    """The claims of an extracted text; offsets are into this text. The same text always gives the same claims."""
    found = quantities(text)
    starts = [q.start for q in found]
    claims: list[Claim] = []
    readings: list[Reading] = []
    for is_row, group in groupby(passages(text), key=lambda passage: passage.form is Form.ROW):
        block = list(group)
        if is_row:
            claims.extend(tables.table_claims(text, block))
            readings.clear()
            continue
        for passage in block:
            reading = _reading(
                text, passage, found[bisect_left(starts, passage.start) : bisect_left(starts, passage.end)], readings
            )
            claims.extend(_of_passage(reading))
            readings.append(reading)
        claims.extend(_of_lists(readings[-len(block) :]))
    return with_items_below(with_point_totals(_without_repeats(claims)))


def _reading(text: str, passage: Passage, found: list[Quantity], earlier: Sequence[Reading]) -> Reading:
    before = [
        q
        for reading in earlier[-REACH:]
        if reading.passage.paragraph >= passage.paragraph - REACH
        for q in reading.counts()
    ]
    header = _header(earlier) if passage.form is Form.ITEM else None
    if header is not None:
        before.extend(q for q in header.counts() if q not in before)
    return Reading(text, passage, found, before)


def _header(earlier: Sequence[Reading]) -> Reading | None:
    """The passage that the list under way began with."""
    for reading in reversed(earlier):
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
        *points_claims(reading),
    ]
    return with_points_lost(reading, claims)


def _of_lists(readings: Sequence[Reading]) -> list[Claim]:
    """Sums of a header that ends with a colon and the items under it."""
    found = []
    for index, header in enumerate(readings):
        if not header.lower.rstrip().endswith(":"):
            continue
        items = []
        for item in readings[index + 1 :]:
            if item.passage.form is not Form.ITEM or item.lower.rstrip().endswith(":"):
                break
            items.append(item)
        found.extend(list_claims(_announcing(readings, index), items))
    return found


def _announcing(readings: Sequence[Reading], index: int) -> Reading:
    """The passage with the total of a list: `Trong đó:` by itself goes back to the sentence before."""
    header = readings[index]
    return readings[index - 1] if index and not header.quantities and "trong" in header.lower else header


def _without_repeats(claims: Sequence[Claim]) -> list[Claim]:
    seen: set[tuple[object, ...]] = set()
    kept = []
    for claim in sorted(claims, key=lambda c: (c.start, c.end, c.kind)):
        key = (claim.start, claim.end, claim.numerator, claim.denominator, claim.stated)
        if key not in seen:
            seen.add(key)
            kept.append(claim)
    return kept
