"""User accounts of the document-management system as a snapshot lists them: more than officials, fewer in use.

A report says "above 100%" of its staff work in the system: whoever counts accounts over officials gets that here too,
since people who left keep theirs, and units and software have some of their own. No report states a number: all of it
is synthetic. The dice are of this module alone, so that the records of other systems stay as they are.
"""

import numpy as np
import pandas as pd

ACCOUNT = (
    "account_no", "agency_code", "account_kind", "account_status", "issued_date", "last_action_date", "snapshot_date",
    "exported_at",
)  # fmt: skip
_SALT = 5701
# Accounts beyond the officials in post: five of people, one of the unit, one of its software.
_SPARE = 5
_TIMES = ("issued_date", "last_action_date", "snapshot_date", "exported_at")
# An account is in use when it acted on one of so many days before the snapshot.
_IN_USE_DAYS = 30


def drawn(seed: int, headcount: pd.DataFrame) -> pd.DataFrame:
    """The accounts of all units whose officials are counted, on each date on which they are."""
    rng = np.random.default_rng([seed, _SALT])
    register = _register(headcount.groupby("agency_code")["headcount"].max())
    frames = [
        _on(rng, register, rows.set_index("agency_code")["headcount"], pd.Timestamp(str(day)))
        for day, rows in headcount.groupby("snapshot_date")
    ]
    return pd.concat(frames, ignore_index=True).astype(dict.fromkeys(_TIMES, "datetime64[s]"))[list(ACCOUNT)]


def _register(officials: pd.Series) -> pd.DataFrame:
    """Every account once: its unit, its number, its kind and the day on which it was issued."""
    sizes = officials.to_numpy() + _SPARE + 2
    owner = pd.Series(np.repeat(officials.index.to_numpy(), sizes))
    place = owner.groupby(owner).cumcount()
    from_end = np.repeat(sizes, sizes) - place
    number = place + np.repeat(np.arange(len(officials)) * 1000, sizes) + 1
    issued = np.datetime64("2018-03-01", "D") + (number.to_numpy() * 31 % 1200).astype("timedelta64[D]")
    kinds = np.select([from_end == 1, from_end == 2], ["system", "organisation"], "person")
    return pd.DataFrame(
        {
            "account_no": number,
            "agency_code": owner,
            "account_kind": kinds,
            "issued_date": issued.astype("datetime64[s]"),
            "place": place,
            "from_end": from_end,
        }
    )


def _on(rng: np.random.Generator, register: pd.DataFrame, officials: pd.Series, day: pd.Timestamp) -> pd.DataFrame:
    """The accounts on one date, exported on its evening: one official in twelve does not use theirs, the first account
    was locked in the last days, the last ones of people belong to some who left, and of these one never acted."""
    rows = register[register["agency_code"].isin(officials.index)].reset_index(drop=True)
    size, heads = len(rows), rows["agency_code"].map(officials)
    acts = (rows["account_kind"] != "person") | ((rows["place"] < heads) & (rng.random(size) < 11 / 12))
    idle = np.where(acts, rng.integers(0, _IN_USE_DAYS + 1, size), rng.integers(_IN_USE_DAYS + 1, 400, size))
    last = (day - pd.to_timedelta(idle, unit="D")).to_series(index=rows.index).where(rows["from_end"] != 3)
    is_locked = (rows["place"] == 0) | rows["from_end"].isin((3, 4, 5))
    return rows.assign(
        account_status=np.where(is_locked, "locked", "active"),
        last_action_date=last.clip(lower=rows["issued_date"]),
        snapshot_date=day,
        exported_at=day + pd.Timedelta(hours=19, minutes=30),
    )
