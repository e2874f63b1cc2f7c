"""`python -m proofs.chaos --seeds N [--airflow M] [--workers 2]`: prints a row per kill; 0 when all recovered."""

import argparse
import gc
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

from egov_kpi.gate.gx import import_gx
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.server import create_app
from proofs.chaos.course import ASIDE, Walk, chaos_records
from proofs.chaos.stage import Setting, run_seeds
from proofs.harness.cluster import Cluster, cluster_of_tests, throw_away_cluster
from proofs.harness.table import COULD_NOT_RUN, Table

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
    return table.finish(**spread(table.rows))


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

    records, key = chaos_records(), secrets.token_hex(16)
    with served(records, key) as url:
        for row in airflow.run_seeds(records, url, key, seeds):
            table.add(**row)


@contextmanager
def prepared(
    cluster: Cluster, datasets: frozenset[str] = frozenset(), asides: frozenset[str] = frozenset(ASIDE)
) -> Iterator[Setting]:
    """The undisturbed course, walked once by this process: then it is warm, and all of a seed is forked from it."""
    # dbt's quick parser keeps a pool of threads, which a fork of a process that has used it waits for in vain.
    os.environ["DBT_STATIC_PARSER"] = "false"
    # Its files about a run are read by nobody here: what became of each node, it tells its caller.
    os.environ["DBT_WRITE_JSON"] = "false"
    # It sets its own log levels when it is imported, and worlds set them right.
    import_gx()
    records, key = chaos_records(), secrets.token_hex(16)
    with served(records, key) as url:
        course = Walk(cluster, url, key, records, datasets, asides).walk()
        # What is here now is shared with all forks; none of them need look through it for garbage.
        gc.collect()
        gc.freeze()
        yield Setting(cluster, url, key, records, course)


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
    course = setting.course
    labels = {
        step: {target.label for command in course.commands_of(step) for target in command.boundaries_of(step)}
        for step in course.steps()
    }
    return "boundaries inside a write, by step: " + ", ".join(f"{step} {len(found)}" for step, found in labels.items())


def spread(rows: list[dict[str, Any]]) -> dict[str, str]:
    """How many kills there were of each kind, and the seconds that one took; for the line of the sum."""
    kills = [row for row in rows if row["expected"] == "X"]
    steps = Counter(str(row["case"]).rsplit(" ", 1)[-1] for row in kills)
    further = {name: Counter(str(row[name]) for row in kills if name in row) for name in ("place", "night", "victim")}
    counts = {"step": steps, **further}
    told = {name: ", ".join(f"{key} {count}" for key, count in sorted(found.items())) for name, found in counts.items()}
    seconds = f"{median(row['seconds'] for row in kills):.1f} (median)" if kills else "-"
    return {**{name: text for name, text in told.items() if text}, "seconds": seconds}


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
