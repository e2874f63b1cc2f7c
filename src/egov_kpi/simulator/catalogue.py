"""Procedures and who offers them at which online level: the portal's snapshots of the calibrated profile.

Codes are shared between the district and the commune list on purpose (57 procedures are interlinked across levels),
so that only (procedure, level) tells them apart, and 5 of the shared ones are partial at the district but full at the
commune.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from egov_kpi.simulator.drawing import FIELDS
from egov_kpi.simulator.records import PROCEDURE

FEE = (
    "agency_code", "procedure_code", "competent_level", "has_fee", "synced_date", "snapshot_date", "exported_at",
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """Counts of one level's list: in force and posted at each service level, in force but not posted, abolished."""

    level: str
    partial: int
    full: int
    information: int
    unposted: int
    abolished: int
    # The first so many of the partial and of the full procedures had online dossiers.
    active_partial: int
    active_full: int

    def table(self, codes: list[str]) -> pd.DataFrame:
        """One row per procedure of the list, in the order of the fields above; `is_active` marks the used ones."""
        levels = (
            ["partial"] * self.partial + ["full"] * self.full + ["information"] * (self.information + self.unposted)
        )
        posted = self.partial + self.full + self.information
        size = posted + self.unposted + self.abolished
        levels += ["partial", "full"] * (self.abolished // 2) + ["partial"] * (self.abolished % 2)
        index = np.arange(size)
        is_abolished = index >= posted + self.unposted
        active = (index < self.active_partial) | ((index >= self.partial) & (index < self.partial + self.active_full))
        return pd.DataFrame(
            {
                "procedure_code": codes[:size],
                "procedure_name": [
                    f"Thủ tục {FIELDS[i % len(FIELDS)].lower()} số {code}" for i, code in enumerate(codes[:size])
                ],
                "field_name": [FIELDS[i % len(FIELDS)] for i in index],
                "competent_level": self.level,
                "service_level": levels,
                "procedure_status": np.where(is_abolished, "abolished", "in_force"),
                "posted_date": np.where(
                    (index < posted) | is_abolished, np.datetime64("2022-01-04") + index % 200, np.datetime64("NaT")
                ).astype("datetime64[s]"),
                "has_fee": index % 3 != 1,
                "fee_synced_date": _synced(index),
                "is_active": active,
            }
        )


def _synced(index: np.ndarray) -> np.ndarray:
    """Since when the payment platform knows the fee of each: one after the other from 2021 on; of one in nine never."""
    days = np.datetime64("2021-03-01") + index * 37 % 900
    return np.where((index % 3 == 1) | (index % 9 == 8), np.datetime64("NaT"), days).astype("datetime64[s]")


def procedure_codes(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct codes like 1.005129."""
    return [f"1.{number:06d}" for number in rng.choice(np.arange(1_000, 13_000), count, replace=False)]


def offer(rng: np.random.Generator, table: pd.DataFrame, agencies: list[str], left_out_share: float) -> pd.DataFrame:
    """One row per unit and procedure. The first unit lists all; the others leave out some that nobody uses online."""
    frames = []
    for place, agency_code in enumerate(agencies):
        kept = table["is_active"] | (rng.random(len(table)) >= (left_out_share if place else 0.0))
        frames.append(table[kept].assign(agency_code=agency_code))
    return pd.concat(frames, ignore_index=True)


def snapshot(offers: pd.DataFrame, snapshot_date: str) -> pd.DataFrame:
    """The offers as the portal lists them on one date."""
    day = pd.Timestamp(snapshot_date)
    listed = offers.assign(
        fee_synced_date=offers["fee_synced_date"].where(offers["fee_synced_date"] <= day),
        snapshot_date=day,
        exported_at=day + pd.Timedelta(hours=21),
    )
    return listed[list(PROCEDURE)]


def fees(procedures: pd.DataFrame) -> pd.DataFrame:
    """Of the listed procedures those in force: whether they have a fee, and since when it can be paid online."""
    rows = procedures[procedures["procedure_status"] == "in_force"]
    return rows.rename(columns={"fee_synced_date": "synced_date"})[list(FEE)]
