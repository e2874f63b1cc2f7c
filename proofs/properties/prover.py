"""Runs examples, each in a world of its own, and shows each as a row."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, strategies
from hypothesis.errors import Flaky

from egov_kpi.load.pseudonym import key_id
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.server import create_app
from proofs.harness.cluster import Cluster, Saved
from proofs.harness.few import keep_units, units_of_reports
from proofs.harness.table import Table
from proofs.harness.world import World
from proofs.properties import catalogue
from proofs.properties.catalogue import Export
from proofs.properties.histories import BUILD, DELIVER, PUBLISH, REPLAY, REVOKE, History, Step, names_that_count
from proofs.properties.warm import kept_manifests

KEY = "key-of-the-properties"
# What a history of revocations starts from, and what may come and go in it.
STARTS_WITH = ("D1", "O1", "M1")
REVOCABLE = ("D2", "M2", "D3")


class Unequal(Exception):
    """An example is red; its row is in the table."""


@dataclass
class Prover:
    """`references` are the digests of rebuilds from nothing, by the exports that count."""

    cluster: Cluster
    folder: Path
    table: Table
    records: Records
    exports: dict[str, Export]
    source: FaultServer
    references: dict[tuple[str, ...], str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    @contextmanager
    def of(cls, cluster: Cluster, folder: Path, table: Table) -> Iterator["Prover"]:
        """With the exports on disk. One key for all worlds: where two versions are equally new, digests decide."""
        key_id(cluster.settings)
        records = catalogue.sample(generate("calibrated", 1))
        with FaultServer(create_app(records, KEY)) as source, kept_manifests(cluster.projects):
            yield cls(cluster, folder, table, records, catalogue.catalogue(records, folder), source)

    def orders(self, examples: int, seed: int) -> None:
        """Whole exports in any order; a build or a publish may happen after any of them."""

        def run(drawn: tuple[list[str], list[str]]) -> None:
            order, between = drawn
            steps = [step for name, then in zip(order, between, strict=False) for step in _delivered(name, then)]
            self.compare("order", steps)

        orders = strategies.permutations(list(self.exports))
        between = strategies.lists(_THEN, min_size=len(self.exports), max_size=len(self.exports))
        _for_all(strategies.tuples(orders, between), run, examples, seed)

    def revocations(self, examples: int, seed: int) -> None:
        """Deliveries, revocations, replays and builds interleaved."""
        start = [Step(DELIVER, name) for name in STARTS_WITH]
        with self._world(None) as world:
            history = History(world, self.exports)
            history.take([*start, Step(PUBLISH)])
            saved, loads = world.save("properties_start"), history.loads

        def run(steps: list[Step]) -> None:
            self.compare("revoke, replay", steps, saved, start, {name: list(seqs) for name, seqs in loads.items()})

        try:
            _for_all(_interleavings(), run, examples, seed)
        finally:
            self.cluster.discard(saved)

    def splits(self, examples: int, seed: int) -> None:
        """A delta export in several files, cut by day or row by row."""
        rows = catalogue.whole_delta(self.records)
        days = catalogue.version_days(rows)
        self.exports |= {"whole": catalogue.split(self.folder, rows, [0] * len(rows), "whole")[0]}
        by_day = strategies.lists(strategies.sampled_from(sorted(days.unique())), min_size=1, max_size=4, unique=True)
        by_row = strategies.lists(strategies.integers(0, 3), min_size=len(rows), max_size=len(rows))

        def run(drawn: tuple[str, list[Any], Any, bool]) -> None:
            kind, cut, random, builds = drawn
            parts = [sum(day > edge for edge in cut) for day in days] if kind == "day" else cut
            files = catalogue.split(self.folder, rows, parts, f"{kind[0]}{next(self.numbers)}-")
            random.shuffle(files)
            self.exports |= {file.name: file for file in files}
            steps = [Step(DELIVER, file.name) for file in files]
            steps[1:1] = [Step(BUILD)] if builds else []
            self.compare(f"split by {kind}", steps, counted=("whole",))

        kinds = strategies.one_of(
            strategies.tuples(strategies.just("day"), by_day), strategies.tuples(strategies.just("row"), by_row)
        )
        drawn = strategies.tuples(kinds, strategies.randoms(use_true_random=False), strategies.booleans())
        _for_all(drawn.map(lambda item: (*item[0], *item[1:])), run, examples, seed)

    def compare(
        self,
        case: str,
        steps: Sequence[Step],
        origin: Saved | None = None,
        before: Sequence[Step] = (),
        loads: dict[str, list[int]] | None = None,
        counted: tuple[str, ...] = (),
    ) -> None:
        """One example: run it, compare it, show it; Unequal when it is red."""
        expected = self._reference(counted or names_that_count([*before, *steps]))
        began = time.monotonic()
        with self._world(origin) as world:
            history = History(world, self.exports, loads or {})
            history.take(steps)
            seen = history.digest()
            breaches = world.account_breaches() or ([] if world.ledger_holds() else ["the chain is broken"])
        done = " ".join(map(str, steps))
        is_equal = self.table.add(
            seen == expected and not breaches,
            case=case,
            done=done,
            expected="X",
            seen="; ".join([seen[:10], *([f"≠ {expected[:10]}"] if seen != expected else []), *breaches]),
            seconds=time.monotonic() - began,
        )
        if not is_equal:
            raise Unequal(done)

    def _reference(self, names: tuple[str, ...]) -> str:
        """Digest of a warehouse that got these exports once, in the usual order, and was built from nothing."""
        if names not in self.references:
            with self._world(None) as world:
                history = History(world, self.exports)
                history.take(Step(DELIVER, name) for name in self.exports if name in names)
                self.references[names] = history.digest_from_nothing()
        return self.references[names]

    @contextmanager
    def _world(self, origin: Saved | None) -> Iterator[World]:
        with self.cluster.world(origin=origin or self._start(), source=self.source, key=KEY) as world:
            yield world

    def _start(self) -> Saved:
        """A warehouse that knows the units of the exports, and no others."""
        return self.cluster.template(
            "properties_few", lambda settings: keep_units(settings, units_of_reports()), self.cluster.seeded()
        )


# After a delivery: usually nothing, as a build costs more than all deliveries together.
_THEN = strategies.sampled_from([None, None, None, None, None, BUILD, PUBLISH])


def _delivered(name: str, then: str | None) -> list[Step]:
    return [Step(DELIVER, name), *([Step(then)] if then else [])]


@strategies.composite
def _interleavings(draw: strategies.DrawFn) -> list[Step]:
    """Each of the later exports delivered, some of them revoked afterwards or sent again, loads heard again."""
    steps = [Step(DELIVER, name) for name in draw(strategies.permutations(REVOCABLE))]
    for name in draw(strategies.lists(strategies.sampled_from(REVOCABLE), max_size=2, unique=True)):
        _insert(draw, steps, Step(REVOKE, name), behind=Step(DELIVER, name))
        if draw(strategies.booleans()):
            _insert(draw, steps, Step(DELIVER, name), behind=Step(REVOKE, name))
    for name in draw(strategies.lists(strategies.sampled_from(["D1", "D2"]), min_size=1, max_size=2)):
        _insert(draw, steps, Step(REPLAY, name), behind=Step(DELIVER, name))
    if draw(strategies.booleans()):
        _insert(draw, steps, Step(draw(strategies.sampled_from([BUILD, PUBLISH]))), behind=steps[0])
    return steps


def _insert(draw: strategies.DrawFn, steps: list[Step], step: Step, behind: Step) -> None:
    """Put a step somewhere behind another one, or anywhere when that one happened before."""
    first = steps.index(behind) + 1 if behind in steps else 0
    steps.insert(draw(strategies.integers(first, len(steps))), step)


def _for_all(strategy: strategies.SearchStrategy[Any], run: Callable[[Any], None], examples: int, seed: int) -> None:
    """So many examples, or up to the first red one, which is in the table then."""
    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    test = hypothesis.seed(seed)(settings(hypothesis.given(strategy)(run)))
    try:
        test()
    except (Unequal, Flaky):
        return
