"""Seconds that a trace takes, of figures of both stored publishes: a province with a year behind it, or this one.

Without --here it builds that province in a throw-away cluster first, two nights, which takes many minutes. A row per
KPI with its largest figure; then figures drawn by chance. Prints the slowest; exit 1 when one is over the limit.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from egov_kpi.settings import Settings, get_settings
from egov_kpi.trace.backward import trace
from egov_kpi.trace.figure import Asked, one_state
from egov_kpi.trace.period import Period

LIMIT_SECONDS = 5.0
NIGHTS = (date(2023, 3, 6), date(2023, 3, 7))


def main() -> int:
    options = _options()
    with _warehouse(options) as settings:
        publishes, figures = _figures(settings, options.drawn)
        slowest = max(_timed(settings, asked, publish) for publish in publishes for asked in figures)
    print(f"{len(figures) * len(publishes)} figures, the slowest {slowest:.2f} s, limit {LIMIT_SECONDS:.0f} s")
    return int(slowest > LIMIT_SECONDS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", action="store_true", help="the warehouse of this installation")
    parser.add_argument("--dossiers-per-night", type=int, default=400)
    parser.add_argument("--history-months", type=int, default=12)
    parser.add_argument("--drawn", type=int, default=20, help="figures drawn by chance")
    return parser.parse_args()


@contextmanager
def _warehouse(options: argparse.Namespace) -> Iterator[Settings]:
    if options.here:
        yield get_settings()
        return
    from proofs.harness.cluster import throw_away_cluster

    scale = {"dossiers_per_night": options.dossiers_per_night, "history_months": options.history_months}
    with throw_away_cluster() as cluster, cluster.world("province", 20230306, **scale) as world:
        for night in NIGHTS:
            began = time.monotonic()
            published = world.night(night)["publish"]
            print(f"night {night}: publish {published['publish_no']}, {time.monotonic() - began:.0f} s", flush=True)
        yield world.settings


def _figures(settings: Settings, drawn: int) -> tuple[list[int], list[Asked]]:
    """The stored publishes; of each KPI the figure with most to count, and others by chance from a fixed seed."""
    with one_state(settings) as conn:
        live = conn.execute("select publish_no from ledger.live").fetchone()
        rows = conn.execute(
            "select kpi_code, agency_code, period_grain, period_start, scope, method, due_basis,"
            " greatest(numerator, coalesce(denominator, 0)) from marts.kpi_value where unit_basis = 'as_was'"
            " order by 1, 2, 3, 4, 5, 6, 7"
        ).fetchall()
    assert live and live[0], "nothing is published"
    largest: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        if row[0] not in largest or row[7] > largest[row[0]][7]:
            largest[row[0]] = row
    chosen = [*largest.values(), *random.Random(1).sample(rows, min(drawn, len(rows)))]
    return [n for n in (live[0], live[0] - 1) if n], [_asked(row) for row in chosen]


def _asked(row: tuple[Any, ...]) -> Asked:
    kpi_code, agency_code, grain, start, scope, method, due_basis, _ = row
    return Asked(kpi_code, agency_code, Period(grain, start), scope, method, due_basis)


def _timed(settings: Settings, asked: Asked, publish_no: int) -> float:
    began = time.monotonic()
    found = trace(settings, asked, by="bench", publish_no=publish_no)
    seconds = time.monotonic() - began
    rows = sum(found[side]["row_count"] for side in ("numerator", "denominator") if side in found)
    print(
        f"{asked.kpi_code:24} {asked.agency_code:8} {asked.scope:4} {asked.period!s:8} publish {publish_no}"
        f" {rows:8} rows {seconds:6.2f} s",
        flush=True,
    )
    return seconds


if __name__ == "__main__":
    sys.exit(main())
