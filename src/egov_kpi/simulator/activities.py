"""What units do to make things known: items on their portal pages, meetings, training sessions.

The calibrated units give what their reports say (521 portal items of Gò Công Tây in the first quarter of 2023; 9 of
Huyền Tụng's 15 meetings of 2022 with administrative reform among their contents, before more than 300 people), among
activities and neighbours that nobody published. The dice are of this module alone, so that the records of other systems
stay as they are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order
from egov_kpi.simulator.office import Places
from egov_kpi.simulator.timetable import Days, office_time, working_days

ACTIVITY = (
    "activity_code", "agency_code", "activity_kind", "has_par_content", "held_date", "attendee_count",
    "activity_status", "updated_at",
)  # fmt: skip
ACTIVITY_KEY = ["activity_code"]
_SALT = 5501
_TIMES = ("held_date", "updated_at")

# Published: Gò Công Tây, first quarter of 2023; Huyền Tụng, ten months of 2022.
PORTAL_ITEMS = 521
MEETINGS, MEETINGS_WITH_PAR, MORE_ATTENDEES_THAN = 15, 9, 300


def calibrated(seed: int, places: Places, cut_off: str) -> pd.DataFrame:
    """The activities of the calibrated profile, up to two nights after the cut-off."""
    rng = np.random.default_rng([seed, _SALT])
    home = [places.district, *places.communes]
    final = _numbered(
        rng,
        [_ward_meetings(rng, places.ward), _portal_items(rng, home, cut_off), *_others(rng, places, home, cut_off)],
    )
    return _ordered([final, _before_correction(final, places), _later(rng, final, places)])


def province(seed: int, agencies: Sequence[str], days: Days) -> pd.DataFrame:
    """On every working day 24 items, six meetings and three sessions, each at any unit."""
    rng = np.random.default_rng([seed, _SALT])
    held = np.repeat(days, 33)
    kinds = np.tile(np.repeat(np.array(["news_item", "meeting", "training"], dtype=object), [24, 6, 3]), len(days))
    final = _numbered(rng, [_drawn(rng, rng.choice(np.array(agencies, dtype=object), len(held)), kinds, held)])
    corrected = final[rng.random(len(final)) < 0.1]
    first = corrected.assign(has_par_content=~corrected["has_par_content"], updated_at=_entered(corrected))
    return _ordered([first, final])


def _drawn(rng: np.random.Generator, owners: np.ndarray, kinds: np.ndarray, held: Days) -> pd.DataFrame:
    """Activities as they stand in the end: a third with reform among their contents, one in thirty cancelled."""
    size = len(owners)
    people = np.where(kinds == "news_item", np.nan, rng.integers(15, 120, size))
    return pd.DataFrame(
        {
            "agency_code": owners,
            "activity_kind": kinds,
            "has_par_content": rng.random(size) < 0.35,
            "held_date": held.astype("datetime64[s]"),
            "attendee_count": people,
            "activity_status": np.where(rng.random(size) < 1 / 30, "cancelled", "held"),
        }
    )


def _numbered(rng: np.random.Generator, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Codes by unit and year, and the time of the last change: on the day itself."""
    frame = pd.concat(frames, ignore_index=True)
    year = frame["held_date"].dt.year.astype(str)
    number = frame.groupby([frame["agency_code"], year]).cumcount() + 1
    day = frame["held_date"].to_numpy().astype("datetime64[D]")
    return frame.assign(
        activity_code="HD-" + frame["agency_code"] + "-" + year + "-" + number.map("{:04d}".format),
        updated_at=office_time(rng, day),
    )[list(ACTIVITY)]


def _entered(rows: pd.DataFrame) -> pd.Series:
    """Early on the day, before anything was put right."""
    return rows["held_date"] + pd.Timedelta(hours=7)


def _ordered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, ACTIVITY, _TIMES, ["updated_at", *ACTIVITY_KEY])


# --- calibrated -------------------------------------------------------------------------------------------------------


def _ward_meetings(rng: np.random.Generator, ward: str) -> pd.DataFrame:
    """15 meetings by the end of October, 9 of them on reform before 36 people each; three more were called off."""
    size = MEETINGS + 3
    held = np.sort(rng.choice(working_days("2022-01-10", "2022-10-28"), size, replace=False))
    drawn = _drawn(rng, np.full(size, ward, dtype=object), np.full(size, "meeting", dtype=object), held)
    order = rng.permutation(size)
    on_reform, called_off = order[:MEETINGS_WITH_PAR], order[MEETINGS:]
    drawn = drawn.assign(has_par_content=False, activity_status="held")
    drawn.loc[on_reform, "has_par_content"] = True
    drawn.loc[on_reform, "attendee_count"] = MORE_ATTENDEES_THAN // MEETINGS_WITH_PAR + 3
    drawn.loc[called_off, "activity_status"] = "cancelled"
    drawn.loc[called_off[:2], "has_par_content"] = True
    return drawn


def _portal_items(rng: np.random.Generator, home: Sequence[str], cut_off: str) -> pd.DataFrame:
    """521 items on the pages of the district and its communes, and twelve that were taken off again."""
    size = PORTAL_ITEMS + 12
    held = np.sort(rng.choice(working_days("2023-01-03", cut_off), size))
    owners = rng.choice(np.array([home[0]] * 12 + list(home[1:]), dtype=object), size)
    drawn = _drawn(rng, owners, np.full(size, "news_item", dtype=object), held)
    gone = rng.permutation(size)[PORTAL_ITEMS:]
    drawn = drawn.assign(activity_status="held")
    drawn.loc[gone, "activity_status"] = "cancelled"
    return drawn


def _others(rng: np.random.Generator, places: Places, home: Sequence[str], cut_off: str) -> list[pd.DataFrame]:
    """Everybody else's, and what no report of the two units tells: the ward's items, the district's meetings."""
    parts = (
        ([places.ward], ["news_item", "training"], "2022-01-10", "2022-10-28", 50),
        ([places.ward_town, places.ward_neighbour], ["news_item", "meeting", "training"], "2022-01-10", cut_off, 140),
        (home, ["meeting", "training"], "2023-01-04", cut_off, 60),
        ([places.district_neighbour], ["news_item", "meeting", "training"], "2023-01-04", cut_off, 70),
    )
    found = []
    for owners, kinds, first, last, size in parts:
        held = np.sort(rng.choice(working_days(first, last), size))
        owner, kind = (rng.choice(np.array(names, dtype=object), size) for names in (owners, kinds))
        found.append(_drawn(rng, owner, kind, held))
    return found


def _before_correction(final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Versions that were wrong before they were put right: a meeting on reform filed without it, one filed with it by
    mistake, one under a neighbour; items of the district filed under its neighbour."""
    meetings = final[(final["agency_code"] == places.ward) & (final["activity_kind"] == "meeting")]
    meetings = meetings[meetings["activity_status"] == "held"]
    on_reform, other = (meetings[meetings["has_par_content"] == has] for has in (True, False))
    items = final[(final["agency_code"] == places.district) & (final["activity_kind"] == "news_item")]
    cancelled = final[final["activity_status"] == "cancelled"]
    wrong = [
        on_reform[:2].assign(has_par_content=False),
        on_reform[2:3].assign(agency_code=places.ward_neighbour),
        other[:1].assign(has_par_content=True),
        items[5:11].assign(agency_code=places.district_neighbour),
        cancelled.assign(activity_status="held"),
    ]
    # An item may be both misfiled and taken off: it was entered once.
    return pd.concat(wrong, ignore_index=True).drop_duplicates("activity_code").assign(updated_at=_entered)


def _later(rng: np.random.Generator, final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """7 and 8 March: nine items and a meeting more, an item of February taken off, a meeting of February that was on
    reform after all, one of the ward's of 2022 counted again."""
    at_home = final["agency_code"].isin([places.district, *places.communes])
    february = final["held_date"].between("2023-02-01", "2023-02-28")
    held = final[at_home & february & (final["activity_status"] == "held")]
    gone = held[held["activity_kind"] == "news_item"][:1].assign(activity_status="cancelled")
    other = held[(held["activity_kind"] == "meeting") & ~held["has_par_content"]][:1].assign(has_par_content=True)
    days = np.array(["2023-03-07"] * 6 + ["2023-03-08"] * 4, dtype="datetime64[D]")
    kinds = np.array(["news_item"] * 9 + ["meeting"], dtype=object)
    new = _drawn(rng, np.full(10, places.district, dtype=object), kinds, days)
    new = new.assign(
        activity_code=[f"HD-{places.district}-2023-{number}" for number in range(9001, 9011)],
        updated_at=office_time(rng, days),
    )
    ward = final[(final["agency_code"] == places.ward) & (final["activity_kind"] == "meeting")]
    old = ward[ward["has_par_content"] & (ward["activity_status"] == "held")].tail(1)
    counted = old.assign(attendee_count=old["attendee_count"] + 4)
    night = {"updated_at": pd.Timestamp("2023-03-07 09:20")}
    return pd.concat([new, gone.assign(**night), other.assign(**night), counted.assign(**night)], ignore_index=True)
