"""What happens to a warehouse in one example, step by step, and the digest that comes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.night.ingest import load_files
from egov_kpi.publish import colours
from egov_kpi.publish.build import BuildResult, build, rebuild
from egov_kpi.publish.digest import mart_digest, stored_digest
from egov_kpi.publish.publish import publish
from egov_kpi.publish.revoke import revoke
from egov_kpi.quarantine.replay import replay
from proofs.harness.world import World
from proofs.properties.catalogue import LAST, Export

DELIVER, REVOKE, REPLAY, BUILD, PUBLISH = "deliver", "revoke", "replay", "build", "publish"
TAKEN_IN = ("accepted", "quarantined", "no_op")
# Nothing of the load is left to hear; the load was revoked: a replay of it is refused, and changes nothing.
REFUSED_REPLAYS = ("EGOV-QUAR-001", "EGOV-QUAR-002")


@dataclass(frozen=True)
class Step:
    """One thing that happens; `export` is empty for builds and publishes."""

    kind: str
    export: str = ""

    def __str__(self) -> str:
        return {DELIVER: "", REVOKE: "−", REPLAY: "↻"}.get(self.kind, self.kind) + self.export


@dataclass
class History:
    """A world and the exports that reached it; `loads` are the loads of each, its replays among them."""

    world: World
    exports: dict[str, Export]
    loads: dict[str, list[int]] = field(default_factory=dict)

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        if step.kind == DELIVER:
            self.deliver(step.export)
        elif step.kind == REVOKE:
            for load in self.loads[step.export]:
                revoke(load, "proof", self.world.settings)
        elif step.kind == REPLAY:
            self._replay(step.export)
        else:
            build(self.world.settings, LAST)
            if step.kind == PUBLISH:
                publish(self.world.settings, LAST)

    def deliver(self, name: str) -> None:
        """Load a file in hand; a content that is known is a no-op, as it is for whoever sends a file twice."""
        export, settings = self.exports[name], self.world.settings
        report = load_files(export.dataset, [export.path], business_date=export.business_date, settings=settings)[0]
        if report["verdict"] not in TAKEN_IN:
            raise RuntimeError(f"{name} is {report['verdict']}: {report.get('error')}")
        if report["verdict"] != "no_op":
            self.loads.setdefault(name, []).append(report["load_seq"])

    def _replay(self, name: str) -> None:
        for load in list(self.loads[name]):
            try:
                report = replay(load, "proof", self.world.settings)
            except EgovError as error:
                if error.code not in REFUSED_REPLAYS:
                    raise
            else:
                self.loads[name].append(report["load_seq"])

    def digest(self) -> str:
        """Digest of a build of all that counts now, as its rows give it; it must be what the builds noted."""
        return _digest(self.world, build(self.world.settings, LAST))

    def digest_from_nothing(self) -> str:
        return _digest(self.world, rebuild(self.world.settings, LAST))


def names_that_count(steps: Sequence[Step]) -> tuple[str, ...]:
    """Exports that were delivered and never revoked, sorted."""
    revoked = {step.export for step in steps if step.kind == REVOKE}
    return tuple(sorted({step.export for step in steps if step.kind == DELIVER} - revoked))


def _digest(world: World, result: BuildResult) -> str:
    with connect("builder", world.settings) as conn:
        colour = colours.live(conn).colour if result.is_live_current else result.colour
        computed = mart_digest(conn, colour)
        if stored_digest(conn, colour) != computed:
            raise RuntimeError("what the builds noted of the marts is not what their rows give")
    return computed
