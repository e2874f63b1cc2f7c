"""Decisions on procedures: announced, replaced, reviewed, abolished; when they were published and posted.

Gò Công Tây, first quarter of 2023, as published: 32 procedures of civil status replaced by decision 85/QĐ-UBND of 13
January, 33 of land (9 of the district, 24 of the communes) by decision 116/QĐ-UBND of 19 January. Procedures, days of
posting, parts and form fields are invented, and so is every other decision. The dice are of this module alone.
"""

import numpy as np
import pandas as pd

from egov_kpi.simulator.catalogue import procedure_codes
from egov_kpi.simulator.drawing import FIELDS
from egov_kpi.simulator.records import PUBLICATION
from egov_kpi.simulator.timetable import NEVER, add_working_days, office_time, working_days

# Published: of the field and level, how many procedures a decision of Gò Công Tây replaces.
REPLACED = (
    ("85/QĐ-UBND", "2023-01-13", "Hộ tịch", "district", 14),
    ("85/QĐ-UBND", "2023-01-13", "Hộ tịch", "commune", 18),
    ("116/QĐ-UBND", "2023-01-19", "Đất đai", "district", 9),
    ("116/QĐ-UBND", "2023-01-19", "Đất đai", "commune", 24),
)
# Published: reviewed in An Giang in 2023, and of these abolished.
AN_GIANG_REVIEWED, AN_GIANG_ABOLISHED = 30, 5
KINDS = ("new", "amended", "replaced", "abolished", "kept")
_DATES = ("decision_date", "legal_effective_date", "published_date", "posted_date", "updated_at")


def calibrated(seed: int, district: str, ward: str, neighbour: str) -> pd.DataFrame:
    """Versions of the district's decisions, the ward's of 2022 and a neighbour's; the nights bring corrections."""
    rng = np.random.default_rng([seed, 41])
    codes = procedure_codes(rng, 400)
    frames = []
    for number, day, field, level, count in REPLACED:
        taken, codes = codes[:count], codes[count:]
        days = np.full(count, np.datetime64(day, "D"))
        frames.append(_decided(rng, district, taken, days, "2023-03-03").assign(
            decision_number=number, field_name=field, competent_level=level, change_kind="replaced", is_reviewed=False
        ))  # fmt: skip
    for unit, first, last, cut, count in (
        (district, "2023-01-10", "2023-02-20", "2023-03-06", 40),
        (ward, "2022-02-01", "2022-09-30", "2022-10-31", 25),
        (neighbour, "2023-01-05", "2023-03-03", "2023-03-06", 50),
    ):
        taken, codes = codes[:count], codes[count:]
        other = _other(rng, _decided(rng, unit, taken, rng.choice(working_days(first, last), count), cut))
        # What the district replaced in the quarter is published: these 65 and no other.
        frames.append(other.replace({"change_kind": {"replaced": "new"}}) if unit == district else other)
    final = _typed(pd.concat(frames, ignore_index=True))
    return _in_order(pd.concat([final, _first_versions(final), *_corrections(final, district)], ignore_index=True))


def province(seed: int, agencies: list[str], first: str, last: str) -> pd.DataFrame:
    """About eight decisions a month and unit, of all kinds, each in two versions."""
    rng = np.random.default_rng([seed, 42])
    days = working_days(first, last)
    frames = []
    for code in agencies:
        count = 8 * max(len(days) // 21, 1)
        chosen = np.sort(rng.choice(days, count))
        frames.append(_other(rng, _decided(rng, code, procedure_codes(rng, count), chosen, last)))
    final = _typed(pd.concat(frames, ignore_index=True))
    return _in_order(pd.concat([final, _first_versions(final)], ignore_index=True))


def an_giang(seed: int, unit: str) -> pd.DataFrame:
    """The 30 procedures that the province reviewed in 2023: 5 abolished, as published; the others amended or kept."""
    rng = np.random.default_rng([seed, 43])
    codes = procedure_codes(rng, AN_GIANG_REVIEWED)
    days = np.sort(rng.choice(working_days("2023-04-03", "2023-10-31"), AN_GIANG_REVIEWED))
    kinds = np.array(["abolished"] * AN_GIANG_ABOLISHED + ["amended"] * 10 + ["kept"] * 15, dtype=object)
    decided = _decided(rng, unit, codes, days, "2023-12-29")
    drawn = _other(rng, decided).assign(competent_level="province")
    # What a review left as it was is neither published nor posted.
    dates = {name: decided[name].where(kinds != "kept") for name in ("published_date", "posted_date")}
    final = _typed(drawn.assign(change_kind=kinds, is_reviewed=True, **dates))
    return _in_order(pd.concat([final, _first_versions(final)], ignore_index=True))


def _decided(rng: np.random.Generator, unit: str, codes: list[str], days: np.ndarray, cut: str) -> pd.DataFrame:
    """Final states of one unit's procedures by the day of their decision; what would happen after `cut` has not yet.

    About one in twelve is posted late, one in eight lacks a mandatory part, one in ten was decided too late.
    """
    size, last = len(codes), np.datetime64(cut, "D")
    published = add_working_days(days, rng.integers(0, 4, size))
    lag = np.where(rng.random(size) < 0.08, rng.integers(6, 12, size), rng.integers(0, 6, size))
    posted = add_working_days(days, lag)
    notice = np.where(rng.random(size) < 0.1, rng.integers(-3, 5, size), rng.integers(5, 30, size))
    fields = rng.integers(10, 40, size)
    is_posted = posted <= last
    published = np.where(published <= last, published, NEVER)
    posted = np.where(is_posted, posted, NEVER)
    changed = np.fmax(np.fmax(published, posted), days.astype("datetime64[m]"))
    return pd.DataFrame(
        {
            "agency_code": unit,
            "procedure_code": codes,
            "decision_date": days,
            "legal_effective_date": add_working_days(days, notice),
            "published_date": published,
            "posted_date": posted,
            "mandatory_part_count": np.where(is_posted, np.where(rng.random(size) < 0.12, 6, 7), np.nan),
            "is_within_authority": rng.random(size) >= 0.03,
            "form_field_count": np.where(rng.random(size) < 0.6, fields, np.nan),
            "form_field_cut_count": np.where(rng.random(size) < 0.9, fields // rng.integers(3, 9, size), np.nan),
            "updated_at": office_time(rng, changed),
        }
    )


def _other(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Decisions of all kinds; only those that end a review abolish a procedure or keep it as it is."""
    size = len(rows)
    kind = rng.choice(KINDS, size, p=[0.2, 0.3, 0.2, 0.1, 0.2])
    is_kept = kind == "kept"
    return rows.assign(
        decision_number=[f"{200 + place // 5}/QĐ-UBND" for place in range(size)],
        field_name=rng.choice(FIELDS, size),
        competent_level=rng.choice(["district", "commune"], size),
        change_kind=kind,
        is_reviewed=is_kept | (kind == "abolished") | (rng.random(size) < 0.1),
        published_date=rows["published_date"].where(~is_kept),
        posted_date=rows["posted_date"].where(~is_kept),
    )


def _first_versions(final: pd.DataFrame) -> pd.DataFrame:
    """The decision as it was typed in, before anything was published or posted."""
    known = final[final["published_date"].notna() | final["posted_date"].notna()]
    return known.assign(
        published_date=NEVER,
        posted_date=NEVER,
        mandatory_part_count=np.nan,
        updated_at=known["decision_date"] + pd.Timedelta(hours=7),
    )


def _corrections(final: pd.DataFrame, district: str) -> list[pd.DataFrame]:
    """Mistakes put right: two that were never replaced, typed so at first and amended in truth; and in the two nights
    after the cut-off a posting of February that is in truth of January, one that was withdrawn, and a late one."""
    own = final[(final["agency_code"] == district) & final["posted_date"].notna()]
    amended = own[own["change_kind"] == "amended"].head(2)
    mistyped = amended.assign(change_kind="replaced", updated_at=amended["updated_at"] - pd.Timedelta(minutes=20))
    replaced = own[own["change_kind"] == "replaced"]
    earlier = replaced[replaced["posted_date"] >= "2023-02-01"].head(1)
    moved = earlier.assign(posted_date=pd.Timestamp("2023-01-30"), updated_at=pd.Timestamp("2023-03-07 09:10"))
    gone = replaced.tail(1).assign(
        posted_date=NEVER, mandatory_part_count=np.nan, updated_at=pd.Timestamp("2023-03-07 10:20")
    )
    back = gone.assign(
        posted_date=pd.Timestamp("2023-03-08"), mandatory_part_count=7, updated_at=pd.Timestamp("2023-03-08 08:30")
    )
    return [mistyped, moved, gone, back]


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(_DATES, "datetime64[s]"))


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = _typed(rows)[list(PUBLICATION)].sort_values(["updated_at", "agency_code", "procedure_code"])
    return ordered.reset_index(drop=True)
