"""The ground for the defects: a province with a quiet history, up to the last night of a quarter."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from egov_kpi.simulator import office
from egov_kpi.simulator.records import Records, generate
from proofs.mutation.datasets import DATASETS, Export, clean_exports
from proofs.mutation.gatehouse import Gatehouse, Seen

# The backlog comes on the first night, then a week of nights; the defects are planted into the night after it.
BACKLOG = date(2023, 3, 24)
PLANTED = date(2023, 3, 31)
LAST_MONTH = (date(2023, 2, 20), date(2023, 2, 28))
DOSSIERS_PER_NIGHT = 600
# Of the province's units, so that a case takes a second and not ten.
EVERY_UNIT = 4
LISTING_UNITS = 5
_TABLES = (
    "documents",
    "dossiers",
    "mailboxes",
    "headcount",
    "procedures",
    "certificates",
    "devices",
    "activities",
    "incoming_documents",
    "office_accounts",
    "one_stop_units",
    "work_files",
    "periodic_reports",
    "surveys",
    *office.TABLES,
)


@dataclass(frozen=True)
class Clean:
    """Clean exports of one dataset: the one to be spoilt, the one before it, and rows of the month before."""

    export: Export
    before: Export
    last_month: Export


def province(seed: int, per_night: int = DOSSIERS_PER_NIGHT, months: int = 3) -> Records:
    """A province of every fourth unit."""
    records = generate("province", seed, per_night, months)
    kept = set(sorted(records.mailboxes["agency_code"].unique())[::EVERY_UNIT])
    tables = {name: _only(getattr(records, name), kept) for name in _TABLES}
    # A unit lists two hundred procedures: a few units are enough.
    listed = set(sorted(tables["procedures"]["agency_code"].unique())[::LISTING_UNITS])
    return replace(records, **{**tables, "procedures": _only(tables["procedures"], listed)})


def _only(rows: pd.DataFrame, agencies: set[str]) -> pd.DataFrame:
    return rows[rows["agency_code"].isin(agencies)].reset_index(drop=True)


def build_history(
    gatehouse: Gatehouse, records: Records, datasets: Collection[str] = DATASETS
) -> list[tuple[Export, Seen]]:
    """Promote backlog and nights; what the gate said of each export."""
    seen = []
    for first, last in history_windows():
        for export in clean_exports(records, first, last, datasets):
            seen.append((export, gatehouse.promote(export, last)))
    return seen


def history_windows() -> list[tuple[date | None, date]]:
    nights = [BACKLOG + timedelta(days=n) for n in range((PLANTED - BACKLOG).days)]
    return [(nights[n - 1] if n else None, night) for n, night in enumerate(nights)]


def clean_ground(records: Records) -> dict[str, Clean]:
    """Per dataset what a defect is planted into."""
    first = PLANTED - timedelta(days=1)
    now = _first(clean_exports(records, first, PLANTED))
    previous = _first(clean_exports(records, first - timedelta(days=1), first))
    month = _first(clean_exports(records, *LAST_MONTH))
    return {name: Clean(now[name], previous.get(name, month[name]), month[name]) for name in DATASETS}


def _first(exports: list[Export]) -> dict[str, Export]:
    """One export per dataset; of several paper registers the first ward's."""
    found: dict[str, Export] = {}
    for export in exports:
        found.setdefault(export.dataset.id, export)
    return found
