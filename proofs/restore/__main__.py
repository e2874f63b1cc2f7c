"""`python -m proofs.restore`: kill the database in the middle of a build, back it up, restore, go on.

Cases: the crash leaves the published marts as they were and the chain of the ledger whole; a backup taken while a night
builds, and one taken after the crash, each restored on another server, give the same marts and the same ledger, and the
next night runs on both; a damaged backup, and one onto a warehouse with data, are refused.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from egov_kpi.platform.backup import BackupState
from proofs.harness.cluster import Cluster, throw_away_cluster
from proofs.harness.table import COULD_NOT_RUN, Table
from proofs.harness.world import World
from proofs.restore import drill


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m proofs.restore", description=__doc__)
    parser.add_argument("--json", action="store_true")
    logging.disable(logging.INFO)
    table = Table(as_json=parser.parse_args(arguments).json)
    with throw_away_cluster(durable=True) as cluster, throw_away_cluster() as other:
        if not cluster.server.embedded:
            print("máy chủ này không phải của riêng bài · this server is not the proof's own to kill", file=sys.stderr)
            return COULD_NOT_RUN
        with cluster.world() as world:
            world.night(drill.FIRST)
            _story(Drill(table), cluster, other, world)
    return table.finish()


class Drill:
    """Cases of the drill in the table, each with the time since the one before; and what the next nights gave."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.since = time.monotonic()
        self.digests: set[str] = set()

    def case(self, name: str, done: str, expected: str, seen: str, ok: bool) -> None:
        seconds, self.since = time.monotonic() - self.since, time.monotonic()
        self.table.add(ok, case=name, done=done, expected=expected, seen=seen, seconds=seconds)


def _story(drills: Drill, cluster: Cluster, other: Cluster, world: World) -> None:
    before = drill.state(world)
    with _killed_in_build(drills, cluster, world) as during:
        after = drill.state(world)
        published = (after.publish_no, after.mart_digest) == (before.publish_no, before.mart_digest)
        drills.case(
            "crash", "khởi động lại sau khi bị giết · started again", "X", _seen(after), published and _is_sound(after)
        )
        _restore(drills, other, world, during, "during build", before)
        with drill.backup_of(world) as (folder, taken):
            _restore(drills, other, world, folder, "after crash", before)
            _refused(drills, other, world, folder, taken.folder)
    _next_night(drills, world, "original")
    is_right = world.figures_are_right(drill.SECOND)
    drills.case("figures", "so với dữ liệu gốc · against the records", "X", "=" if is_right else "≠", is_right)


@contextmanager
def _killed_in_build(drills: Drill, cluster: Cluster, world: World) -> Iterator[Path]:
    """The second night runs into a crash of the server; the folder of a backup taken in its middle."""
    night = drill.start_night(drill.SECOND, world.settings.local_dir / "night.log")
    in_build = drill.wait_for_build(world, night)
    with drill.held(night), drill.backup_of(world) as (folder, taken):
        drills.case("backup", "sao lưu giữa lúc dựng · mid-build", "X", _seen(taken.state), in_build)
        night.send_signal(signal.SIGCONT)
        in_build = drill.wait_for_build(world, night)
        drill.crash(cluster)
        seen = f"exit {night.wait()}"
        done = "Postgres bị giết giữa lúc dựng · killed mid-build"
        drills.case("night that met it", done, "exit 3", seen, in_build and seen == "exit 3")
        drill.recover(cluster)
        yield folder


def _restore(drills: Drill, other: Cluster, world: World, folder: Path, moment: str, before: BackupState) -> None:
    """Restored marts are those published, and the night that was broken off runs to its end."""
    with drill.restored(folder, world, other, f"restored_{moment.replace(' ', '_')}") as copy:
        found = drill.state(copy)
        same = (found.publish_no, found.mart_digest) == (before.publish_no, before.mart_digest)
        drills.case(f"restored {moment}", "khôi phục sang máy chủ khác · elsewhere", "X", _seen(found), same)
        _next_night(drills, copy, f"restored {moment}")


def _next_night(drills: Drill, world: World, where: str) -> None:
    world.night(drill.SECOND)
    found = drill.state(world)
    drills.digests.add(found.mart_digest)
    is_right = len(drills.digests) == 1 and _is_sound(found) and world.account_holds()
    drills.case(f"next night, {where}", "đêm sau chạy tiếp · the next night", "X", _seen(found), is_right)


def _refused(drills: Drill, other: Cluster, world: World, folder: Path, taken: Path) -> None:
    code = drill.refusal(world.settings, folder)
    drills.case("onto data", "khôi phục đè lên · over a warehouse", "EGOV-BACKUP-004", code, code == "EGOV-BACKUP-004")
    code = drill.refusal(world.settings, drill.damage(taken, taken.with_name("damaged")))
    drills.case("damaged", "sửa một byte · one byte changed", "EGOV-BACKUP-003", code, code == "EGOV-BACKUP-003")


def _is_sound(state: BackupState) -> bool:
    return state.mart_digest == state.ledger_digest


def _seen(state: BackupState) -> str:
    return f"publish {state.publish_no} {state.mart_digest[:10]} events {state.events}"


if __name__ == "__main__":
    sys.exit(main())
