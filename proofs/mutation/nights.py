"""Thirty-one clean nights on which no gate may block and no right row may be refused.

A province over Tết (few rows, then none, then a working day again) up to the end of January; another that grows night
by night up to the end of a quarter; and the calibrated profile, whose five flawed rows are the only ones to be refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records, generate
from proofs.harness.cluster import Cluster
from proofs.mutation.datasets import DOSSIERS, Export, clean_exports
from proofs.mutation.gatehouse import open_gatehouse
from proofs.mutation.ground import province

CALIBRATED_SEED = 20230306


@dataclass(frozen=True)
class Series:
    """Consecutive nights of one warehouse; `start` brings the backlog, if any, and is then not counted."""

    name: str
    records: Records
    start: date
    nights: int
    has_backlog: bool = True


@dataclass(frozen=True)
class Night:
    """One night's alarms, by dataset: blocked loads, and rows refused beyond those that are flawed.

    `alarms` counts each blocked load, and each row that is refused and right or taken in and flawed.
    """

    series: str
    business_date: date
    loads: int
    blocked: tuple[str, ...]
    refused: tuple[str, ...]
    alarms: int

    @property
    def is_quiet(self) -> bool:
        return not self.alarms


def all_series() -> list[Series]:
    return [
        Series("calibrated", generate("calibrated", CALIBRATED_SEED), date(2023, 3, 5), 3, has_backlog=False),
        Series("province: Tết", province(11, 240), date(2023, 1, 15), 16),
        Series("province: quarter end", _growing(province(12, 400)), date(2023, 3, 19), 12),
    ]


def clean_nights(cluster: Cluster, series: Series) -> Iterator[Night]:
    """The nights of one series, each gated and promoted after the other."""
    with open_gatehouse(cluster) as gatehouse:
        for number in range(series.nights + 1):
            day = series.start + timedelta(days=number)
            exports = clean_exports(series.records, day - timedelta(days=1) if number else None, day)
            blocked, refused, alarms = [], [], 0
            for export in exports:
                seen = gatehouse.promote(export, day)
                if seen.verdict == "block":
                    blocked.append(f"{export.dataset.id} {' '.join(seen.rules)}")
                    alarms += 1
                elif seen.verdict != "known" and (wrong := abs(seen.refused - _flawed(series.records, export))):
                    refused.append(f"{export.dataset.id} {seen.refused} {' '.join(seen.rules)}")
                    alarms += wrong
            if number or not series.has_backlog:
                yield Night(series.name, day, len(exports), tuple(blocked), tuple(refused), alarms)


def _flawed(records: Records, export: Export) -> int:
    """Rows of the export that its profile made wrong on purpose."""
    if export.dataset is not DOSSIERS or records.flaws.empty:
        return 0
    first = pd.Timestamp(export.window_from) if export.window_from else None
    window = Window(first, pd.Timestamp(export.window_to))
    flawed = records.flaws[window.holds(pd.to_datetime(records.flaws["updated_at"]))]
    keys = set(flawed["dossier_code"])
    texts = export.rows[export.rows[DOSSIERS.key].isin(keys)]
    bad = texts["Mã đơn vị"].eq("82999") | texts["Ngày tiếp nhận"].eq("31/02/2023 08:00")
    received, finished = (
        pd.to_datetime(texts[name], format="%d/%m/%Y %H:%M", errors="coerce")
        for name in ("Ngày tiếp nhận", "Ngày kết thúc xử lý")
    )
    return int((bad | (finished < received)).sum())


def _growing(records: Records) -> Records:
    """The volume rises from a third to the whole over March."""
    return replace(
        records,
        dossiers=_thinned(records.dossiers, "dossier_code"),
        documents=_thinned(records.documents, "document_id"),
    )


def _thinned(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    first, last = pd.Timestamp("2023-03-15"), pd.Timestamp("2023-03-31")
    share = ((rows["updated_at"] - first) / (last - first)).clip(0, 1) * 0.67 + 0.33
    draw = pd.util.hash_pandas_object(rows[key].astype(str), index=False).to_numpy() / np.float64(2**64)
    return rows[draw < share].reset_index(drop=True)
