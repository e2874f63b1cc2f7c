"""The proof itself, inside the namespace: no way out, a night in this process, a night through Airflow, no attempt."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date

import pandas as pd

from egov_kpi.night.build import GOOD
from egov_kpi.night.ingest import load_files
from egov_kpi.night.nightly import run_through_airflow
from egov_kpi.platform import airflow
from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import Window
from proofs.airgap import namespace
from proofs.airgap.namespace import HOST_NAMESPACE, LOOPBACK, Watch
from proofs.harness.cluster import Cluster, throw_away_cluster
from proofs.harness.table import COULD_NOT_RUN, Table
from proofs.harness.world import Silent, World

NIGHT = date(2023, 3, 6)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    logging.disable(logging.INFO)
    if namespace.own_namespace() == os.environ[HOST_NAMESPACE]:
        print("đây vẫn là mạng của máy · this is still the machine's own network", file=sys.stderr)
        return COULD_NOT_RUN
    table = Table(as_json=options.json)
    _no_way_out(table)
    before = namespace.attempts()
    with namespace.watching() as watch, throw_away_cluster() as cluster:
        if options.short:
            _load(table, cluster)
        else:
            _nights(table, cluster)
        _only_loopback(table, watch)
    _nobody_tried(table, namespace.attempts() - before)
    return table.finish(processes=len(watch.seen))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.airgap", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one load instead of two nights")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _no_way_out(table: Table) -> None:
    began = time.monotonic()
    found = sorted(namespace.interfaces() - {LOOPBACK}) + namespace.ways_out()
    table.add(
        not found,
        case="namespace",
        done="kết nối ra ngoài · connect elsewhere",
        expected="N",
        seen=", ".join(found) or f"only {LOOPBACK}, no route",
        seconds=time.monotonic() - began,
    )


def _nights(table: Table, cluster: Cluster) -> None:
    with cluster.world() as world:
        digest = _night_in_process(table, world)
    with cluster.world() as world:
        _night_through_airflow(table, world, digest)


def _load(table: Table, cluster: Cluster) -> None:
    """Migrations, dbt's seeds, and one export through landing, staging, gate and promotion."""
    began = time.monotonic()
    with cluster.world() as world:
        rows = exports.dossiers(world.records, Window(pd.Timestamp("2023-03-01"), pd.Timestamp(NIGHT)))
        export = world.settings.local_dir / "dossiers.csv"
        export.write_bytes(exports.csv_bytes(rows))
        load = load_files("one_stop.dossiers", [export], business_date=NIGHT, settings=world.settings)[0]
        table.add(
            load["verdict"] in GOOD and world.account_holds(),
            case="load",
            done="một tệp qua cổng kiểm tra · one file, gated",
            expected="X",
            seen=load["verdict"],
            seconds=time.monotonic() - began,
        )


def _night_in_process(table: Table, world: World) -> str:
    began = time.monotonic()
    publish = world.night(NIGHT)["publish"]
    is_right = world.figures_are_right(NIGHT)
    table.add(
        is_right,
        case="night in this process",
        done="cả đêm, so với dữ liệu gốc · against the records",
        expected="X",
        seen=f"publish {publish['publish_no']} {world.digest()[:10]}",
        seconds=time.monotonic() - began,
    )
    return world.digest()


def _night_through_airflow(table: Table, world: World, expected: str) -> None:
    began = time.monotonic()
    with ExitStack() as stack:
        stack.callback(airflow.down, world.settings)
        airflow.up(world.settings, quiet=True)
        night = run_through_airflow(NIGHT, Silent(), world.settings)
        digest = world.digest()
    # what was not taken in tells why the figures differ
    missing = [f"{dataset} {word}" for dataset, word in night["verdicts"].items() if word not in GOOD]
    table.add(
        digest == expected,
        case="night through Airflow",
        done="cùng đêm đó qua Airflow · the same night",
        expected="X",
        seen=" ".join([f"publish {night['publish']['publish_no']} {digest[:10]}", *missing]),
        seconds=time.monotonic() - began,
    )


def _only_loopback(table: Table, watch: Watch) -> None:
    watch.look()
    needed = {"postgres"} <= set(watch.names)
    table.add(
        needed and not watch.strangers,
        case="processes",
        done="giao diện mạng từng tiến trình · interfaces of each",
        expected="N",
        seen=", ".join(sorted(watch.strangers)) or f"{len(watch.seen)} with {LOOPBACK} only",
        seconds=0.0,
    )


def _nobody_tried(table: Table, tried: int) -> None:
    table.add(
        tried == 0,
        case="attempts",
        done="gói tin tìm đường ra · packets without a route",
        expected="N",
        seen=str(tried),
        seconds=0.0,
    )


if __name__ == "__main__":
    sys.exit(main())
