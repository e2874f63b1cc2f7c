"""Read a paged JSON list that may change while it is being read.

A read counts when every page declared the same total, that many items came, and the first page, asked again at the end,
is what it was. A page that begins with the row that ended the page before hints that the list has moved: then a
second, equal read is the proof.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from egov_kpi.errors import EgovError
from egov_kpi.extract.http import Answer, Passing, SourceClient, parse_json

MAX_READS = 4

Fetch = Callable[[int], Answer]
Keep = Callable[[int, Answer, int], None]


@dataclass(frozen=True)
class Page:
    """One page as declared: total over all pages, and its own items."""

    total: int
    items: list[dict[str, Any]]


@dataclass
class _Read:
    """What one pass over the pages showed."""

    total: int
    digest: str
    has_moved: bool
    is_doubtful: bool


def read_pages(
    client: SourceClient, path: str, total_field: str, size: int, fetch: Fetch, keep: Callable[[], Keep]
) -> int:
    """Read all pages; `keep()` starts a new pass and takes (page number, answer, items). Gives the number of rows.

    EGOV-NET-007 when the list never stands still.
    """
    earlier: str | None = None
    for _ in range(MAX_READS):
        read = _one_pass(client, path, total_field, size, fetch, keep())
        if not read.has_moved and (not read.is_doubtful or read.digest == earlier):
            return read.total
        earlier = None if read.has_moved else read.digest
    raise EgovError("EGOV-NET-007", url=path, reads=MAX_READS)


def _one_pass(client: SourceClient, path: str, total_field: str, size: int, fetch: Fetch, keep: Keep) -> _Read:
    digest = hashlib.sha256()
    seen, number, is_doubtful = 0, 1, False
    first: Page | None = None
    last: dict[str, Any] | None = None
    while first is None or seen < first.total:
        answer, page = _page(client, path, total_field, size, seen, number, fetch)
        first = first or page
        if page.total != first.total:
            return _Read(first.total, "", has_moved=True, is_doubtful=False)
        if page.items:
            keep(number, answer, len(page.items))
            is_doubtful = is_doubtful or page.items[0] == last
            last = page.items[-1]
        digest.update(_canonical(page.items))
        seen += len(page.items)
        number += 1
    again = _page(client, path, total_field, size, 0, 1, fetch)[1] if number > 2 else first
    return _Read(first.total, digest.hexdigest(), has_moved=again != first, is_doubtful=is_doubtful)


def _page(
    client: SourceClient, path: str, total_field: str, size: int, before: int, number: int, fetch: Fetch
) -> tuple[Answer, Page]:
    """One page, tried again while it holds fewer items than its own total leaves for it."""

    def whole_page() -> tuple[Answer, Page]:
        answer = fetch(number)
        page = parse_page(path, total_field, parse_json(path, answer))
        expected = min(size, max(page.total - before, 0))
        if len(page.items) != expected:
            detail = f"page {number}: {len(page.items)} / {expected}"
            raise Passing(EgovError("EGOV-NET-005", url=path, detail=detail))
        return answer, page

    return client.patiently(whole_page)


def parse_page(path: str, total_field: str, document: Any) -> Page:
    """A page's total and items; EGOV-NET-010 when the answer is no page."""
    if not isinstance(document, dict):
        raise EgovError("EGOV-NET-010", url=path, detail="no JSON object")
    total, items = document.get(total_field), document.get("items")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise EgovError("EGOV-NET-011", url=path, detail=total_field)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise EgovError("EGOV-NET-010", url=path, detail="no list of items")
    return Page(total, items)


def _canonical(items: list[dict[str, Any]]) -> bytes:
    return json.dumps(items, sort_keys=True, ensure_ascii=False).encode()
