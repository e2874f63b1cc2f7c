"""The register of devices: what stands on the network of a unit, and since when it is behind the security appliance.

No report of a unit here states a number of devices: all of them are synthetic. The dice are of this module alone, so
that the records of other systems stay as they are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from egov_kpi.simulator.timetable import NEVER

DEVICE = (
    "device_code", "agency_code", "device_kind", "is_networked", "is_secured", "secured_date", "retired_date",
    "snapshot_date", "exported_at",
)  # fmt: skip
# How often each kind occurs among thirty devices.
KINDS = {"workstation": 19, "printer": 5, "scanner": 1, "photocopier": 1, "network": 2, "camera": 1, "server": 1}
_SALT = 5401
_FIRST_DAY, _LAST_DAY = np.datetime64("2020-03-02", "D"), np.datetime64("2023-12-29", "D")


def drawn(seed: int, sizes: Mapping[str, int], snapshots: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Devices of units, so many each, as the register lists the given units on each date.

    A device keeps its number and kind. Year by year more of them come behind the appliance, and some go out of use;
    these stay in the register with the day.
    """
    register = _register(np.random.default_rng([seed, _SALT]), sizes)
    frames = [_on(register[register["agency_code"].isin(units)], day) for day, units in snapshots.items()]
    return pd.concat(frames, ignore_index=True)[list(DEVICE)]


def _register(rng: np.random.Generator, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Every device once, with all that will ever happen to it."""
    owner = pd.Series(np.repeat(np.array(list(sizes), dtype=object), list(sizes.values())))
    number = owner.groupby(owner).cumcount() + 1
    size = len(owner)
    kinds = np.repeat(np.array(list(KINDS), dtype=object), list(KINDS.values()))
    span = int((_LAST_DAY - _FIRST_DAY).astype(int))
    # Most were secured before 2023; one in twelve never will be.
    secured = _FIRST_DAY + (rng.beta(2.0, 2.5, size) * span).astype("timedelta64[D]")
    retired = _FIRST_DAY + rng.integers(600, span, size).astype("timedelta64[D]")
    is_networked = rng.random(size) < 0.9
    return pd.DataFrame(
        {
            "device_code": "TB-" + owner + "-" + number.map("{:04d}".format),
            "agency_code": owner,
            "device_kind": rng.choice(kinds, size),
            "is_networked": is_networked,
            "secured_date": np.where(is_networked & (rng.random(size) < 0.92), secured.astype("datetime64[s]"), NEVER),
            "retired_date": np.where(rng.random(size) < 0.15, retired.astype("datetime64[s]"), NEVER),
        }
    )


def _on(register: pd.DataFrame, day: str) -> pd.DataFrame:
    """The register of one date, exported on its evening: what comes later is not known yet."""
    date = pd.Timestamp(day)
    is_secured = register["secured_date"] <= date
    times = ("secured_date", "retired_date", "snapshot_date", "exported_at")
    return register.assign(
        is_secured=is_secured,
        secured_date=register["secured_date"].where(is_secured),
        retired_date=register["retired_date"].where(register["retired_date"] <= date),
        snapshot_date=date,
        exported_at=date + pd.Timedelta(hours=19),
    ).astype(dict.fromkeys(times, "datetime64[s]"))
