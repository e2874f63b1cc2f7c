"""An Giang, 2023, as its report of 22 March 2024 tells it: all its dossiers at full size, or one in so many of them.

Published: 1,143,000 provincial dossiers, 99.23% on time (8,801 late, each with a letter of apology), 187,000 of them at
the provincial centre, 99.98% on time (37 late); 5,143,000 of the vertical agencies, all on time, which stand in no
provincial total; 110 of 110 petitions handled; of 30 procedures reviewed 5 abolished. Received is settled here: the
report gives one number for both. Everything else is invented.

The dossiers are columns of numbers, a place per dossier: at full size some hundred megabytes, where a million objects
of Python would be thousands. `frame` makes rows of any part of them.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from egov_kpi.simulator import petitions, province, publications, vertical
from egov_kpi.simulator.drawing import FIELDS, counters, same_day_or_later
from egov_kpi.simulator.one_stop import APOLOGY, NOTHING, OneStop
from egov_kpi.simulator.records import DOSSIER, Records
from egov_kpi.simulator.timetable import (
    NEVER,
    Days,
    Integers,
    add_working_days,
    count_working_days,
    office_time,
    working_days,
)
from egov_kpi.simulator.units import load_units, tree, units_of

PROFILE = "an-giang-2023"
PROVINCE, CENTRE = "89", "89.pvhcc"
DOSSIERS, LATE = 1_143_000, 8_801
AT_CENTRE, LATE_AT_CENTRE = 187_000, 37
# What `simulate serve` and the tests have of it: one dossier in so many.
ONE_IN = 500
FIRST_RECEIPT, LAST_RECEIPT, LAST_DAY = "2023-01-03", "2023-12-15", "2023-12-29"
# Late ones were received early enough to be settled within the year all the same.
LAST_LATE_RECEIPT = "2023-11-10"
CHANNELS = np.array(["direct", "online", "post"], dtype=object)
APPLICANTS = np.array(["citizen", "organisation"], dtype=object)
FIELD_NAMES = np.array(FIELDS, dtype=object)
PROCEDURES = np.array([f"1.{number:06d}" for number in range(2_000, 2_900, 3)], dtype=object)
NO_VERSION, STILL_OPEN, MISFILED, MISTYPED = range(4)
# What these records say anything about.
KPIS = frozenset({
    "dossier_received", "dossier_returned", "dossier_in_software", "online_dossier", "bcci_received", "bcci_returned",
    "settled_share", "dossier_settled", "ontime_settled", "late_external", "settled_early", "settled_on_time",
    "settled_late", "pending", "pending_in_time", "pending_overdue", "apology_coverage", "apology_without_lateness",
    "apology_repeated", "promise_moved_after_expiry", "ontime_settled_vertical", "pakn_handled", "petition_on_time",
    "petition_satisfied", "tthc_abolished", "tthc_replaced", "procedure_published_on_time", "procedure_posted_on_time",
})  # fmt: skip
_TIMES = ("received_at", "due_at", "finished_at", "returned_at", "updated_at")

# As narrow as the numbers are.
Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Columns:
    """One place per dossier, in the order of receipt. `agency`, `procedure`, `channel` and `applicant` are places in a
    list; `number` is that of the day at its counter; `earlier` says which other version the source had before."""

    agencies: NDArray[np.object_]
    agency: Numbers
    procedure: Numbers
    channel: Numbers
    applicant: Numbers
    applicant_no: Numbers
    received: Days
    due: Days
    finished: Days
    returned: Days
    is_returned_by_post: NDArray[np.bool_]
    requests: Numbers
    number: Numbers
    earlier: Numbers
    updated: Days

    def __len__(self) -> int:
        return len(self.agency)

    @property
    def is_late(self) -> NDArray[np.bool_]:
        late: NDArray[np.bool_] = self.finished.astype("datetime64[D]") > self.due.astype("datetime64[D]")
        return late


def generate(seed: int, one_in: int = ONE_IN) -> Records:
    """The records of one dossier in so many."""
    return records(columns(seed, one_in), seed, one_in)


# --- columns ----------------------------------------------------------------------------------------------------------


def columns(seed: int, one_in: int = 1) -> Columns:
    """All dossiers, settled and returned within the year; what was published holds at every scale, rounded."""
    rng = np.random.default_rng([seed, 89])
    size, at_centre = round(DOSSIERS / one_in), round(AT_CENTRE / one_in)
    agencies, agency = _agencies(rng, size, at_centre)
    days = working_days(FIRST_RECEIPT, LAST_RECEIPT)
    received = np.sort(office_time(rng, rng.choice(days, size)))
    is_late = _late(rng, agency == 0, received, one_in)
    term = rng.choice(np.array([3, 5, 7, 10, 15]), size)
    due = add_working_days(received, term).astype("datetime64[m]") + (received - received.astype("datetime64[D]"))
    finished, returned = _settled(rng, received, term, is_late)
    earlier = _earlier(rng, due, is_late)
    corrected = rng.integers(30, 180, size).astype("timedelta64[m]") * (earlier == MISTYPED)
    return Columns(
        agencies=agencies,
        agency=agency,
        procedure=rng.integers(0, len(PROCEDURES), size, dtype=np.int16),
        channel=rng.choice(3, size, p=[0.5, 0.46, 0.04]).astype(np.int8),
        applicant=(rng.random(size) >= 0.87).astype(np.int8),
        applicant_no=rng.integers(1, 10_000_000, size, dtype=np.int32),
        received=received,
        due=due,
        finished=finished,
        returned=returned,
        is_returned_by_post=rng.random(size) < 0.12,
        requests=(rng.random(size) < 0.05).astype(np.int8),
        number=_number_of_the_day(agency, received),
        earlier=earlier,
        updated=returned + corrected,
    )


def _agencies(rng: np.random.Generator, size: int, at_centre: int) -> tuple[NDArray[np.object_], Numbers]:
    """The receiving units, the centre first, and the place of each dossier's: a district receives as many as eight
    communes."""
    units = load_units()
    below = units[units["agency_code"].isin(tree(units, PROVINCE) - {PROVINCE, CENTRE})]
    weights = np.where(below["level"] == "district", 8.0, 1.0)
    others = rng.choice(len(below), size - at_centre, p=weights / weights.sum()) + 1
    places = np.concatenate([np.zeros(at_centre, dtype=np.int64), others]).astype(np.int16)
    return np.array([CENTRE, *below["agency_code"]], dtype=object), rng.permutation(places)


def _late(rng: np.random.Generator, is_centre: NDArray[np.bool_], received: Days, one_in: int) -> NDArray[np.bool_]:
    """Exactly as many late ones as published, the centre's among them; at least one of each kind."""
    is_early = received < np.datetime64(LAST_LATE_RECEIPT)
    at_centre = max(round(LATE_AT_CENTRE / one_in), 1)
    late = np.zeros(len(received), dtype=bool)
    for candidates, count in ((is_centre, at_centre), (~is_centre, max(round(LATE / one_in) - at_centre, 1))):
        late[rng.choice(np.flatnonzero(candidates & is_early), count, replace=False)] = True
    return late


def _settled(rng: np.random.Generator, received: Days, term: Integers, is_late: NDArray[np.bool_]) -> tuple[Days, Days]:
    """When each was finished and returned: within its term, or one to five working days after it; in the year."""
    last = np.full(len(received), np.datetime64(LAST_DAY, "D"))
    room = count_working_days(received, last)
    within = np.floor(rng.random(len(received)) * (np.minimum(term, room) + 1)).astype(np.int64)
    taken = np.where(is_late, term + rng.integers(1, 6, len(received)), within)
    finished = same_day_or_later(rng, received, taken)
    waiting = np.minimum(rng.choice(np.array([0, 0, 0, 1, 2]), len(received)), np.maximum(room - taken, 0))
    return finished, same_day_or_later(rng, finished, waiting)


def _earlier(rng: np.random.Generator, due: Days, is_late: NDArray[np.bool_]) -> Numbers:
    """3% were exported while they were open, some of these under another unit; 1% were typed as late by mistake."""
    draw = rng.random(len(due))
    could_be_late = ~is_late & (due < np.datetime64("2023-12-20"))
    kinds = [draw < 0.004, draw < 0.03, (draw < 0.04) & could_be_late]
    return np.select(kinds, [MISFILED, STILL_OPEN, MISTYPED], NO_VERSION).astype(np.int8)


def _number_of_the_day(agency: Numbers, received: Days) -> Numbers:
    """1, 2, 3 … at each counter on each day, by receipt."""
    counter = agency.astype(np.int64) * 1000 + received.astype("datetime64[D]").astype(np.int64) % 1000
    order = np.argsort(counter, kind="stable")
    ordered = counter[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[begins, len(ordered)])
    number = np.empty(len(counter), dtype=np.int32)
    number[order] = np.arange(len(counter)) - np.repeat(begins, sizes) + 1
    return number


# --- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Versions:
    """Rows of the export by the place of their dossier, in the order of their versions; `is_first`: the earlier one."""

    place: Numbers
    is_first: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.place)

    def part(self, begin: int, end: int) -> "Versions":
        return Versions(self.place[begin:end], self.is_first[begin:end])


def versions(of: Columns) -> Versions:
    """Every version of every dossier, by time of update, then by receipt."""
    first = np.flatnonzero(of.earlier != NO_VERSION)
    place = np.concatenate([np.arange(len(of)), first]).astype(np.int32)
    is_first = np.arange(len(place)) >= len(of)
    updated = np.concatenate([of.updated, _first_update(of)[first]])
    order = np.lexsort((place, updated))
    return Versions(place[order], is_first[order])


def _first_update(of: Columns) -> Days:
    """Of an open state the receipt, of a mistyped one the return."""
    moments: Days = np.where(of.earlier == MISTYPED, of.returned, of.received)
    return moments


def frame(of: Columns, rows: Versions, *, coded: bool = True) -> pd.DataFrame:
    """These versions as records; `coded=False` leaves the number of the dossier where its code would stand, for who
    only counts."""
    place, first = rows.place, rows.is_first
    kind = np.where(first, of.earlier[place], NO_VERSION)
    is_open, is_mistyped = np.isin(kind, (STILL_OPEN, MISFILED)), kind == MISTYPED
    next_day = of.due[place] + np.timedelta64(1, "D")
    finished = np.where(is_mistyped, next_day, of.finished[place])
    returned = np.where(is_mistyped, next_day, of.returned[place])
    other_unit = (of.agency[place] + 1) % len(of.agencies)
    values = {
        "dossier_code": _codes(of, place) if coded else place.astype(np.int64),
        "procedure_code": PROCEDURES[of.procedure[place]],
        "field_name": FIELD_NAMES[of.procedure[place] % len(FIELD_NAMES)],
        "agency_code": of.agencies[np.where(kind == MISFILED, other_unit, of.agency[place])],
        "channel": CHANNELS[of.channel[place]],
        "applicant_type": APPLICANTS[of.applicant[place]],
        "applicant_no": of.applicant_no[place].astype(np.int64),
        "received_at": of.received[place],
        "due_at": of.due[place],
        "finished_at": np.where(is_open, NEVER, finished),
        "returned_at": np.where(is_open, NEVER, returned),
        "return_method": np.where(is_open, None, CHANNELS[2 * of.is_returned_by_post[place]]),
        "dossier_status": np.where(is_open, "received", "returned").astype(object),
        "supplement_request_count": np.where(is_open, 0, of.requests[place]).astype(np.int64),
        "updated_at": np.where(first, _first_update(of)[place], of.updated[place]),
    }
    return pd.DataFrame(values)[list(DOSSIER)].astype(dict.fromkeys(_TIMES, "datetime64[s]"))


def _codes(of: Columns, place: Numbers) -> NDArray[np.object_]:
    """The codes that the counters printed: office, province, day and number of the day."""
    offices = counters(load_units(), of.agencies.tolist())
    heads = np.array(
        [f"000.{offices[code].office_no:02d}.15.{offices[code].tag}-" for code in of.agencies], dtype=object
    )
    day = pd.Series(of.received[place].astype("datetime64[s]")).dt.strftime("%y%m%d-")
    number = pd.Series(of.number[place]).astype(str).str.zfill(4)
    codes: NDArray[np.object_] = (pd.Series(heads[of.agency[place]]) + day + number).to_numpy(dtype=object)
    return codes


def apologies(of: Columns, *, coded: bool = True) -> pd.DataFrame:
    """A letter for every late dossier, on the day before the promise ended, with five more days."""
    place = np.flatnonzero(of.is_late).astype(np.int32)
    due = of.due[place]
    issued = np.maximum(due - np.timedelta64(1, "D"), of.received[place])
    letters = pd.DataFrame(
        {
            "dossier_code": _codes(of, place) if coded else place.astype(np.int64),
            "letter_no": "1",
            "agency_code": of.agencies[of.agency[place]],
            "issued_at": issued,
            "old_due_at": due,
            "new_due_at": due + np.timedelta64(5, "D"),
            "updated_at": issued,
        }
    )[list(APOLOGY)]
    times = dict.fromkeys(("issued_at", "old_due_at", "new_due_at", "updated_at"), "datetime64[s]")
    return letters.astype(times).sort_values(["updated_at", "dossier_code"]).reset_index(drop=True)


def flaws(of: Columns) -> pd.DataFrame:
    """Rows that never were true: two of a unit nobody knows, one received on 31 February, two finished before receipt.

    The last two are earlier states of real dossiers whose good version is exported as well.
    """
    taken = np.flatnonzero((of.earlier == NO_VERSION) & (of.received > np.datetime64("2023-02-01")))[10:60:10]
    rows = frame(of, Versions(taken.astype(np.int32), np.zeros(len(taken), dtype=bool)))
    unknown = rows[:2].assign(agency_code="89999", dossier_code=["000.00.15.H01-THU-0001", "000.00.15.H01-THU-0002"])
    impossible = rows[2:3].assign(received_at="31/02/2023 08:00", dossier_code="000.00.15.H01-THU-0003")
    backwards = rows[3:5].assign(
        finished_at=rows["received_at"][3:5] - pd.Timedelta(days=1),
        updated_at=rows["updated_at"][3:5] - pd.Timedelta(minutes=3),
    )
    return pd.concat([unknown.astype(object), impossible.astype(object), backwards.astype(object)], ignore_index=True)


def records(of: Columns, seed: int, one_in: int, *, coded: bool = True, dossiers: bool = True) -> Records:
    """The whole profile; systems of which the report tells nothing have no row.

    `dossiers=False` leaves their rows out, for who has the columns and needs what lies beside them.
    """
    units = load_units()
    agencies = sorted(tree(units, PROVINCE))
    every = versions(of)
    nothing = NOTHING if coded else OneStop(**{name: _numbered(rows) for name, rows in vars(NOTHING).items()})
    return replace(
        _without_rows(),
        profile=PROFILE,
        seed=seed,
        units=units_of(PROFILE),
        dossiers=frame(of, every if dossiers else every.part(0, 0), coded=coded),
        publications=publications.an_giang(seed, PROVINCE),
        petitions=petitions.an_giang(seed, agencies),
        vertical=vertical.an_giang(seed, one_in),
        flaws=flaws(of),
        one_stop=replace(nothing, apologies=apologies(of, coded=coded)),
    )


def _without_rows() -> Records:
    """Every table of the records, with its columns and types and nothing in it."""
    model = province.generate(1, 1, 1)
    tables = {item.name: getattr(model, item.name) for item in fields(Records)}
    emptied: dict[str, Any] = {name: rows.head(0) for name, rows in tables.items() if isinstance(rows, pd.DataFrame)}
    return replace(model, **emptied)


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"dossier_code": "int64"}) if "dossier_code" in rows else rows
