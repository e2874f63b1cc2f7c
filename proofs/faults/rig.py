"""What the cases of one group work with: a warehouse that has published, its sources, and a folder for their files."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import psycopg
from psycopg import sql

from egov_kpi.cli.main import run
from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.sql import identifier
from egov_kpi.db.connect import connect, role_url
from egov_kpi.extract.http import Policy
from egov_kpi.settings import get_settings
from egov_kpi.simulator.faults import Fault
from proofs.faults.book import CannotRun, Seen, demand
from proofs.harness.world import World

DAY, NEXT_DAY = date(2023, 3, 6), date(2023, 3, 7)
DOSSIERS, DOCUMENTS, MAIL, PAPER = (
    "one_stop.dossiers",
    "ioffice.outgoing_documents",
    "mail.accounts",
    "forms.paper_register",
)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Told:
    """What a command said: exit code, result of stdout (None when there is none), and stderr."""

    code: int
    result: Any
    stderr: str

    @property
    def load(self) -> dict[str, Any]:
        """The only load of the result; an error takes its place when there was none."""
        if isinstance(self.result, list) and self.result:
            return dict(self.result[0])
        return {"verdict": None, "error": self.error}

    @property
    def error(self) -> dict[str, Any] | None:
        for line in reversed(self.stderr.splitlines()):
            if line.startswith("{"):
                return dict(json.loads(line))
        return None

    @property
    def error_code(self) -> str:
        return str((self.load.get("error") or {}).get("code", "-"))

    @property
    def rules(self) -> list[str]:
        return [rule["rule_id"] for rule in self.load.get("rules", []) if not rule["success"]]

    def __str__(self) -> str:
        error = self.load.get("error") or {}
        told = f"exit {self.code} {self.load.get('verdict')} {self.error_code} {' '.join(self.rules)}"
        return f"{told} {error.get('message_en', '')}".strip()


@dataclass
class Rig:
    """One warehouse for one group of cases; what one of them worked out once, `once` keeps for the others."""

    world: World
    folder: Path
    _kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, work: "Callable[[], _Result]") -> _Result:
        if name not in self._kept:
            self._kept[name] = work()
        kept: _Result = self._kept[name]
        return kept

    def path(self, name: str) -> Path:
        return self.folder / name

    # ---------------------------------------------------------------------------------------------------- commands

    def command(self, *arguments: str) -> Told:
        """A command line in this process, as `egov-kpi` runs it."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--json"])
        return Told(code, json.loads(out.getvalue()) if out.getvalue().strip() else None, err.getvalue())

    def load(self, path: Path, dataset: str = DOSSIERS, day: date = DAY) -> Told:
        return self.command("load", dataset, str(path), "--date", day.isoformat())

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """A command in a process of its own, to be killed or left alone."""
        return subprocess.Popen(
            self.command_line(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )

    def command_line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from egov_kpi.cli.main import main; main()", *arguments, "--json"]

    def ended(self, process: "subprocess.Popen[str]", seconds: float = 120) -> Told:
        out, err = process.communicate(timeout=seconds)
        return Told(process.returncode, json.loads(out) if out.strip() else None, err)

    def program(self, source: str, *arguments: str, seconds: float = 120) -> str:
        """What a small program prints that runs in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments], capture_output=True, text=True, timeout=seconds, check=False
        )
        demand(done.returncode == 0, done.stderr.strip().splitlines()[-1] if done.stderr else "a program failed")
        return done.stdout

    # ----------------------------------------------------------------------------------------------------- evidence

    def content(self, load_seq: int, dataset: str = DOSSIERS) -> str:
        """Digest of what a load brought into raw: every kept column of every row, whatever their order."""
        contract = get_contract(dataset)
        names = ", ".join(identifier(column.name) for column in contract.kept_columns)
        query = f"select row({names})::text from raw.{identifier(contract.table)} where load_seq = %s"  # noqa: S608
        with connect("superuser", self.world.settings) as conn:
            rows = sorted(str(row[0]) for row in conn.execute(query.encode(), (load_seq,)))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def one(self, query: str, *values: Any, role: str = "superuser") -> Any:
        with connect(role, self.world.settings) as conn:
            row = conn.execute(query.encode(), values or None).fetchone()
        return row[0] if row else None

    def publish_no(self) -> int:
        return int(self.one("select publish_no from ledger.live"))

    def raw_rows(self, dataset: str = DOSSIERS) -> int:
        return int(self.one(f"select count(*) from raw.{identifier(get_contract(dataset).table)}"))  # noqa: S608

    def inbound(self) -> list[str]:
        """Tables that wait in inbound."""
        with connect("superuser", self.world.settings) as conn:
            rows = conn.execute("select relname from pg_class where relnamespace = 'inbound'::regnamespace").fetchall()
        return [str(row[0]) for row in rows]

    def drop_inbound(self, name: str) -> None:
        with superuser(self) as conn:
            conn.execute(sql.SQL("drop table inbound.{}").format(sql.Identifier(name)))

    # ----------------------------------------------------------------------------------------------------- outcomes

    def exact(self, told: Told, undisturbed: str, dataset: str = DOSSIERS, code: int = 0) -> Seen:
        """X: everything came in, and it is what the undisturbed export brought."""
        demand(told.code == code and told.load.get("load_seq"), f"{told}")
        load_seq = int(told.load["load_seq"])
        demand(self.content(load_seq, dataset) == undisturbed, f"load {load_seq} differs from the undisturbed export")
        return Seen("X", f"load {load_seq}, raw equal")

    def refused(self, act: Callable[[], Told], *codes: str) -> Seen:
        """R: a coded error and an exit code other than 0; nothing came in, and the publish is the one before."""
        before = self.publish_no(), self.raw_rows(), self.raw_rows(MAIL)
        told = act()
        demand(told.code in (1, 3, 4), f"{told}")
        demand(told.error_code in codes, f"{told}: {', '.join(codes)} expected")
        demand(before == (self.publish_no(), self.raw_rows(), self.raw_rows(MAIL)), f"{told}: something came in")
        demand(told.load.get("verdict") in (None, "blocked", "could_not_check"), f"{told}")
        return Seen("R", f"exit {told.code} {told.error_code}, publish {before[0]} stays")

    def refused_file(self, path: Path, *codes: str, dataset: str = DOSSIERS) -> Seen:
        return self.refused(lambda: self.load(path, dataset), *codes)

    def set_aside(self, told: Told, rule: str, rows: int, others: int) -> Seen:
        """Q: so many rows in quarantine by that rule and no other, the others in raw."""
        demand(told.code == 1 and told.load["verdict"] == "quarantined", f"{told}")
        account = told.load["account"]
        kept = account["accepted"] + account["unchanged"]
        demand((account["quarantined"], kept) == (rows, others), f"{told}: {account}")
        demand(told.rules == [rule], f"{told}: {rule} expected")
        refused = told.load["refused"]
        demand(refused and all(item["remedy_vi"] and item["remedy_en"] for item in refused), "no remedy is told")
        return Seen("Q", f"{rows} by {rule}, {others} go on")


# --------------------------------------------------------------------------------------------------------------- tools


@contextlib.contextmanager
def hasty(**policy: Any) -> Iterator[list[float]]:
    """Extraction that doesn't wait between its tries, and notes how long it would have."""
    waits: list[float] = []
    limits = {"read_timeout": 20.0, "connect_timeout": 10.0, **policy}
    with patch("egov_kpi.extract.http.Policy", lambda: Policy(sleep=waits.append, **limits)):
        yield waits


@contextlib.contextmanager
def faulty(rig: Rig, *faults: Fault) -> Iterator[None]:
    """A source that misbehaves for the time of the block."""
    rig.world.source.clear()
    for fault in faults:
        rig.world.source.add(fault)
    try:
        yield
    finally:
        rig.world.source.clear()


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """Settings changed for the time of the block, by their names without EGOV_KPI_."""
    wanted = {f"EGOV_KPI_{name}": value for name, value in values.items()}
    with patch.dict(os.environ, wanted):
        get_settings.cache_clear()
        try:
            yield
        finally:
            get_settings.cache_clear()
    get_settings.cache_clear()


def wait_for(found: "Callable[[], _Result | None]", seconds: float, what: str) -> _Result:
    """Look until something is found; a case that waits in vain is wrong."""
    until = time.monotonic() + seconds
    while True:
        result = found()
        if result is not None:
            return result
        demand(time.monotonic() < until, f"waited {seconds:.0f} s for {what}")
        time.sleep(0.005)


def superuser(rig: Rig) -> "psycopg.Connection[tuple[Any, ...]]":
    return connect("superuser", rig.world.settings, autocommit=True)


def take_all(rig: Rig, role: str, held: contextlib.ExitStack) -> int:
    """Connect as that role until the server refuses; how many it gave."""
    count = 0
    while count < 1000:
        try:
            held.enter_context(contextlib.closing(psycopg.connect(role_url(role, rig.world.settings))))
        except psycopg.OperationalError:
            return count
        count += 1
    raise CannotRun("máy chủ cho quá nhiều kết nối · the server allows too many connections")
