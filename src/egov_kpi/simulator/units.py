"""Administrative units that the profiles use: real codes and names of the statistics office, valid to 30 June 2025.

A copy of its own, not the warehouse's seed: the oracle must not inherit a mistake of the seed.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

# District units ended on this day; no profile reaches beyond it.
LAST_DAY = pd.Timestamp("2025-06-30")
# The provinces that a profile tells of.
PROVINCES = {
    "calibrated": ("06", "22", "82"), "province": ("84",), "an-giang-2023": ("89",), "tra-vinh-2022": ("84",),
}  # fmt: skip


@cache
def _units() -> pd.DataFrame:
    source = files("egov_kpi.simulator").joinpath("units.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)


def load_units() -> pd.DataFrame:
    """One row per unit: agency_code, name_vi, level, parent_code (empty for a province)."""
    return _units().copy()


def units_of(profile: str) -> pd.DataFrame:
    """The units that an installation for the profile has in its list: all those of its provinces, and the vertical
    agencies there, which are below none."""
    units = load_units()
    tops = units[(units["parent_code"] == "") & units["agency_code"].str.split(".").str[0].isin(PROVINCES[profile])]
    members = set().union(*(tree(units, top) for top in tops["agency_code"]))
    return units[units["agency_code"].isin(members)].reset_index(drop=True)


def closure(units: pd.DataFrame) -> pd.DataFrame:
    """One row per (unit, unit at or below it): agency_code, member_code. The `tree` scope."""
    parents = dict(zip(units["agency_code"], units["parent_code"], strict=True))
    pairs = [(above, code) for code in parents for above in _line_upwards(code, parents)]
    return pd.DataFrame(pairs, columns=["agency_code", "member_code"])


def _line_upwards(code: str, parents: dict[str, str]) -> list[str]:
    """The unit itself and all units above it."""
    line = [code]
    while parents[line[-1]]:
        line.append(parents[line[-1]])
    return line


def tree(units: pd.DataFrame, agency_code: str) -> set[str]:
    """Codes of a unit and of all units below it."""
    pairs = closure(units)
    return set(pairs.loc[pairs["agency_code"] == agency_code, "member_code"])
