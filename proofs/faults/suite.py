"""Run cases group by group, each group in a warehouse of its own that has published one night."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from proofs.faults import cases
from proofs.faults.book import BOOK, GROUPS, CannotRun, Case, Seen, Wrong
from proofs.faults.rig import DAY, Rig, superuser
from proofs.harness.cluster import Cluster, Saved
from proofs.harness.world import open_world

__all__ = ["Case", "Outcome", "cases", "chosen", "outcome", "published", "run_cases", "run_group"]


@dataclass(frozen=True)
class Outcome:
    """How a case ended: `ok` None when it could not be run on this machine."""

    case: Case
    seen: str
    evidence: str
    ok: bool | None
    seconds: float


def chosen(only: Sequence[str] = (), quick: bool = False) -> list[Case]:
    """Cases by identifier (F11 stands for F11a, F11b, …), in the order of groups."""
    picked = [case for case in BOOK if (not quick or case.is_quick) and _is_meant(case, only)]
    return sorted(picked, key=lambda case: GROUPS.index(case.group))


def _is_meant(case: Case, only: Sequence[str]) -> bool:
    wanted = {name.casefold() for name in only}
    own = {case.id.casefold(), case.id.rstrip("abcdefgh").casefold(), case.group}
    return not wanted or bool(wanted & own)


def published(cluster: Cluster) -> Saved:
    """A warehouse that has published the night of the calibrated report; made once, then cloned for each group."""
    with cluster.world() as world:
        world.night(DAY)
        return world.save("faults_published")


def run_cases(cluster: Cluster, picked: Sequence[Case], tell: Callable[[Outcome], None]) -> None:
    """Run them all; `tell` hears of each as soon as it has ended."""
    origin = published(cluster)
    for group in GROUPS:
        members = [case for case in picked if case.group == group]
        if members:
            with _rig(cluster, origin) as rig:
                run_group(rig, members, tell)


def run_group(rig: Rig, members: Sequence[Case], tell: Callable[[Outcome], None]) -> None:
    for case in members:
        tell(outcome(rig, case))


@contextmanager
def _rig(cluster: Cluster, origin: Saved) -> Iterator[Rig]:
    with open_world(cluster, origin=origin) as world:
        folder = world.saved.folder / "files"
        folder.mkdir()
        rig = Rig(world, folder)
        _settle_sequences(rig)
        yield rig


def _settle_sequences(rig: Rig) -> None:
    """A cloned sequence believes that its next values are in the log already; a crash would make it go back."""
    with superuser(rig) as conn:
        query = "select schemaname, sequencename from pg_sequences where last_value is not null"
        names = conn.execute(query).fetchall()
        for schema, name in names:
            conn.execute("select setval(%s, nextval(%s))", [f'"{schema}"."{name}"'] * 2)


def outcome(rig: Rig, case: Case) -> Outcome:
    """Inject one case and say how it ended; whatever it raises is an outcome too."""
    started = time.monotonic()
    try:
        seen = case.inject(rig)
    except CannotRun as reason:
        return Outcome(case, "-", str(reason), None, time.monotonic() - started)
    except Wrong as wrong:
        seen = Seen("?", str(wrong))
    except Exception as error:  # noqa: BLE001 (an error that nobody foresaw is an outcome, and a wrong one)
        seen = Seen("!", f"{type(error).__name__}: {str(error).strip()[:300]}")
    return Outcome(case, seen.outcome, seen.evidence, seen.outcome in case.expected, time.monotonic() - started)
