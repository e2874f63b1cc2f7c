"""The form on one-stop units: consolidated or not, officials assigned to them, and who has an account in the software.

Huyền Tụng's report of 2022 says that all of its officials have accounts, without a count; every number here is
synthetic. The dice are of this module alone, so that the records of other systems stay as they are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import in_order
from egov_kpi.simulator.office import Places
from egov_kpi.simulator.timetable import NEVER

ONE_STOP_UNIT = (
    "reporting_agency_code", "agency_code", "is_consolidated", "decision_number", "decision_date", "official_count",
    "account_count", "snapshot_date", "exported_at",
)  # fmt: skip
_SALT = 6401
_FIRST_DAY, _LAST_DAY = np.datetime64("2021-01-04", "D"), np.datetime64("2023-09-29", "D")
_TIMES = ("decision_date", "snapshot_date", "exported_at")


def calibrated(seed: int, places: Places, ward_day: str, days: Sequence[str]) -> pd.DataFrame:
    """The ward's town compiles for October 2022 and for the later days, the district for these two.

    Two books were sent again: the town's of October, which had lost what the ward had done, and on 7 March the
    district's of February, which had lost what one of its communes had.
    """
    town, home, late = places.ward_town, places.district, places.communes[-1]
    register = _register(
        seed,
        {
            town: [town, places.ward, places.ward_neighbour],
            home: [home, *places.communes],
        },
    )
    # Published: every official of the ward has an account.
    done = {places.ward: "2021-11-15", late: "2023-02-22"}
    named = register["agency_code"].map(done)
    register.loc[named.notna(), "missing"] = 0
    register["decision_date"] = pd.to_datetime(named).fillna(register["decision_date"])
    october = _on(register[register["reporting_agency_code"] == town], ward_day)
    february, last = (_on(register, day) for day in days)
    again = february[february["reporting_agency_code"] == home].assign(exported_at=pd.Timestamp("2023-03-07 10:15"))
    early = october["exported_at"] - pd.Timedelta(hours=8)
    wrong = [_without(october.assign(exported_at=early), places.ward), _without(february, late)]
    return _ordered([*wrong, october, again, last])


def province(seed: int, province: str, agencies: Sequence[str], ends: Sequence[str]) -> pd.DataFrame:
    """One book a month for the whole province."""
    register = _register(seed, {province: agencies})
    return _ordered([_on(register, day) for day in ends])


def _register(seed: int, compilers: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Every one-stop unit once, with all that will ever happen to it: when it is consolidated, and from when on nobody
    lacks an account any more."""
    rng = np.random.default_rng([seed, _SALT])
    units = [(compiler, unit) for compiler, members in compilers.items() for unit in members]
    size = len(units)
    register = pd.DataFrame(units, columns=["reporting_agency_code", "agency_code"])
    span = int((_LAST_DAY - _FIRST_DAY).astype(int))
    decided = _FIRST_DAY + (rng.beta(2.0, 1.2, size) * span).astype("timedelta64[D]")
    complete = _FIRST_DAY + rng.integers(500, span, size).astype("timedelta64[D]")
    return register.assign(
        decision_number=[f"{number}/QĐ-UBND" for number in rng.integers(10, 2000, size)],
        # One in ten stays as it is.
        decision_date=np.where(rng.random(size) < 0.9, decided.astype("datetime64[s]"), NEVER),
        official_count=rng.integers(3, 9, size),
        missing=rng.integers(0, 3, size),
        complete_date=complete.astype("datetime64[s]"),
    )


def _on(register: pd.DataFrame, day: str) -> pd.DataFrame:
    """What the books of one date say, sent on its evening: what comes later is not known yet."""
    date = pd.Timestamp(day)
    is_consolidated = register["decision_date"] <= date
    missing = register["missing"].where(register["complete_date"] > date, 0)
    return register.assign(
        is_consolidated=is_consolidated,
        decision_number=register["decision_number"].where(is_consolidated, None),
        decision_date=register["decision_date"].where(is_consolidated),
        account_count=register["official_count"] - missing,
        snapshot_date=date,
        exported_at=date + pd.Timedelta(hours=17, minutes=40),
    )


def _without(book: pd.DataFrame, unit: str) -> pd.DataFrame:
    """The book with a unit as if nothing had been done there: not consolidated, two officials without an account."""
    is_unit = book["agency_code"] == unit
    return book.assign(
        is_consolidated=book["is_consolidated"] & ~is_unit,
        decision_number=book["decision_number"].where(~is_unit, None),
        decision_date=book["decision_date"].where(~is_unit),
        account_count=book["account_count"].where(~is_unit, book["official_count"] - 2),
    )


def _ordered(books: list[pd.DataFrame]) -> pd.DataFrame:
    return in_order(books, ONE_STOP_UNIT, _TIMES, ["exported_at", "reporting_agency_code", "agency_code"])
