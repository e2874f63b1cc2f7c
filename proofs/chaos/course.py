"""The undisturbed course of two nights, a rollback, a revocation and a replay: what every killed run is held against.

It is walked once. Right before each step the world is saved, with everything else of that night done, so that a seed
starts at the step itself and a recovery has only that left to do; every step's boundaries are recorded in the order in
which they are met; and the digest of the marts is noted wherever a killed run may end. The first night brings every
dataset its backlog, one with rows that the gate refuses; the second brings what changed since, and those rows again.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.errors import EgovError
from egov_kpi.night import ingest
from egov_kpi.night.build import GOOD, build_and_publish
from egov_kpi.publish.build import build
from egov_kpi.publish.publish import publish
from egov_kpi.publish.revoke import revoke
from egov_kpi.publish.rollback import rollback
from egov_kpi.quarantine.replay import replay
from egov_kpi.settings import Settings
from egov_kpi.simulator.records import Records
from proofs.chaos.primitives import install
from proofs.chaos.watch import Target, Watch
from proofs.harness.cluster import PROVINCE as SERVED
from proofs.harness.cluster import Cluster, Saved
from proofs.harness.few import few_records, keep_units, units_of_a_province
from proofs.harness.world import Silent, World, open_world
from proofs.properties.warm import kept_manifests

NIGHTS = (date(2023, 3, 6), date(2023, 3, 7))
REASON = "kill harness"
# Commands beside the nights, and the refusal of one that has nothing left to do; the revocation just says so.
ASIDE = {"rollback": "EGOV-PUB-007", "revoke": "", "replay": "EGOV-QUAR-001"}


@dataclass(frozen=True)
class Command:
    """One command that a seed may kill: what runs, where it starts from, and the digest that has to come out."""

    name: str
    night: date
    origin: Saved
    ends_as: str
    dataset: str = ""
    load_seq: int = 0
    # Boundaries inside a write, in the order in which they are met.
    boundaries: tuple[Target, ...] = field(default=(), compare=False)

    @property
    def title(self) -> str:
        return " ".join(filter(None, (self.name, self.dataset, self.night.isoformat())))

    def boundaries_of(self, step: str) -> list[Target]:
        return [target for target in self.boundaries if step_of(self.name, target.label) == step]


@dataclass
class Course:
    """Every command with its boundaries, and the digests by name of where a run may end."""

    commands: list[Command] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def steps(self) -> list[str]:
        """The steps that can be killed, in a fixed order."""
        met = ((command.name, target.label) for command in self.commands for target in command.boundaries)
        return sorted({step_of(name, label) for name, label in met})

    def commands_of(self, step: str) -> list[Command]:
        return [command for command in self.commands if command.boundaries_of(step)]


def chaos_records(seed: int = 1) -> Records:
    """Some units of a province, some of whose dossiers are exported with a unit that nobody knows."""
    records = few_records(seed)
    rows = [_flawed(records.dossiers, night, count) for night, count in zip(NIGHTS, (2, 0), strict=True)]
    return replace(records, flaws=pd.concat(rows, ignore_index=True))


def _flawed(dossiers: pd.DataFrame, night: date, count: int) -> pd.DataFrame:
    rows = dossiers[dossiers["updated_at"].dt.date == night].head(count)
    codes = [f"000.00.15.H58-{night:%m%d}-{number:04d}" for number in range(len(rows))]
    flawed: pd.DataFrame = rows.assign(agency_code="84999", dossier_code=codes).astype(object)
    return flawed


def step_of(command: str, label: str) -> str:
    """The step that a boundary lies in."""
    if command == "pull":
        if label.startswith(("file", "folder", "delivery")):
            return "land"
        return "register" if "event load_registered" in label or "event delivery" in label else "stage"
    if command == "gate":
        return "gate" if "refused" in label else "promote"
    if command == "publish":
        if "audit_checked" in label:
            return "audit"
        return "history" if "kpi_value_log" in label else "publish"
    return command


def run(command: Command, settings: Settings) -> None:
    """The command itself, as a task or the command line calls it."""
    actions: dict[str, Callable[[], Any]] = {
        "pull": lambda: ingest.pull_and_stage(command.dataset, command.night, settings=settings),
        "gate": lambda: ingest.gate_and_promote(command.dataset, command.night, settings=settings),
        "build": lambda: build(settings, command.night),
        "publish": lambda: publish(settings, command.night),
        "rollback": lambda: rollback(REASON, settings),
        "revoke": lambda: revoke(command.load_seq, REASON, settings),
        "replay": lambda: replay(command.load_seq, REASON, settings),
    }
    actions[command.name]()


def recover(command: Command, settings: Settings) -> None:
    """What whoever finds the ruins does: the same again, and what is left of its night.

    Of a dataset's step that is the dataset from the start: all others of the night are in.
    """
    if command.name in ASIDE:
        _again(command, settings)
    if command.dataset:
        _bring_in(settings, command.night, [command.dataset])
    if command.name != "rollback":
        build_and_publish(command.night, settings=settings)


def run_night(night: date, settings: Settings) -> None:
    from egov_kpi.night.nightly import run_in_process

    progress = Silent()
    run_in_process(night, progress, settings)
    failed = {name: detail for name, (state, detail) in progress.ended.items() if state == "failed"}
    if failed:
        raise RuntimeError(f"datasets failed: {failed}")


def _again(command: Command, settings: Settings) -> None:
    """The same command, which may be refused when the killed one had been committed already."""
    try:
        run(command, settings)
    except EgovError as error:
        if error.code != ASIDE[command.name]:
            raise


@contextmanager
def _traced(world: World) -> Any:
    watch = Watch(world.settings.database_url, None)
    undo = install(watch, world.settings.landing_dir)
    try:
        yield watch
    finally:
        undo()
        watch.close()


class Walk:
    """The walk along the course in one world, and in copies of it for what would turn it elsewhere."""

    def __init__(
        self,
        cluster: Cluster,
        source_url: str,
        key: str,
        records: Records,
        datasets: frozenset[str] = frozenset(),
        asides: frozenset[str] = frozenset(ASIDE),
    ) -> None:
        """`datasets` are those whose steps may be killed; none: all. `asides` are the commands beside the nights."""
        self.course = Course()
        self._datasets = datasets
        self._asides = asides
        self._cluster = cluster
        self._source: dict[str, Any] = {"source_url": source_url, "key": key, "records": records}

    def walk(self) -> Course:
        with kept_manifests(self._cluster.projects):
            self._walk()
        return self.course

    def _walk(self) -> None:
        start = self._cluster.template(
            "chaos_start",
            # other units would have their zeros in every figure's table, and a seed's time goes into those
            lambda settings: keep_units(settings, units_of_a_province()),
            self._cluster.seeded(SERVED),
            PROVINCES=SERVED,
        )
        with open_world(self._cluster, name="chaos_course", origin=start, **self._source) as world:
            for night in NIGHTS:
                self._night(world, night)
            evening = world.save("chaos_evening")
            load_seq = _newest_load(world, "one_stop.dossiers")
        ends = {"rollback": NIGHTS[0].isoformat(), "revoke": "revoked", "replay": "replayed"}
        for name in ASIDE:
            if name in self._asides:
                self._aside(Command(name, NIGHTS[1], evening, ends[name], load_seq=load_seq))

    def _night(self, world: World, night: date) -> None:
        ends_as = night.isoformat()
        chosen = [name for name in all_contracts(world.settings) if self._may_kill(world, night, name)]
        _bring_in(world.settings, night, [name for name in all_contracts(world.settings) if name not in chosen])
        self._ingests(world, night, chosen)
        for name in ("build", "publish"):
            self._step(world, Command(name, night, world.save(f"chaos_{night:%m%d}_{name}"), ends_as))
        _require_good(world, night)
        self._note(ends_as, world)

    def _may_kill(self, world: World, night: date, dataset: str) -> bool:
        """A snapshot's second night brings nothing, so that there is no write to kill."""
        is_chosen = not self._datasets or dataset in self._datasets
        return is_chosen and (night == NIGHTS[0] or all_contracts(world.settings)[dataset].shape == "delta")

    def _ingests(self, world: World, night: date, datasets: list[str]) -> None:
        """Every dataset as the last one of its night: a half goes first, in a copy of the world the other one does."""
        if len(datasets) == 1:
            self._ingest(world, night, datasets[0])
            return
        half = len(datasets) // 2
        first, second = datasets[:half], datasets[half:]
        with open_world(self._cluster, origin=world.saved, **self._source) as other:
            _bring_in(other.settings, night, second)
            self._ingests(other, night, first)
        _bring_in(world.settings, night, first)
        self._ingests(world, night, second)

    def _ingest(self, world: World, night: date, dataset: str) -> None:
        for name in ("pull", "gate"):
            origin = world.save(f"chaos_{night:%m%d}_{name}_{dataset.replace('.', '_')}")
            self._step(world, Command(name, night, origin, night.isoformat(), dataset))

    def _step(self, world: World, command: Command) -> None:
        with _traced(world) as watch:
            run(command, world.settings)
        self.course.commands.append(replace(command, boundaries=tuple(watch.trace)))

    def _aside(self, command: Command) -> None:
        with open_world(self._cluster, name="chaos_aside", origin=command.origin, **self._source) as world:
            self._step(world, command)
            if command.name != "rollback":
                build_and_publish(command.night, settings=world.settings)
            self._note(command.ends_as, world)

    def _note(self, name: str, world: World) -> None:
        """The same place must always look the same, or no digest could tell a killed run from a quiet one."""
        digest = world.digest()
        if self.course.digests.setdefault(name, digest) != digest or not digest:
            raise RuntimeError(f"the undisturbed run is not steady: {name}")


def _bring_in(settings: Settings, night: date, datasets: list[str]) -> None:
    for dataset in datasets:
        ingest.pull_and_stage(dataset, night, settings=settings)
        ingest.gate_and_promote(dataset, night, settings=settings)


def _require_good(world: World, night: date) -> None:
    verdicts = {name: ingest.verdict(name, night)["verdict"] for name in all_contracts(world.settings)}
    if not GOOD.issuperset(verdicts.values()) or "quarantined" not in verdicts.values():
        raise RuntimeError(f"the undisturbed night of {night} is not what it is meant to be: {verdicts}")


def _newest_load(world: World, dataset: str) -> int:
    found = world.ask("auditor", "select max(load_seq) as load_seq from ledger.load where dataset = %s", dataset)
    return int(found["load_seq"].iloc[0])
