"""What the next build has to do, worked out from the ledger alone.

Two colours hold the published models; one is live. A build goes into the other. It is given the list of loads that this
colour has not seen, never "everything after number n": a load that commits late would be skipped for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from egov_kpi.db.migrate import schema_version
from egov_kpi.errors import EgovError
from egov_kpi.ledger.loads import promoted_loads
from egov_kpi.ledger.purges import purged
from egov_kpi.publish import months
from egov_kpi.publish.code import models_of
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Live:
    """The pointer row and the publish behind it. `business_date` is None before the first publish."""

    colour: str
    publish_no: int
    on_hold: bool
    business_date: date | None
    newest_publish_no: int

    @property
    def idle(self) -> str:
        return "green" if self.colour == "blue" else "blue"


@dataclass(frozen=True)
class ColourState:
    """What the ledger says a colour holds.

    `dirty` are loads that builds began to apply or take out and did not finish; `as_of_seen` the days for
    which those and the last finished build were made.
    """

    colour: str
    applied: frozenset[int]
    as_of: date | None
    models: str
    built_event: int
    dirty: frozenset[int]
    as_of_seen: tuple[date, ...]
    is_half_rebuilt: bool
    is_broken_off: bool


@dataclass(frozen=True)
class BuildPlan:
    """One build: `touched` loads are recomputed, `counted` loads are what may be seen in the result.

    `is_live_current`: the live colour shows exactly this already. `is_built`: the idle colour holds exactly this
    already. `left_out` are purged loads that a person has given up, so that a rebuild can do without them.
    """

    colour: str
    as_of: date
    to_apply: tuple[int, ...]
    to_unapply: tuple[int, ...]
    counted: tuple[int, ...]
    touched: tuple[int, ...]
    touched_months: months.Months
    rebuild: bool
    models: str
    is_live_current: bool
    is_built: bool
    left_out: tuple[int, ...] = ()


def live(conn: Connection) -> Live:
    """The pointer and the publish it points at."""
    row = conn.execute(
        "select v.colour, v.publish_no, v.on_hold, p.business_date,"
        " (select coalesce(max(a.publish_no), 0) from ledger.publish as a)"
        " from ledger.live as v left join ledger.publish as p using (publish_no)"
    ).fetchone()
    assert row is not None, "ledger.live holds one row for ever"
    return Live(*row)


def require_no_hold(pointer: Live) -> None:
    """EGOV-PUB-001 after a rollback, until a load is revoked or somebody lifts the hold."""
    if pointer.on_hold:
        raise EgovError("EGOV-PUB-001", publish_no=pointer.publish_no)


def state(conn: Connection, colour: str) -> ColourState:
    """What a colour holds, and what broken-off builds may have left in it."""
    applied = conn.execute(
        "select load_seq from ledger.colour_load where colour = %s and state = 'applied'", (colour,)
    ).fetchall()
    built = conn.execute(
        "select event_no, body_json from ledger.event"
        " where kind = 'colour_built' and body_json ->> 'colour' = %s order by event_no desc limit 1",
        (colour,),
    ).fetchone() or (0, {})
    begun = conn.execute(
        "select body_json from ledger.event"
        " where kind = 'build_planned' and body_json ->> 'colour' = %s and event_no > %s",
        (colour, built[0]),
    ).fetchall()
    unfinished = [row[0] for row in begun]
    bodies = [body for body in (built[1], *unfinished) if body]
    return ColourState(
        colour=colour,
        applied=frozenset(row[0] for row in applied),
        as_of=_day(built[1]["as_of"]) if built[1] else None,
        models=built[1].get("models", ""),
        built_event=built[0],
        dirty=frozenset(load for body in unfinished for load in body["touched"]),
        as_of_seen=tuple(_day(body["as_of"]) for body in bodies),
        is_half_rebuilt=any(body["rebuild"] for body in unfinished),
        is_broken_off=bool(unfinished),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def plan(
    conn: Connection, business_date: date, settings: Settings, rebuild: bool = False, without_purged: bool = False
) -> BuildPlan:
    """What to build for a business date; EGOV-PUB-011 when that needs rows that were purged."""
    pointer = live(conn)
    counted, as_of, models = wanted(conn, pointer, business_date, settings)
    given_up = counted & purged(conn).keys() if without_purged else frozenset()
    counted -= given_up
    idle = state(conn, pointer.idle)
    rebuild = rebuild or idle.is_half_rebuilt or idle.models != models
    none: frozenset[int] = frozenset()
    base, dirty = (none, none) if rebuild else (idle.applied, idle.dirty)
    touched = (counted ^ base) | dirty
    require_raw(conn, touched)
    found = months.touched_months(conn, settings, pointer.idle, sorted(touched), as_of, idle.as_of_seen)
    return BuildPlan(
        colour=pointer.idle,
        as_of=as_of,
        to_apply=tuple(sorted(counted - base)),
        to_unapply=tuple(sorted(touched - counted)),
        counted=tuple(sorted(counted)),
        touched=tuple(sorted(touched)),
        touched_months=months.all_months(found, as_of) if rebuild else found,
        rebuild=rebuild,
        models=models,
        is_live_current=pointer.publish_no > 0 and holds(state(conn, pointer.colour), counted, as_of, models),
        is_built=not rebuild and holds(idle, counted, as_of, models),
        left_out=tuple(sorted(given_up)),
    )


def plan_of_publish(conn: Connection, settings: Settings, counted: frozenset[int], as_of: date) -> BuildPlan:
    """What to build so that the idle colour shows again what a past publish counted on its day, from nothing."""
    idle = state(conn, live(conn).idle)
    require_raw(conn, counted)
    loads = tuple(sorted(counted))
    found = months.touched_months(conn, settings, idle.colour, list(loads), as_of, idle.as_of_seen)
    return BuildPlan(
        colour=idle.colour,
        as_of=as_of,
        to_apply=loads,
        to_unapply=(),
        counted=loads,
        touched=loads,
        touched_months=months.all_months(found, as_of),
        rebuild=True,
        models=models_of(settings, schema_version(conn)),
        is_live_current=False,
        is_built=False,
    )


def require_raw(conn: Connection, touched: frozenset[int]) -> None:
    """EGOV-PUB-011 when rows of these loads have to be read and are gone: what a purge leaves are facts."""
    gone = [entry for load_seq, entry in sorted(purged(conn).items()) if load_seq in touched]
    if gone:
        events = sorted({entry.event_no for entry in gone})
        raise EgovError("EGOV-PUB-011", loads=_listed(entry.load_seq for entry in gone), events=_listed(events))


def _listed(numbers: Iterable[int]) -> str:
    first, *others = list(numbers)
    return ", ".join(map(str, [first, *others[:4]])) + (" …" if len(others) > 4 else "")


def left_out(conn: Connection) -> frozenset[int]:
    """Purged loads that a rebuild was told to do without: no later build counts them."""
    rows = conn.execute(
        "select l.load_seq::bigint from ledger.event as e"
        " cross join lateral jsonb_array_elements_text(e.body_json -> 'left_out') as l (load_seq)"
        " where e.kind = 'colour_built' and e.body_json ? 'left_out'"
    ).fetchall()
    return frozenset(row[0] for row in rows)


def wanted(
    conn: Connection, pointer: Live, business_date: date, settings: Settings
) -> tuple[frozenset[int], date, str]:
    """The loads that count, the day and the models: what a colour has to hold to be current.

    A publish never goes back in time: a business date before that of the live publish is taken for that one.
    """
    counted = frozenset(load.load_seq for load in promoted_loads(conn)) - left_out(conn)
    as_of = max(business_date, pointer.business_date or business_date)
    return counted, as_of, models_of(settings, schema_version(conn))


def holds(colour: ColourState, counted: frozenset[int], as_of: date, models: str) -> bool:
    """Whether a colour is whole and holds exactly that."""
    return not colour.is_broken_off and (colour.applied, colour.as_of, colour.models) == (counted, as_of, models)
