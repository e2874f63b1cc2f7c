"""What people do to a pack who know less or more: bytes, rows, cut-off ends, missing files, a history written anew.

The strongest forger here owns the database and this very code: whatever they change, they hash anew, all the way up.
A tampered pack is an archive, or the files of an unpacked one.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evidence_rig import chained

from egov_kpi.evidence import pack, verify

Files = dict[str, bytes]
Tampering = Callable[[random.Random, "Packed"], "bytes | Files"]

# These two are no evidence: an auditor runs a verifier of their own, and the page says so.
PAPER = ("README.md", "verify.py")


@dataclass(frozen=True)
class Packed:
    """A true pack, from the first event on: its files without the list of them."""

    members: Files
    publish_no: int
    last_event: int

    @cached_property
    def archive(self) -> bytes:
        return pack.pack(self.members, self.publish_no, 1, self.last_event)

    @cached_property
    def tables(self) -> list[str]:
        return sorted(name for name in self.members if name.endswith((".jsonl", ".csv")) and "/" not in name)

    @cached_property
    def queries(self) -> list[str]:
        return sorted(name for name in self.members if "/" in name)

    @cached_property
    def told(self) -> list[tuple[str, dict[str, Any]]]:
        events = map(verify.parse, self.members["events.jsonl"].decode().splitlines())
        return [(event["kind"], verify.parse(event["body"])) for event in events]

    def any_file(self, draw: random.Random) -> str:
        """A table, or one of the many queries."""
        return draw.choice([*self.tables, draw.choice(self.queries)])

    def listed(self, members: Files, last_event: int = 0) -> Files:
        """These files with a list that is true of them."""
        return {**members, "pack.json": pack.line({
            "format": verify.FORMAT, "publish_no": self.publish_no, "first_event": 1,
            "last_event": last_event or self.last_event,
            "files": {name: verify.sha256(content) for name, content in members.items()},
        })}  # fmt: skip


def other_byte(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(len(content))
    changed = draw.choice([value for value in range(256) if value != content[place]])
    return content[:place] + bytes([changed]) + content[place + 1 :]


def byte_of_the_archive(draw: random.Random, true: Packed) -> bytes:
    return other_byte(draw, true.archive)


def end_of_the_archive(draw: random.Random, true: Packed) -> bytes:
    return true.archive[: draw.randrange(len(true.archive))]


def byte_of_a_file(draw: random.Random, true: Packed) -> Files:
    """The list of files and the seal are made anew."""
    name = true.any_file(draw)
    return true.listed({**true.members, name: other_byte(draw, true.members[name])})


def byte_of_the_list(draw: random.Random, true: Packed) -> Files:
    """Its seal is made anew."""
    files = true.listed(true.members)
    return {**files, "pack.json": other_byte(draw, files["pack.json"])}


def row_of_a_file(draw: random.Random, true: Packed) -> Files:
    """A row is taken out, doubled, or the file ends before it."""
    name = draw.choice(true.tables)
    rows = true.members[name].splitlines(keepends=True)
    place = draw.randrange(1, len(rows)) if name.endswith(".csv") else draw.randrange(len(rows))
    work = draw.choice(("drop", "double", "cut"))
    if name == "anchors.jsonl":
        # an earlier anchor says nothing that a later one does not, so it is the last that counts
        rows = rows[:-1] if work == "drop" else []
    elif work == "drop":
        del rows[place]
    elif work == "double":
        rows.insert(place, rows[place])
    else:
        del rows[place:]
    return true.listed({**true.members, name: b"".join(rows)})


def without_a_file(draw: random.Random, true: Packed) -> Files:
    name = true.any_file(draw)
    return true.listed({other: content for other, content in true.members.items() if other != name})


def history_written_anew(draw: random.Random, true: Packed) -> Files:
    """An event is changed, taken out, put in, or everything after it is: and the chain is hashed anew to its end."""
    told = list(true.told)
    place = draw.randrange(len(told))
    kind, said = told[place]
    work = draw.choice(("change", "drop", "insert", "cut"))
    if work == "change":
        told[place] = (kind, {**said, "forged": draw.random()})
    elif work == "drop":
        del told[place]
    elif work == "insert":
        told.insert(place, ("incident", {"kind": "forged", "count": 1}))
    else:
        del told[place:]
    events = chained(told)
    shown = [{**event, "said": verify.parse(event["body"])} for event in events]
    registered = {event["said"]["load_seq"] for event in shown if event["kind"] == "load_registered"}
    manifests = true.members["manifests.jsonl"].splitlines(keepends=True)
    kept = [line for line in manifests if verify.parse(line.decode().rstrip("\n"))["load_seq"] in registered]
    forged = {
        "events.jsonl": b"".join(map(pack.line, events)),
        "gates.csv": verify.table("gates.csv", verify.gate_rows(shown)),
        "manifests.jsonl": b"".join(kept),
    }
    return true.listed({**true.members, **forged}, len(events))
