"""The head of the chain, noted where the database's administrators cannot write.

A chain that is cut off at its end, or written anew from some event on, is whole in itself; only a note of an earlier
head shows it. So every anchoring also holds all notes that it can read against the ledger.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.evidence import targets
from egov_kpi.evidence.targets import Target
from egov_kpi.evidence.verify import canonical
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger(__name__)

# The moment as it stands under the hash of the event.
MOMENT = "to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


@dataclass(frozen=True)
class Anchor:
    """One note of the head: the event, its hash and time, and the newest publish then, None before the first."""

    event_no: int
    event_hash: str
    time: str
    publish_no: int | None

    @property
    def line(self) -> str:
        return canonical(asdict(self))


@dataclass(frozen=True)
class AnchorResult:
    """Where a head was noted; `places` had not had it, `same_volume` lie on the disk of the warehouse itself."""

    anchor: Anchor
    places: tuple[str, ...]
    same_volume: tuple[str, ...]


def anchor_head(settings: Settings) -> AnchorResult:
    """Note the head in every configured place, then hold all notes against the ledger.

    EGOV-EVIDENCE-002 when a place could not be written (the others were), -003 when a note contradicts the ledger; both
    are recorded as an incident. EGOV-EVIDENCE-001 without any event.
    """
    with connect("publisher", settings) as conn:
        anchor = head(conn)
        conn.commit()
        try:
            places = _note(settings, anchor)
            require_agreement(conn, settings)
        except EgovError as error:
            conn.rollback()
            append(conn, "incident", {"kind": "anchor_failed", "count": 1, "code": error.code, "detail": str(error)})
            conn.commit()
            raise
    return AnchorResult(anchor, places, same_volume(settings))


def anchor_after_publish(settings: Settings) -> dict[str, Any]:
    """The same for a night, after its publish and at its end: a failure is recorded and told, and undoes nothing."""
    try:
        result = anchor_head(settings)
    except EgovError as error:
        log.warning("%s %s → %s", error.code, error.text("vi"), error.remedy("vi"))
        log.warning("%s %s → %s", error.code, error.text("en"), error.remedy("en"))
        return {"anchored": False, **error.as_dict()}
    return {"anchored": True, **asdict(result.anchor), "same_volume": list(result.same_volume)}


def head(conn: Connection) -> Anchor:
    """The newest event, as an anchor names it."""
    row = conn.execute(
        f"select e.event_no, e.event_hash, {MOMENT}, (select max(p.publish_no) from ledger.publish as p)"  # noqa: S608
        " from ledger.event as e order by e.event_no desc limit 1"
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-EVIDENCE-001")
    return Anchor(*row)


def known_anchors(settings: Settings) -> list[Anchor]:
    """Every note that can be read back, by event; one that stands in several places counts once."""
    places: list[Target] = [targets.record(settings), *targets.targets(settings)]
    found = {anchor for place in places for anchor in _anchors(place.lines())}
    return sorted(found, key=lambda anchor: (anchor.event_no, anchor.line))


def covering(settings: Settings, event_no: int) -> int:
    """The event up to which a pack has to go so that every place vouches for this one: itself where none does."""
    firsts = []
    for place in targets.targets(settings):
        later = [anchor.event_no for anchor in _anchors(place.lines()) if anchor.event_no >= event_no]
        firsts += [min(later)] if later else []
    known = [anchor.event_no for anchor in known_anchors(settings) if anchor.event_no >= event_no]
    return max(firsts) if firsts else min(known, default=event_no)


def same_volume(settings: Settings) -> tuple[str, ...]:
    """Places on the disk that holds the warehouse: whoever can write the one can write the other."""
    here = settings.local_dir if settings.local_dir.exists() else settings.local_dir.parent
    device = here.stat().st_dev
    lying = [(place.name, place.folder) for place in targets.targets(settings)]
    return tuple(name for name, folder in lying if folder is not None and folder.stat().st_dev == device)


def _anchors(lines: Iterable[str]) -> Iterable[Anchor]:
    """The notes among the lines; half a line that a power cut left is none, and is told."""
    for line in filter(None, lines):
        try:
            yield Anchor(**json.loads(line))
        except (ValueError, TypeError):
            log.warning("dòng neo hỏng, bỏ qua · damaged anchor, left out: %.80s", line)


def _note(settings: Settings, anchor: Anchor) -> tuple[str, ...]:
    """Places that took the note. One that fails keeps no other from it; the first failure is raised at the end."""
    written, failures = [], []
    for place in targets.targets(settings):
        try:
            if anchor.line not in place.lines():
                place.append(anchor.line)
                written.append(place.name)
        except EgovError as error:
            failures.append(error)
    own = targets.record(settings)
    if written and anchor.line not in own.lines():
        own.append(anchor.line)
    if failures:
        raise failures[0]
    return tuple(written)


def require_agreement(conn: Connection, settings: Settings) -> list[Anchor]:
    """All notes, in their order; EGOV-EVIDENCE-003 for the first one of an event that is gone or another one now."""
    notes = known_anchors(settings)
    rows = conn.execute(
        f"select e.event_no, e.event_hash, {MOMENT} from ledger.event as e where e.event_no = any(%s)",  # noqa: S608
        ([note.event_no for note in notes],),
    ).fetchall()
    events = {row[0]: row[1:] for row in rows}
    for note in notes:
        if events.get(note.event_no) != (note.event_hash, note.time):
            raise EgovError("EGOV-EVIDENCE-003", event_no=note.event_no, noted=note.event_hash[:12])
    return notes
