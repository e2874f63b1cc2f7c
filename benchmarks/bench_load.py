"""Loading a million rows of 25 columns, measured against psql side by side.

Three ways of the same file, alternating in one run, best of n: psql's \\copy into a typed table (1.0); landing file to
text in `inbound`; and on to promoted, typed rows in `raw`. Imports, gate and making of the file are not in the figures.
The server is one of its own, with the options of every installation, and is deleted afterwards.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dossier_file import write

from egov_kpi.contracts.loader import load_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import quarantine_ddl, raw_ddl
from egov_kpi.db.connect import connect, superuser_url
from egov_kpi.db.migrate import migrate
from egov_kpi.landing.model import Delivery, LandedFile, content_digest
from egov_kpi.platform import postgres
from egov_kpi.settings import Settings

CONTRACT = Path(__file__).parent / "contracts" / "bench" / "dossiers.yaml"
BUSY = 0.7
INBOUND_LIMIT, RAW_LIMIT, MEMORY_LIMIT_MB = 1.3, 3.0, 600


@dataclass
class Result:
    """Seconds of each way in each round, and the largest memory of the process that loads."""

    rows: int
    file_mb: int
    psql: list[float]
    inbound: list[float]
    promote: list[float]
    memory_mb: int

    @property
    def inbound_ratio(self) -> float:
        return min(self.inbound) / min(self.psql)

    @property
    def raw_ratio(self) -> float:
        rounds = zip(self.inbound, self.promote, strict=True)
        return min(inbound + promote for inbound, promote in rounds) / min(self.psql)

    @property
    def holds(self) -> bool:
        within = self.inbound_ratio <= INBOUND_LIMIT and self.raw_ratio <= RAW_LIMIT
        return within and self.memory_mb < MEMORY_LIMIT_MB


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="figures as JSON on stdout")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="egov-kpi-bench-") as folder:
        # The server's own user has to pass through it.
        Path(folder).chmod(0o711)
        result = _run(Path(folder), options.rows, options.rounds)
    print(json.dumps(asdict(result)) if options.json else _report(result))
    return 0 if result.holds else 1


def _run(folder: Path, rows: int, rounds: int) -> Result:
    settings = Settings(local_dir=folder / "local", database_url="", postgres_port=0)
    os.environ["EGOV_KPI_LOCAL_DIR"] = str(settings.local_dir)
    path = folder / "dossiers.csv"
    if os.getloadavg()[0] > BUSY:
        _say(f"load average {os.getloadavg()[0]:.1f}: loading needs two cores, psql one: this favours psql")
    _say(f"{rows:,} rows x 25 columns …")
    write(path, rows)
    contract = load_contract(CONTRACT)
    try:
        postgres.ensure_running(settings)
        migrate(settings)
        _create_tables(settings, contract)
        return _measure(settings, contract, path, rows, rounds)
    finally:
        postgres.remove(settings)


def _measure(settings: Settings, contract: Contract, path: Path, rows: int, rounds: int) -> Result:
    result = Result(rows, path.stat().st_size // 10**6, [], [], [], 0)
    delivery = _delivery(contract, path, rows)
    for number in range(1, rounds + 1):
        result.psql.append(_settled(settings, lambda: _psql(settings, path)))
        inbound, promote, memory = _settled_load(settings, contract, delivery, number)
        result.inbound.append(inbound)
        result.promote.append(promote)
        result.memory_mb = max(result.memory_mb, memory)
        _say(f"round {number}: psql {result.psql[-1]:.2f} s, inbound {inbound:.2f} s, promote {promote:.2f} s")
    return result


def _create_tables(settings: Settings, contract: Contract) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in contract.columns)
    with connect("superuser", settings) as connection:
        connection.execute("set role egov_owner")
        connection.execute(raw_ddl(contract))
        connection.execute(quarantine_ddl(contract))
        connection.execute("reset role")
        connection.execute(f"create table public.psql_target ({columns})")


def _psql(settings: Settings, path: Path) -> None:
    """The yardstick: the same file into the same columns and types, no index, no check."""
    command = f"\\copy public.psql_target from '{path}' with (format csv, header, delimiter ';', null '')"
    environment = {**os.environ, "PGOPTIONS": "-c datestyle=ISO,DMY"}
    program = str(postgres.client(settings, "psql"))
    subprocess.run(
        [program, superuser_url(settings), "-q", "-v", "ON_ERROR_STOP=1", "-c", command], check=True, env=environment
    )


def _settled_load(settings: Settings, contract: Contract, delivery: Delivery, number: int) -> tuple[float, float, int]:
    """One load in a process of its own, so that its memory is its own too."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    _settle(settings)
    process = context.Process(target=_load, args=(settings, contract, delivery, number, queue))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the load ended with {process.exitcode}")
    with connect("superuser", settings, autocommit=True) as connection:
        # Each round starts from an empty history, as a first night does.
        for (partition,) in connection.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass", [f"raw.{contract.table}"]
        ).fetchall():
            connection.execute(f"drop table {partition}")
    figures: tuple[float, float, int] = queue.get()
    return figures


def _load(settings: Settings, contract: Contract, delivery: Delivery, number: int, queue: Any) -> None:
    from egov_kpi.load.stage import stage
    from egov_kpi.raw.promote import drop_inbound, promote

    started = time.perf_counter()
    staged = stage(settings, contract, delivery, number)
    inbound = time.perf_counter() - started
    started = time.perf_counter()
    with connect("loader", settings) as connection:
        account = promote(connection, contract, number, [file.sha256_landed for file in delivery.files])
    promoted = time.perf_counter() - started
    if not staged.landed == account.accepted == delivery.files[0].rows_declared:
        raise SystemExit(f"{staged} {account}")
    with connect("loader", settings) as connection:
        drop_inbound(connection, contract, number)
    queue.put((inbound, promoted, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def _settled(settings: Settings, work: Callable[[], None]) -> float:
    with connect("superuser", settings, autocommit=True) as connection:
        connection.execute("truncate public.psql_target")
    _settle(settings)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _settle(settings: Settings) -> None:
    """Let no round pay for what the one before left to be written."""
    os.sync()
    with connect("superuser", settings, autocommit=True) as connection:
        connection.execute("checkpoint")


def _delivery(contract: Contract, path: Path, rows: int) -> Delivery:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    file = LandedFile(path, path.name, "csv", path.stat().st_size, digest, digest, rows, 0)
    return Delivery(contract.id, None, None, None, (file,), content_digest([digest]), path.parent)


def _report(result: Result) -> str:
    psql = min(result.psql)
    ways = [
        ("psql \\copy, typed", 1.0, ""),
        ("landing to inbound", result.inbound_ratio, f"limit {INBOUND_LIMIT}"),
        ("landing to raw", result.raw_ratio, f"limit {RAW_LIMIT}"),
    ]
    lines = [f"{result.rows:,} rows x 25 columns, {result.file_mb} MB, best of {len(result.psql)}"]
    lines += [f"{name:<20}{ratio * psql:8.2f} s  {ratio:6.2f}   {limit}" for name, ratio, limit in ways]
    lines.append(f"{'memory of the loader':<20}{result.memory_mb:8d} MB          limit {MEMORY_LIMIT_MB}")
    return "\n".join([*lines, "holds" if result.holds else "DOES NOT HOLD"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
