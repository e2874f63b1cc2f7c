"""An Giang 2023 at full size: 1,143,000 dossiers in one backlog load, gated, built, audited, published and compared.

Every step is a process of its own, as in a night, in a throw-away cluster that is deleted afterwards. Prints time and
peak memory of each: the largest resident set of a Python process and of a process of Postgres (its shared buffers are
in it). Exit 1 when a figure differs from the independent calculation, or a process takes more than the limit.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from egov_kpi.platform import postgres
from egov_kpi.settings import Settings
from egov_kpi.simulator import an_giang, an_giang_files, truth
from proofs.harness.cluster import Cluster, throw_away_cluster
from proofs.harness.environment import environment

SEED = 20230306
NIGHT = "2023-12-31"
LIMIT_MB = 1500
LOOK_SECONDS = 0.2
# What the report tells: of a unit with all below it, in 2023, numerator and denominator.
PUBLISHED = {
    ("ontime_settled", "C", "date", an_giang.PROVINCE): (an_giang.DOSSIERS - an_giang.LATE, an_giang.DOSSIERS),
    ("ontime_settled", "C", "date", an_giang.CENTRE): (
        an_giang.AT_CENTRE - an_giang.LATE_AT_CENTRE, an_giang.AT_CENTRE
    ),
    ("ontime_settled_vertical", "-", "-", "89.nganhdoc"): (5_143_000, 5_143_000),
    ("apology_coverage", "-", "-", an_giang.PROVINCE): (an_giang.LATE, an_giang.LATE),
    ("pakn_handled", "-", "-", an_giang.PROVINCE): (110, 110),
    ("tthc_abolished", "-", "-", an_giang.PROVINCE): (5, 30),
}  # fmt: skip
TRACED = (("late_external", an_giang.PROVINCE, "2023"), ("dossier_received", an_giang.CENTRE, "2023-06"))


@dataclass
class Watch:
    """The largest memory of any process while it looks: in MB, of ours and of the server's."""

    postmaster: int
    peak: dict[str, int] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            below = _descendants()
            for kind, top in (("python", os.getpid()), ("postgres", self.postmaster)):
                sizes = [_peak_mb(pid) for pid in below(top)]
                self.peak[kind] = max([self.peak.get(kind, 0), *sizes])

    def end(self) -> None:
        self._ended.set()


@dataclass
class Course:
    """The steps of the run as they happen."""

    postmaster: int
    rows: list[tuple[str, float, int, int]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        watch = Watch(self.postmaster)
        looking = threading.Thread(target=watch.look)
        looking.start()
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            watch.end()
            looking.join()
        row = (name, seconds, watch.peak.get("python", 0), watch.peak.get("postgres", 0))
        self.rows.append(row)
        print(f"{row[0]:<28}{row[1]:>9.1f} s{row[2]:>8} MB{row[3]:>8} MB", flush=True)

    def finish(self, differing: int) -> int:
        python, server = (max(row[place] for row in self.rows) for place in (2, 3))
        print(f"{'all':<28}{sum(row[1] for row in self.rows):>9.1f} s{python:>8} MB{server:>8} MB")
        holds = not differing and max(python, server) <= LIMIT_MB
        print(f"limit {LIMIT_MB} MB, {differing} figures differ: {'holds' if holds else 'DOES NOT HOLD'}")
        return 0 if holds else 1


def _descendants() -> Callable[[int], list[int]]:
    """The processes below one, as they are now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[1-9]*/stat"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            stat = entry.read_text(encoding="utf-8", errors="replace")
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))

    def below(top: int) -> list[int]:
        found = children.get(top, [])
        return found + [pid for child in found for pid in below(child)]

    return below


def _peak_mb(pid: int) -> int:
    """The largest resident set that a process ever had; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM:")), 0)


def main() -> int:
    options = _options()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, one dossier in {options.one_in}")
    with throw_away_cluster(durable=True) as cluster, _files() as folder, _warehouse(cluster):
        # A server of yours is not looked at.
        return _run(postgres.postmaster_pid(cluster.settings) or 0, folder, options.one_in)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one-in", type=int, default=1, help="a copy of one dossier in so many")
    return parser.parse_args()


@contextmanager
def _files() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="egov-kpi-an-giang-") as folder:
        yield Path(folder)


@contextmanager
def _warehouse(cluster: Cluster) -> Iterator[Settings]:
    saved = cluster.clone(cluster.seeded(an_giang.PROVINCE))
    with environment(cluster.url(saved.database), saved.folder, PROVINCES=an_giang.PROVINCE) as settings:
        yield settings


def _run(postmaster: int, folder: Path, one_in: int) -> int:
    course = Course(postmaster)
    with course.step("exports written"):
        _apart(_write, folder, one_in)
    for dataset, files in json.loads((folder / "files.json").read_text(encoding="utf-8")).items():
        with course.step(f"load {dataset}"):
            # One in a million rows is flawed on purpose: set aside in part is what is to happen.
            _command("load", dataset, *files, "--date", NIGHT, may=(0, 1) if dataset == "one_stop.dossiers" else (0,))
    for step in ("build", "publish"):
        with course.step(step):
            _command(step, "--date", NIGHT)
    for kpi, unit, period in TRACED:
        with course.step(f"trace {kpi} {unit}"):
            _command("trace", kpi, unit, period, "--json")
    with course.step("compared with the oracle"):
        _apart(_compare, folder, one_in)
    return course.finish(json.loads((folder / "differing.json").read_text(encoding="utf-8")))


def _command(*arguments: str, may: tuple[int, ...] = (0,)) -> None:
    program = Path(sys.executable).with_name("egov-kpi")
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)
    if done.returncode not in may:
        raise SystemExit(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def _apart(work: Callable[[Path, int], None], folder: Path, one_in: int) -> None:
    """In a process of its own, so that its memory is its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(folder, one_in))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__}: {process.exitcode}")


def _write(folder: Path, one_in: int) -> None:
    of = an_giang.columns(SEED, one_in)
    beside = an_giang.records(of, SEED, one_in, dossiers=False)
    files = an_giang_files.write(folder, of, beside)
    told = {dataset: [str(path) for path in paths] for dataset, paths in files.items()}
    (folder / "files.json").write_text(json.dumps(told), encoding="utf-8")


def _compare(folder: Path, one_in: int) -> None:
    """Every figure of the profile's KPIs against the calculation from the same columns; those of the report printed."""
    actual = published()
    records = an_giang.records(an_giang.columns(SEED, one_in), SEED, one_in, coded=False)
    expected = truth.expected_kpis(records, NIGHT, an_giang.KPIS)
    differing = truth.compare(expected, actual)
    if len(differing):
        print(differing.head(20).to_string())
    for line in told(actual):
        print(line)
    print(f"{len(expected)} figures compared")
    (folder / "differing.json").write_text(json.dumps(len(differing)), encoding="utf-8")


def published() -> pd.DataFrame:
    """The figures that BI sees of the profile's KPIs, of the units of the time."""
    import psycopg

    from egov_kpi.db.connect import role_url

    # no more than is compared and told: memory is measured here
    columns = [*truth.COLUMNS, "value"]
    query = f"select {', '.join(columns)} from marts.kpi_value where unit_basis = 'as_was' and kpi_code = any(%s)"
    with psycopg.connect(role_url("bi")) as conn:
        cursor = conn.execute(query.encode(), (sorted(an_giang.KPIS),))
        return pd.DataFrame(cursor.fetchall(), columns=columns)


def told(actual: pd.DataFrame) -> Iterator[str]:
    """The figures of the report as they came out."""
    year = actual[(actual["period_grain"] == "year") & (actual["scope"] == "tree")]
    for (kpi, method, basis, unit), (numerator, denominator) in PUBLISHED.items():
        by = (year["kpi_code"] == kpi) & (year["method"] == method) & (year["due_basis"] == basis)
        row = year[by & (year["agency_code"] == unit)].iloc[0]
        yield (
            f"{kpi:<26}{unit:<14}{row['numerator']:>10,} of {row['denominator']:>10,} = {row['value']:.4f}%"
            f"   published {numerator:,} of {denominator:,}"
        )


if __name__ == "__main__":
    sys.exit(main())
