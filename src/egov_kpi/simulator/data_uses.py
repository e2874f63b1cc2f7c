"""What dossiers took from shared data instead of from the citizen: population data, personal stores, certified copies.

Drawn from the dossiers with a generator of its own, so that it changes none of the other draws. One row per record and
version, as in `records`. Values are invented: no report tells them.
"""

import numpy as np
import pandas as pd

DATA_USE = (
    "dossier_code", "agency_code", "is_population_used", "is_taken_from_store", "is_result_stored", "certified_copy",
    "recorded_at", "updated_at",
)  # fmt: skip
DATA_USE_KEY = ["dossier_code"]

# Keeps these draws apart from all others; 6: the project of population data.
_STREAM = 6
_CERTIFICATION = "Chứng thực"


def data_uses(received: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Versions of what 97% of the received dossiers used: told at the counter, and once more when the result of a
    settled one went into the store of its citizen."""
    rng = np.random.default_rng([seed, _STREAM])
    rows = received[rng.random(len(received)) < 0.97].reset_index(drop=True)
    recorded_at = rows["received_at"] + pd.Series(pd.to_timedelta(rng.integers(1, 9, len(rows)), unit="min"))
    first = rows[["dossier_code", "agency_code"]].assign(
        is_population_used=rng.random(len(rows)) < 0.62,
        is_taken_from_store=rng.random(len(rows)) < 0.18,
        is_result_stored=False,
        certified_copy=_copies(rng, rows["field_name"] == _CERTIFICATION),
        recorded_at=recorded_at,
        updated_at=recorded_at,
    )
    settled = rows["dossier_status"].isin(["finished", "returned"]) & (rows["finished_at"] > recorded_at)
    stored = settled & (rng.random(len(rows)) < 0.3)
    later = first[stored].assign(is_result_stored=True, updated_at=rows["finished_at"])
    versions = pd.concat([first, later], ignore_index=True)[list(DATA_USE)]
    return versions.astype({"recorded_at": "datetime64[s]", "updated_at": "datetime64[s]"})


def _copies(rng: np.random.Generator, is_certification: pd.Series) -> np.ndarray:
    """Which copies were certified: for most dossiers of that field, and for a few of the others."""
    wanted = rng.random(len(is_certification)) < np.where(is_certification, 0.85, 0.03)
    how = np.where(rng.random(len(is_certification)) < 0.35, "electronic", "paper")
    return np.where(wanted, how, "none")
