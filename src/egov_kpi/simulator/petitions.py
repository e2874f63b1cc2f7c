"""Petitions of people who do not exist, to real units: received, refused, sent back or answered, some of them late.

An Giang's report of 2023 tells how many there were (110), and that all were handled; every other one is synthetic. The
dice are of this module alone.
"""

import numpy as np
import pandas as pd

from egov_kpi.simulator.records import PETITION
from egov_kpi.simulator.timetable import NEVER, Days, add_working_days, office_time, working_days

# How they end, and after how many working days at most without being late.
LIMITS = {"refused": 2, "asked": 5, "answered": 15}
# Published: petitions of An Giang in 2023, handled as many as received.
AN_GIANG_2023 = 110
_DATES = ("received_date", "handled_date", "updated_at")


def calibrated(seed: int, district: tuple[str, ...], ward: str, neighbour: str) -> pd.DataFrame:
    """The district with its communes and a neighbour in early 2023, the ward in 2022, and two nights more."""
    rng = np.random.default_rng([seed, 51])
    drawn = [
        _drawn(rng, rng.choice(district, 90), rng.choice(working_days("2023-01-03", "2023-03-03"), 90), "2023-03-06"),
        _drawn(rng, np.full(40, ward), rng.choice(working_days("2022-01-04", "2022-09-30"), 40), "2022-12-30"),
        _drawn(rng, np.full(45, neighbour), rng.choice(working_days("2023-01-03", "2023-03-03"), 45), "2023-03-06"),
    ]
    final = pd.concat(drawn, ignore_index=True)
    final = final.assign(petition_no=np.arange(1, len(final) + 1))
    return _in_order(pd.concat([final, _first_versions(final), *_later(final)], ignore_index=True))


def province(seed: int, agencies: list[str], first: str, last: str) -> pd.DataFrame:
    """About twelve petitions on each working day, to any unit."""
    rng = np.random.default_rng([seed, 52])
    days = np.repeat(working_days(first, last), 12)
    final = _drawn(rng, rng.choice(agencies, len(days)), days, last)
    final = final.assign(petition_no=np.arange(1, len(final) + 1))
    return _in_order(pd.concat([final, _first_versions(final)], ignore_index=True))


def an_giang(seed: int, agencies: list[str]) -> pd.DataFrame:
    """The 110 petitions of 2023, all of them handled within the year, as published."""
    rng = np.random.default_rng([seed, 53])
    days = np.sort(rng.choice(working_days("2023-01-04", "2023-11-24"), AN_GIANG_2023))
    final = _drawn(rng, rng.choice(agencies, AN_GIANG_2023), days, "2023-12-29")
    final = final.assign(petition_no=np.arange(1, len(final) + 1))
    return _in_order(pd.concat([final, _first_versions(final)], ignore_index=True))


def _drawn(rng: np.random.Generator, units: np.ndarray, received: Days, cut: str) -> pd.DataFrame:
    """Final states as known on the day `cut`: one in ten is late, one in twelve disliked, one in twenty comes again."""
    size, last = len(units), np.datetime64(cut, "D")
    outcome = rng.choice(list(LIMITS), size, p=[0.1, 0.15, 0.75])
    limit = np.array([LIMITS[name] for name in outcome])
    taken = np.where(rng.random(size) < 0.1, limit + rng.integers(1, 8, size), rng.integers(0, limit + 1))
    handled = add_working_days(received, taken)
    is_handled = handled <= last
    changed = np.where(is_handled, handled, received)
    return pd.DataFrame(
        {
            "agency_code": units,
            "channel": rng.choice(["portal", "hotline", "other"], size, p=[0.5, 0.4, 0.1]),
            "received_date": received,
            "outcome": pd.Series(outcome).where(is_handled, None),
            "handled_date": np.where(is_handled, handled, NEVER),
            "is_disliked": is_handled & (rng.random(size) < 0.08),
            "is_petitioned_again": is_handled & (rng.random(size) < 0.05),
            "is_first": rng.random(size) >= 0.06,
            "updated_at": office_time(rng, changed),
        }
    )


def _first_versions(final: pd.DataFrame) -> pd.DataFrame:
    """The petition as it came in, before there was an outcome."""
    handled = final[final["handled_date"].notna()]
    return handled.assign(
        outcome=None,
        handled_date=NEVER,
        is_disliked=False,
        is_petitioned_again=False,
        updated_at=handled["received_date"] + pd.Timedelta(hours=7),
    )


def _later(final: pd.DataFrame) -> list[pd.DataFrame]:
    """The nights of 2023-03-07 and 2023-03-08: open ones are answered, two answers of January are found to be none, two
    petitioners of January are not satisfied."""
    open_now = final[final["handled_date"].isna()].head(6)
    answered = open_now.assign(
        outcome="answered", handled_date=pd.Timestamp("2023-03-07"), updated_at=pd.Timestamp("2023-03-07 15:00")
    )
    january = final[(final["handled_date"] >= "2023-01-09") & (final["handled_date"] <= "2023-01-31")]
    reopened = january.head(2).assign(
        outcome=None, handled_date=NEVER, is_disliked=False, is_petitioned_again=False,
        updated_at=pd.Timestamp("2023-03-07 16:00"),
    )  # fmt: skip
    disliked = january.tail(2).assign(is_disliked=True, updated_at=pd.Timestamp("2023-03-08 08:00"))
    return [answered, reopened, disliked]


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    typed = rows.astype(dict.fromkeys(_DATES, "datetime64[s]"))[list(PETITION)]
    return typed.sort_values(["updated_at", "petition_no"]).reset_index(drop=True)
