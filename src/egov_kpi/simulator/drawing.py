"""Draws records: dossiers that are settled in time, documents with signatures, mailboxes. Shared by the profiles.

Each function draws final states; `with_first_versions` and `correct` then tell how the records came to be in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator.records import DOCUMENT, DOSSIER, MAILBOX, PUBLIC_SECRECY
from egov_kpi.simulator.timetable import (
    NEVER,
    Days,
    Integers,
    add_working_days,
    count_working_days,
    office_time,
    plus_minutes,
)

# Codes of the provinces in national electronic identification of agencies, as dossier codes carry them.
PROVINCE_TAGS = {"82": "H58", "06": "H03", "84": "H59", "89": "H01"}
FIELDS = ("Hộ tịch", "Đất đai", "Chứng thực", "Bảo trợ xã hội", "Đăng ký kinh doanh", "Xây dựng", "Giáo dục")
# Received in no sense of the law: only filed, or turned away at the counter.
NOT_RECEIVED = ("registered", "refused")


@dataclass(frozen=True)
class Counter:
    """One receiving unit: its code, the tag of its province and its number in dossier codes."""

    agency_code: str
    tag: str
    office_no: int


def in_order(
    frames: Sequence[pd.DataFrame], columns: Sequence[str], times: Sequence[str], by: Sequence[str]
) -> pd.DataFrame:
    """Drawn rows as one table of the records: its columns, times to the second, in the order of `by`."""
    rows = pd.concat(frames, ignore_index=True)[list(columns)].astype(dict.fromkeys(times, "datetime64[s]"))
    return rows.sort_values(list(by)).reset_index(drop=True)


def counters(units: pd.DataFrame, codes: list[str]) -> dict[str, Counter]:
    """The receiving units by code; the number is the unit's place in the list of all units."""
    parents = dict(zip(units["agency_code"], units["parent_code"], strict=True))
    places = {code: place for place, code in enumerate(units["agency_code"])}
    return {code: Counter(code, PROVINCE_TAGS[_root(code, parents)], places[code]) for code in codes}


def _root(code: str, parents: dict[str, str]) -> str:
    while parents[code]:
        code = parents[code]
    return code


def draw_dossiers(rng: np.random.Generator, offers: pd.DataFrame, days: Days) -> pd.DataFrame:
    """One open dossier, filed at the counter, per row of `offers`, on the given days."""
    received = np.sort(office_time(rng, days))
    term = rng.choice([3, 5, 7, 10, 15], len(offers))
    due = add_working_days(received, term).astype("datetime64[m]") + (received - received.astype("datetime64[D]"))
    frame = offers[["agency_code", "procedure_code", "field_name"]].reset_index(drop=True)
    return frame.assign(
        channel="direct",
        applicant_type=np.where(rng.random(len(offers)) < 0.87, "citizen", "organisation"),
        applicant_no=rng.integers(1, 10_000_000, len(offers)),
        received_at=received,
        due_at=due,
        finished_at=NEVER,
        returned_at=NEVER,
        return_method=None,
        dossier_status=rng.choice(["received", "processing", "supplement_requested"], len(offers), p=[0.3, 0.6, 0.1]),
        supplement_request_count=0,
        updated_at=received,
    )


def settle(rng: np.random.Generator, dossiers: pd.DataFrame, last_day: str, late_share: float = 0.0) -> pd.DataFrame:
    """All given dossiers finished and returned by `last_day`, on time by date save about `late_share` of them."""
    received = dossiers["received_at"].to_numpy().astype("datetime64[m]")
    due = dossiers["due_at"].to_numpy().astype("datetime64[m]")
    cut = np.datetime64(last_day, "D")
    slack = np.maximum(count_working_days(received, np.minimum(due.astype("datetime64[D]"), cut)), 0)
    taken = np.floor(rng.random(len(dossiers)) * (slack + 1)).astype(np.int64)
    late = rng.random(len(dossiers)) < late_share
    room = np.maximum(count_working_days(received, np.full(len(dossiers), cut)), 0)
    taken = np.where(late, np.minimum(slack + rng.integers(1, 6, len(dossiers)), room), taken)
    finished = same_day_or_later(rng, received, taken)
    waiting = np.minimum(rng.choice([0, 0, 0, 1, 2], len(dossiers)), np.maximum(room - taken, 0))
    returned = same_day_or_later(rng, finished, waiting)
    return dossiers.assign(
        finished_at=finished,
        returned_at=returned,
        return_method="direct",
        dossier_status="returned",
        supplement_request_count=(rng.random(len(dossiers)) < 0.08).astype(int),
        updated_at=returned,
    )


def same_day_or_later(rng: np.random.Generator, start: Days, working_days: np.ndarray) -> Days:
    """A time after `start`: minutes later on the same day, or within office hours so many working days on."""
    soon = plus_minutes(start, rng.integers(5, 40, len(start)))
    later = office_time(rng, add_working_days(start, working_days))
    return np.where(working_days == 0, soon, later)


def number_dossiers(dossiers: pd.DataFrame, offices: dict[str, Counter]) -> pd.DataFrame:
    """Gives each dossier the code its counter printed: office, province, day and number of the day."""
    day = dossiers["received_at"].dt.strftime("%y%m%d")
    place = dossiers.groupby(["agency_code", day], sort=False).cumcount() + 1
    office = dossiers["agency_code"].map(lambda code: f"000.{offices[code].office_no:02d}.15.{offices[code].tag}")
    codes = office + "-" + day + "-" + place.map("{:04d}".format)
    return dossiers.assign(dossier_code=codes)[list(DOSSIER)]


def with_first_versions(rng: np.random.Generator, dossiers: pd.DataFrame, share: float) -> pd.DataFrame:
    """The dossiers, and for a share of the settled ones the version that the source held while they were still open."""
    changed = dossiers[dossiers["finished_at"].notna() & (rng.random(len(dossiers)) < share)]
    first = changed.assign(
        finished_at=NEVER,
        returned_at=NEVER,
        return_method=None,
        dossier_status="received",
        supplement_request_count=0,
        updated_at=changed["received_at"],
    )
    return pd.concat([first, dossiers], ignore_index=True)


def correct(
    rng: np.random.Generator, versions: pd.DataFrame, codes: list[str], column: str, wrong: pd.Series
) -> pd.DataFrame:
    """History of a mistake: the current version had `wrong` (by dossier code) in `column` until it was put right."""
    current = versions.sort_values("updated_at").drop_duplicates("dossier_code", keep="last")
    mistaken = current[current["dossier_code"].isin(codes)]
    before = mistaken.assign(**{column: mistaken["dossier_code"].map(wrong)})
    moved = versions.copy()
    minutes = rng.integers(1, 180, len(mistaken)).astype("timedelta64[m]")
    moved.loc[mistaken.index, "updated_at"] = mistaken["updated_at"].to_numpy() + minutes
    return pd.concat([moved, before], ignore_index=True)


def draw_documents(
    rng: np.random.Generator, agency_code: str | pd.Series, tag: str, days: Days, external_share: float
) -> pd.DataFrame:
    """One electronic document with both signatures per given day, numbered in its unit's yearly register."""
    order = np.argsort(days, kind="stable")
    issued, size = days.astype("datetime64[D]")[order], len(days)
    owner = pd.Series(np.broadcast_to(np.asarray(agency_code, dtype=object), size)[order])
    personal = office_time(rng, issued)
    external = np.arange(size) < round(size * external_share)
    rng.shuffle(external)
    frame = pd.DataFrame({"issued_date": issued.astype("datetime64[s]")})
    year = frame["issued_date"].dt.year
    number = frame.groupby([owner, year]).cumcount() + 1
    kind = rng.choice(["Công văn", "Báo cáo", "Kế hoạch", "Quyết định", "Thông báo"], size)
    organisation = plus_minutes(personal, rng.integers(3, 25, size))
    return frame.assign(
        document_id=tag + "-" + owner + "-" + year.astype(str) + "-" + number.astype(str).str.zfill(5),
        agency_code=owner,
        document_number=number.astype(str),
        document_symbol="UBND-VP",
        document_type=kind,
        secrecy_level=PUBLIC_SECRECY,
        urgency_level=rng.choice(["Thường", "Khẩn"], size, p=[0.95, 0.05]),
        signer_no=rng.integers(1, 40, size),
        personal_signed_at=personal,
        organisation_signed_at=organisation,
        recipient_scope=np.where(external, "external", "internal"),
        is_sent_via_axis=external,
        medium="electronic",
        document_status="issued",
        updated_at=plus_minutes(organisation, rng.integers(1, 10, size)),
    )[list(DOCUMENT)]


def with_unsigned_versions(rng: np.random.Generator, documents: pd.DataFrame, share: float) -> pd.DataFrame:
    """The documents, and for a share of the signed ones the version before anybody had signed."""
    chosen = documents["organisation_signed_at"].notna() & (rng.random(len(documents)) < share)
    before = documents[chosen]
    first = before.assign(
        personal_signed_at=NEVER,
        organisation_signed_at=NEVER,
        updated_at=before["issued_date"] + pd.Timedelta(hours=7),
    )
    return pd.concat([first, documents], ignore_index=True)


def draw_mailboxes(
    rng: np.random.Generator, agency_code: str | pd.Series, number: Integers, statuses: list[str], snapshot_date: str
) -> pd.DataFrame:
    """One mailbox per number and status; about one active mailbox in twelve was not used in the last thirty days."""
    size = len(statuses)
    day = np.datetime64(snapshot_date, "D")
    used = (rng.random(size) > 0.08) & (np.array(statuses) == "active")
    idle_days = np.where(used, rng.integers(1, 25, size), rng.integers(40, 300, size)).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "mailbox_no": number,
            "agency_code": agency_code,
            "issued_date": (np.datetime64("2019-01-02", "D") + number * 37 % 900).astype("datetime64[s]"),
            "account_status": statuses,
            "last_used_at": office_time(rng, day - idle_days),
            "sent_30d_count": np.where(used & (rng.random(size) < 0.8), rng.integers(1, 60, size), 0),
            "read_30d_count": np.where(used, rng.integers(1, 200, size), 0),
            "snapshot_date": day.astype("datetime64[s]"),
            "exported_at": (day.astype("datetime64[m]") + np.timedelta64(20 * 60, "m")).astype("datetime64[s]"),
        }
    )[list(MAILBOX)]
