"""Kills at the level of a stage: a forked process, its warm parent, a database cloned from where the step begins."""

import contextlib
import ctypes
import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from egov_kpi.night import decide
from egov_kpi.settings import get_settings
from egov_kpi.simulator.records import Records
from proofs.chaos.course import Command, Course, recover, run
from proofs.chaos.primitives import DONE, install
from proofs.chaos.watch import Evidence, Target, Watch
from proofs.harness.cluster import Cluster
from proofs.harness.world import World, open_world
from proofs.properties.warm import kept_manifests

# Of a process that hangs; one on a machine that is busy with other work only takes long.
TIMEOUT_SECONDS = 900.0
FIRST, MIDDLE, LAST = "first", "middle", "last"
# The order in which the places take turns: there is most to be met between the first boundary and the last.
PLACES = (FIRST, MIDDLE, LAST, MIDDLE)
# Of prctl: the signal that comes when the parent dies.
PR_SET_PDEATHSIG = 1
# Landing leaves a folder alone that is younger than this: its writer may not have locked it yet.
YOUNG_SECONDS = 60.0


@dataclass(frozen=True)
class Pick:
    """What a seed stands for; `place` is where in the step the boundary lies: first, middle or last."""

    seed: int
    step: str
    place: str
    command: Command
    target: Target


@dataclass(frozen=True)
class Ended:
    """How a forked process ended: `signal` that killed it or 0, `told` what it said through its pipe."""

    signal: int
    status: int
    told: list[dict[str, Any]]
    error: str


@dataclass(frozen=True)
class Setting:
    """What a seed needs to run: the cluster, where the sources are, the course."""

    cluster: Cluster
    source_url: str
    key: str
    records: Records
    course: Course


def pick(course: Course, seed: int) -> Pick:
    """The step, the place in it, the night, the command and the boundary, from the seed alone."""
    chance = random.Random(seed)  # noqa: S311 (a draw that must repeat, not a secret)
    steps = course.steps()
    # Steps take turns, and with each round the places and the nights do: few seeds already meet all of them.
    lap, turn = divmod(seed, len(steps))
    step = steps[turn]
    commands = course.commands_of(step)
    nights = sorted({command.night for command in commands})
    night = nights[(lap + turn) % len(nights)]
    command = chance.choice([command for command in commands if command.night == night])
    place = PLACES[(lap // len(nights) + turn) % len(PLACES)]
    return Pick(seed, step, place, command, _boundary(command.boundaries_of(step), place, chance))


def _boundary(targets: list[Target], place: str, chance: random.Random) -> Target:
    """The first, the last, or any between: each label is as likely as the others, however often it is met."""
    inner = targets[1:-1] or targets
    if place == FIRST:
        return targets[0]
    if place == LAST:
        return targets[-1]
    label = chance.choice(sorted({target.label for target in inner}))
    return chance.choice([target for target in inner if target.label == label])


def run_seeds(setting: Setting, seeds: list[int], workers: int) -> Iterator[dict[str, Any]]:
    """The row of each seed as it comes, and that of the self-check."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_start, initargs=(setting,))
    try:
        for done in as_completed([pool.submit(_one, seed) for seed in [0, *seeds]]):
            yield done.result()
    finally:
        # Who is told to end ends with the seeds in hand, and begins none of the others.
        pool.shutdown(cancel_futures=True)


_setting: list[Setting] = []


def _start(setting: Setting) -> None:
    _setting[:] = [setting]


def _one(seed: int) -> dict[str, Any]:
    return run_seed(_setting[0], seed) if seed else self_check(_setting[0])


def run_seed(setting: Setting, seed: int) -> dict[str, Any]:
    """Kill, recover, compare; one row."""
    return run_pick(setting, pick(setting.course, seed))


def self_check(setting: Setting) -> dict[str, Any]:
    """The harness must be able to fail: rows that are committed before their account have to be found out."""
    target = Target(f"event gate_checked: {DONE}", 1)
    command = next(one for one in setting.course.commands_of("promote") if target in one.boundaries)
    row = run_pick(setting, Pick(0, "promote", MIDDLE, command, target), _promote_in_two_transactions)
    # The load that is half there can't be promoted again (EGOV-RAW-002), so its night is held.
    # On a critical dataset the build refuses the night; on another one the loading of the dataset itself.
    named = any(code in row["seen"] for code in ("EGOV-NIGHT-002", "EGOV-RAW-002"))
    found_out = not row["ok"] and "recovery failed" in row["seen"] and named
    done = f"promotion split | {target.label}"
    return {**row, "case": "0 self-check", "done": done, "expected": "red", "ok": found_out}


def _promote_in_two_transactions() -> None:
    promote = decide._promote

    def promoted(conn: Any, *rest: Any) -> Any:
        account = promote(conn, *rest)
        conn.commit()
        return account

    setattr(decide, "_promote", promoted)  # noqa: B010 (mypy minds an assignment, and rightly)


def run_pick(setting: Setting, picked: Pick, sabotage: Callable[[], None] | None = None) -> dict[str, Any]:
    """The row of one kill; `sabotage` is done to the code of the process that is killed."""
    began = time.monotonic()
    name = f"chaos_{os.getpid()}"
    try:
        with open_world(
            setting.cluster,
            origin=picked.command.origin,
            name=name,
            source_url=setting.source_url,
            key=setting.key,
            records=setting.records,
        ) as world:
            row = _killed_and_recovered(setting, world, picked, sabotage)
    except Exception:  # noqa: BLE001 -- a seed that broke the harness is a red row, and no other seed's business
        row = {"ok": False, "seen": traceback.format_exc(limit=-3)}
    done = f"{picked.command.title} | {picked.place}: {picked.target.label} #{picked.target.occurrence}"
    return {
        "case": f"{picked.seed} {picked.step}",
        "place": picked.place,
        "night": picked.command.night.isoformat(),
        "done": done,
        "expected": "X",
        **row,
        "seconds": time.monotonic() - began,
    }


def _killed_and_recovered(
    setting: Setting, world: World, picked: Pick, sabotage: Callable[[], None] | None
) -> dict[str, Any]:
    killed = _fork(setting, world, lambda pipe: _armed(picked, pipe, sabotage))
    if killed.signal != signal.SIGKILL or not killed.told:
        return {"ok": False, "seen": f"not killed: ended with {killed.status} {killed.error}"}
    evidence = Evidence(**killed.told[0])
    if not evidence.is_inside:
        return {"ok": False, "seen": f"killed outside a write: {evidence}"}
    age_leftovers(world)
    recovered = _fork(setting, world, lambda _: recover(picked.command, get_settings()))
    if recovered.signal or recovered.status:
        return {"ok": False, "seen": f"{evidence.text()}; recovery failed: {recovered.error or recovered}"}
    wrong = list(breaches(world, setting.course.digests[picked.command.ends_as]))
    fate = f", {_fate(world, evidence.xid)}" if evidence.xid else ""
    return {"ok": not wrong, "seen": "; ".join([evidence.text() + fate, *wrong])}


def _fork(setting: Setting, world: World, work: Callable[[int], None]) -> Ended:
    """The work in a child that needs not read dbt's project."""

    def warmed(pipe: int) -> None:
        with kept_manifests(setting.cluster.projects):
            work(pipe)

    return fork(warmed, world.saved.folder)


def _armed(picked: Pick, pipe: int, sabotage: Callable[[], None] | None) -> None:
    settings = get_settings()
    if sabotage is not None:
        sabotage()
    watch = Watch(settings.database_url, picked.target, pipe)
    install(watch, settings.landing_dir)
    run(picked.command, settings)


def breaches(world: World, digest: str) -> Iterator[str]:
    """All that a recovered world may get wrong."""
    computed = world.digest()
    if computed != digest:
        yield "the marts differ from the undisturbed run's"
    if computed != world.kept_digest():
        yield "the digest that the builds noted is not that of the rows"
    if not world.ledger_holds():
        yield "the ledger's chain is broken"
    yield from world.account_breaches()
    yield from (f"inbound table left: {name}" for name in _inbound(world))
    yield from (f"left in landing: {path.name}" for path in leftovers(world))


def leftovers(world: World) -> list[Path]:
    """Folders of deliveries that were never completed."""
    landing = world.settings.landing_dir
    return [path for kind in (".incoming-*", ".discarded-*") for path in landing.rglob(kind)]


def age_leftovers(world: World) -> None:
    """A minute goes by before the next run: what it finds is no longer young."""
    for path in leftovers(world):
        then = path.stat().st_mtime - 2 * YOUNG_SECONDS
        os.utime(path, (then, then))


def _inbound(world: World) -> list[str]:
    found = world.ask(
        "superuser", "select relname::text as name from pg_class where relnamespace = 'inbound'::regnamespace "
        "and relkind in ('r', 'p') order by 1",
    )  # fmt: skip
    return [str(name) for name in found["name"]]


def _fate(world: World, xid: str) -> str:
    found = world.ask("superuser", "select pg_xact_status(%s::text::xid8) as fate", xid)
    return str(found["fate"].iloc[0])


# --- processes --------------------------------------------------------------------------------------------------------


def fork(work: Callable[[int], None], folder: Path) -> Ended:
    """Run the work in a child of this warm process; it gets the end of a pipe to tell something through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(work, writing, folder)
    os.close(writing)
    try:
        told = _read(reading, time.monotonic() + TIMEOUT_SECONDS)
        if told is None:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(reading)
    _, status = os.waitpid(child, 0)
    if told is None:
        return Ended(0, -1, [], f"not done after {TIMEOUT_SECONDS:.0f} s")
    lines = [json.loads(line) for line in told.decode().splitlines()]
    error = " ".join(line.pop("error") for line in lines if "error" in line)
    ended = os.waitstatus_to_exitcode(status)
    return Ended(max(-ended, 0), max(ended, 0), [line for line in lines if line], error)


def _in_child(work: Callable[[int], None], pipe: int, folder: Path) -> None:
    status = 1
    # Nobody would wait for it any more when the one who forked it is gone.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        with (folder / "child.log").open("ab", buffering=0) as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        work(pipe)
        status = 0
    except BaseException as error:  # noqa: BLE001 -- a child must end here, whatever happened in it
        text = f"{type(error).__name__}: {error}"[:500]
        with contextlib.suppress(OSError):
            traceback.print_exc()
            os.write(pipe, (json.dumps({"error": text}) + "\n").encode())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _read(handle: int, until: float) -> bytes | None:
    """All that comes until the other end is closed; nothing when that takes too long."""
    chunks = b""
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([handle], [], [], left)
        if ready:
            chunk = os.read(handle, 65536)
            if not chunk:
                return chunks
            chunks += chunk
    return None
