"""Documents that come in to units: entered in the register of arrivals, routed to whoever deals with them, done.

Gò Công Tây gets what its report says (1,506 in the first quarter of 2023), among cancelled and secret ones and
neighbours that nobody published; when they were routed, due and done is synthetic. The dice are of this module alone,
so that the records of other systems stay as they are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order
from egov_kpi.simulator.office import Places
from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, office_time, plus_minutes, working_days

INCOMING = (
    "document_id", "agency_code", "arrival_number", "arrival_date", "sender_kind", "secrecy_level", "routed_at",
    "due_date", "completed_at", "document_status", "updated_at",
)  # fmt: skip
INCOMING_KEY = ["document_id"]
_SALT = 5601
_TIMES = ("arrival_date", "routed_at", "due_date", "completed_at", "updated_at")
_SENDERS = {"superior": 0.35, "peer": 0.3, "subordinate": 0.25, "other": 0.1}
# Entered in the register before the office opens, so that whatever happens on that day comes after it.
_ENTERED, _ENTRY_MENDED = pd.Timedelta(hours=7), pd.Timedelta(hours=7, minutes=20)

# Published: Gò Công Tây, first quarter of 2023.
INCOMING_DOCUMENTS = 1506


def calibrated(seed: int, places: Places, cut_off: str) -> pd.DataFrame:
    """The documents of the calibrated profile, up to two nights after the cut-off."""
    rng = np.random.default_rng([seed, _SALT])
    final = _numbered([_home(rng, places, cut_off), *_others(rng, places, cut_off)])
    versions = _corrected(_versions(final), places)
    return _ordered([versions, _later(rng, final, places)])


def province(seed: int, agencies: Sequence[str], days: Days, per_day: int) -> pd.DataFrame:
    """So many documents on every working day, each at any unit."""
    rng = np.random.default_rng([seed, _SALT])
    arrived = np.repeat(days, per_day)
    owners = rng.choice(np.array(agencies, dtype=object), len(arrived))
    drawn = _drawn(rng, owners, arrived, str(days[-1]))
    cancelled = drawn.index[rng.random(len(drawn)) < 0.01]
    return _ordered([_versions(_numbered([_cancelled(drawn, cancelled)]))])


def _drawn(rng: np.random.Generator, owners: np.ndarray, arrived: Days, last_day: str) -> pd.DataFrame:
    """One document per owner and day as it stands on the last day: one in fourteen routed late, two in five with a
    deadline, some of these late, some open."""
    size, last = len(owners), np.datetime64(last_day, "D")
    routed = add_working_days(arrived, rng.choice([0, 1, 2, 4], size, p=[0.6, 0.33, 0.05, 0.02]))
    is_routed = (routed <= last) & (rng.random(size) < 0.99)
    due = add_working_days(arrived, rng.choice([3, 5, 7, 10, 15], size))
    done = add_working_days(due, rng.choice([-2, -1, 0, 2, 6], size, p=[0.3, 0.35, 0.25, 0.06, 0.04]))
    done = np.maximum(done, routed)
    is_done = is_routed & (done <= last) & (rng.random(size) < 0.97)
    routed_at = office_time(rng, routed)
    completed_at = np.maximum(office_time(rng, done), plus_minutes(routed_at, 15))
    return pd.DataFrame(
        {
            "agency_code": owners,
            "arrival_date": arrived,
            "sender_kind": rng.choice(list(_SENDERS), size, p=list(_SENDERS.values())),
            "secrecy_level": "Thường",
            "routed_at": np.where(is_routed, routed_at, NEVER),
            "due_date": np.where(rng.random(size) < 0.4, due, NEVER),
            "completed_at": np.where(is_done, completed_at, NEVER),
            "document_status": "received",
        }
    ).astype({name: "datetime64[s]" for name in _TIMES if name != "updated_at"})


def _cancelled(drawn: pd.DataFrame, places: pd.Index) -> pd.DataFrame:
    """These were entered by mistake: nobody was given them, none has a deadline."""
    drawn = drawn.copy()
    drawn.loc[places, ["routed_at", "due_date", "completed_at"]] = pd.NaT
    drawn.loc[places, "document_status"] = "cancelled"
    return drawn


def _numbered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Numbers in the register of each unit and year, in the order of arrival; changed last when something happened."""
    frame = pd.concat(frames, ignore_index=True).sort_values("arrival_date", kind="stable").reset_index(drop=True)
    year = frame["arrival_date"].dt.year.astype(str)
    number = frame.groupby([frame["agency_code"], year]).cumcount() + 1
    happened = frame["completed_at"].fillna(frame["routed_at"]).fillna(frame["arrival_date"] + _ENTERED)
    return frame.assign(
        document_id="VBD-" + frame["agency_code"] + "-" + year + "-" + number.map("{:05d}".format),
        arrival_number=number.astype(str),
        updated_at=happened + pd.Timedelta(minutes=30),
    )[list(INCOMING)]


def _versions(final: pd.DataFrame) -> pd.DataFrame:
    """Each document as it was entered, as it was routed, and as it stands; deadlines come with the routing."""
    entered = final.assign(
        routed_at=NEVER, due_date=NEVER, completed_at=NEVER, document_status="received",
        updated_at=final["arrival_date"] + _ENTERED,
    )  # fmt: skip
    done = final[final["completed_at"].notna()]
    routed = done.assign(completed_at=NEVER, updated_at=done["routed_at"] + pd.Timedelta(minutes=5))
    return _ordered([entered, routed, final])


def _ordered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(frames, INCOMING, _TIMES, ["updated_at", *INCOMING_KEY])


# --- calibrated -------------------------------------------------------------------------------------------------------


def _home(rng: np.random.Generator, places: Places, cut_off: str) -> pd.DataFrame:
    """1,506 documents of the district and its communes that count, 19 that were cancelled, 8 that are secret."""
    size = INCOMING_DOCUMENTS + 19 + 8
    owners = rng.choice(np.array([places.district] * 14 + list(places.communes), dtype=object), size)
    drawn = _drawn(rng, owners, rng.choice(working_days("2023-01-03", cut_off), size), cut_off)
    order = rng.permutation(size)
    drawn.loc[order[:8], "secrecy_level"] = "Mật"
    return _cancelled(drawn, drawn.index[order[8:27]])


def _others(rng: np.random.Generator, places: Places, cut_off: str) -> list[pd.DataFrame]:
    """The ward, whose report tells none, and the neighbours."""
    parts = (
        ([places.ward], "2022-01-04", "2022-10-28", 260),
        ([places.ward_town, places.ward_neighbour], "2022-01-04", cut_off, 180),
        ([places.district_neighbour], "2023-01-03", cut_off, 140),
    )
    found = []
    for owners, first, last, size in parts:
        days = rng.choice(working_days(first, last), size)
        drawn = _drawn(rng, rng.choice(np.array(owners, dtype=object), size), days, last)
        found.append(_cancelled(drawn, drawn.index[:4]))
    return found


def _corrected(versions: pd.DataFrame, places: Places) -> pd.DataFrame:
    """With mistakes of the register, put right with the next version: documents of the district under its neighbour
    and of the neighbour under the district, and some of January that were entered as of December."""
    current = versions.drop_duplicates("document_id", keep="last")
    routed = current[current["routed_at"].notna()]
    home = routed[routed["agency_code"] == places.district]
    elsewhere = routed[routed["agency_code"] == places.district_neighbour]
    early = home[home["arrival_date"] < "2023-01-10"][:7]
    wrong = [
        home[home["arrival_date"] >= "2023-01-10"][:11].assign(agency_code=places.district_neighbour),
        elsewhere[:6].assign(agency_code=places.district),
        early.assign(arrival_date=pd.Timestamp("2022-12-30")),
    ]
    mended = pd.concat(wrong, ignore_index=True).assign(routed_at=NEVER, due_date=NEVER, completed_at=NEVER)
    entered = mended["document_id"].map(current.set_index("document_id")["arrival_date"]) + _ENTRY_MENDED
    return _ordered([versions, mended.assign(updated_at=entered)])


def _later(rng: np.random.Generator, final: pd.DataFrame, places: Places) -> pd.DataFrame:
    """7 and 8 March: new documents, two of February that were cancelled after all, one that had been forgotten in
    February, open ones routed and done, a deadline of February moved to March."""
    counted = (final["document_status"] == "received") & (final["secrecy_level"] == "Thường")
    home = final[counted & final["agency_code"].isin([places.district, *places.communes])]
    february = home[home["arrival_date"].between("2023-02-01", "2023-02-20") & home["completed_at"].notna()]
    gone = _cancelled(february[:2], february.index[:2])
    moved = february[february["due_date"].between("2023-02-06", "2023-02-24")][2:3]
    waiting = home[home["routed_at"].isna()][:5]
    routed = waiting.assign(routed_at=pd.Timestamp("2023-03-07 09:30"))
    open_now = home[home["routed_at"].notna() & home["completed_at"].isna()][:9]
    done = open_now.assign(completed_at=pd.Timestamp("2023-03-08 10:10"), updated_at=pd.Timestamp("2023-03-08 10:40"))
    changed = pd.concat([gone, moved.assign(due_date=pd.Timestamp("2023-03-03")), routed], ignore_index=True)
    changed = changed.assign(updated_at=pd.Timestamp("2023-03-07 15:10"))
    new = _versions(_arrivals(rng, places))
    first_hour = pd.Timestamp("2023-03-07 07:00")
    new = new.assign(updated_at=new["updated_at"].where(new["updated_at"] > first_hour, first_hour))
    return pd.concat([changed, done, new], ignore_index=True)


def _arrivals(rng: np.random.Generator, places: Places) -> pd.DataFrame:
    """Documents of the two days, and one of 9 February that was entered on 7 March."""
    days = np.array(["2023-02-09"] + ["2023-03-07"] * 19 + ["2023-03-08"] * 14, dtype="datetime64[D]")
    drawn = _drawn(rng, np.full(len(days), places.district, dtype=object), days, "2023-03-08")
    number = pd.Series(range(9001, 9001 + len(days))).astype(str)
    new = _numbered([drawn]).assign(document_id="VBD-" + places.district + "-2023-0" + number, arrival_number=number)
    forgotten = new.index == 0
    new.loc[forgotten, ["routed_at", "completed_at"]] = pd.Timestamp("2023-03-07 11:00")
    new.loc[forgotten, "updated_at"] = pd.Timestamp("2023-03-07 11:20")
    return new
