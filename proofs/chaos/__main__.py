"""`python -m proofs.chaos --seeds N [--airflow M] [--workers 2]`: prints a row per kill; 0 when all recovered."""

import argparse
import importlib
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.server import create_app
from proofs.chaos.course import ASIDE, Course, Walk, chaos_records
from proofs.chaos.stage import Setting, run_seeds
from proofs.harness.cluster import Cluster, cluster_of_tests, throw_away_cluster
from proofs.harness.table import COULD_NOT_RUN, Table

PRELOADED = (
    "great_expectations",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "pandas",
    "python_calamine",
    "httpx",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "egov_kpi.extract",
    "egov_kpi.gate.check",
    "egov_kpi.gate.marts",
    "egov_kpi.load.stage",
)
# What the short form may kill: each step, on one dataset.
SHORT_DATASETS = frozenset({"one_stop.dossiers"})
SHORT_ASIDES = frozenset({"rollback"})


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    table = Table(as_json=chosen.json, widths={"case": 14, "done": 96, "seen": 60})
    try:
        if chosen.seeds:
            stage_level(table, _seeds(chosen.first, chosen.seeds), chosen.workers, chosen.short)
        if chosen.airflow:
            airflow_level(table, _seeds(chosen.first, chosen.airflow))
    except Exception as error:  # noqa: BLE001 -- a harness that could not run has proven nothing, and says so
        print(f"could not run: {type(error).__name__}: {error}", file=sys.stderr)
        table.finish()
        return COULD_NOT_RUN
    return table.finish()


def stage_level(table: Table, seeds: list[int], workers: int, short: bool = False) -> None:
    """The kills without Airflow, in a cluster of their own; the short form uses that of the pytest run."""
    of_tests = nullcontext(cluster_of_tests()) if short else throw_away_cluster()
    chosen = (SHORT_DATASETS, SHORT_ASIDES) if short else ()
    with of_tests as cluster, prepared(cluster, *chosen) as setting:
        print(f"# {_summary(setting)}", file=sys.stderr)
        for row in run_seeds(setting, seeds, workers):
            table.add(**row)


def airflow_level(table: Table, seeds: list[int]) -> None:
    """The kills under Airflow, in an installation of their own."""
    from proofs.chaos import airflow

    warm()
    records, key = chaos_records(), secrets.token_hex(16)
    with served(records, key) as url:
        for row in airflow.run_seeds(records, url, key, seeds):
            table.add(**row)


@contextmanager
def prepared(
    cluster: Cluster, datasets: frozenset[str] = frozenset(), asides: frozenset[str] = frozenset(ASIDE)
) -> Iterator[Setting]:
    """The undisturbed course, walked once; the sources are served by a process of their own."""
    warm()
    records, key = chaos_records(), secrets.token_hex(16)
    with served(records, key) as url:
        # In a process of its own: what dbt and Arrow keep in threads once they are used, a fork must not find.
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as walker:
            course = walker.submit(_walk, cluster, url, key, records, datasets, asides).result()
        yield Setting(cluster, url, key, records, course)


def _walk(*arguments: Any) -> Course:
    return Walk(*arguments).walk()


def warm() -> None:
    """Import once what every fork needs; import only."""
    for name in PRELOADED:
        importlib.import_module(name)
    logging.getLogger("great_expectations").setLevel(logging.WARNING)


@contextmanager
def served(records: Records, key: str) -> Iterator[str]:
    """The simulated sources in a process of their own: whoever forks must not have their thread."""
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(records, key, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def _serve(records: Records, key: str, pipe: Connection) -> None:
    with FaultServer(create_app(records, key)) as server:
        pipe.send(server.url)
        pipe.recv()


def _summary(setting: Setting) -> str:
    steps = setting.course.steps()
    kinds = ", ".join(f"{step} {len({label for _, label in found})}" for step, found in steps.items())
    return f"boundaries inside a write, by step: {kinds}"


def _seeds(first: int, count: int) -> list[int]:
    return list(range(first, first + count))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proofs.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=60, help="kills at the level of a stage")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--airflow", type=int, default=0, metavar="M", help="kills under the real Airflow")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="one dataset's steps only, in the cluster of a pytest run")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    os.environ.setdefault("DO_NOT_TRACK", "1")
    sys.exit(main())
