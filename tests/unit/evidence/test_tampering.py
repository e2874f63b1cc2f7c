"""1,000 seeded tamperings: bytes, rows and cut-off ends, by people who know less or more. None of them passes.

The strongest forger here owns the database and this very code: whatever they change, they hash anew, all the way up.
What they can't do is to change an anchor. Up to the last one everything is found; behind it nothing is claimed.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_rig import Ledger, chained, checked

from egov_kpi.evidence import pack, verify

Tampering = Callable[[random.Random, Ledger], bytes]

LEDGER = Ledger(nights=2, anchored=2)
PUBLISH = 2
MEMBERS = LEDGER.members(PUBLISH)
TRUE = pack.pack(MEMBERS, PUBLISH, 1, len(LEDGER.true))
# These two are no evidence: an auditor runs a verifier of their own, and the page says so.
PAPER = ("README.md", "verify.py")
EVIDENCE = sorted(set(MEMBERS) - set(PAPER))
WITH_ROWS = [name for name in EVIDENCE if name.endswith((".jsonl", ".csv")) and "/" not in name]


def other_byte(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(len(content))
    changed = draw.choice([value for value in range(256) if value != content[place]])
    return content[:place] + bytes([changed]) + content[place + 1 :]


def byte_of_the_archive(draw: random.Random) -> bytes:
    return other_byte(draw, TRUE)


def end_of_the_archive(draw: random.Random) -> bytes:
    return TRUE[: draw.randrange(len(TRUE))]


def byte_of_a_file(draw: random.Random) -> bytes:
    """The list of files and the seal are made anew."""
    name = draw.choice(EVIDENCE)
    return pack.pack({**MEMBERS, name: other_byte(draw, MEMBERS[name])}, PUBLISH, 1, len(LEDGER.true))


def byte_of_the_list(draw: random.Random) -> bytes:
    """Its seal is made anew."""
    content = pack.line({"format": 1, "publish_no": PUBLISH, "first_event": 1, "last_event": len(LEDGER.true),
                         "files": {name: verify.sha256(data) for name, data in MEMBERS.items()}})  # fmt: skip
    return pack.archive({**MEMBERS, "pack.json": other_byte(draw, content)})


def row_of_a_file(draw: random.Random) -> bytes:
    """A row is taken out, doubled, moved, or the file ends before it."""
    name = draw.choice(WITH_ROWS)
    rows = MEMBERS[name].splitlines(keepends=True)
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
    return pack.pack({**MEMBERS, name: b"".join(rows)}, PUBLISH, 1, len(LEDGER.true))


def without_a_file(draw: random.Random) -> bytes:
    name = draw.choice(EVIDENCE)
    rest = {other: content for other, content in MEMBERS.items() if other != name}
    return pack.pack(rest, PUBLISH, 1, len(LEDGER.true))


def history_written_anew(draw: random.Random) -> bytes:
    """An event is changed, taken out, put in, or everything after it is: and the chain is hashed anew to its end."""
    told = list(LEDGER.told)
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
    return pack.pack(LEDGER.members(PUBLISH, events), PUBLISH, 1, len(events))


CLASSES: dict[Callable[[random.Random], bytes], int] = {
    byte_of_the_archive: 250,
    end_of_the_archive: 100,
    byte_of_a_file: 250,
    byte_of_the_list: 50,
    row_of_a_file: 150,
    without_a_file: 20,
    history_written_anew: 180,
}


def test_the_true_pack_holds(tmp_path: Path) -> None:
    check = checked(tmp_path / "pack.zip", TRUE)
    assert (check.code, check.anchored) == (verify.OK, len(LEDGER.true)), check.findings  # type: ignore[attr-defined]


@pytest.mark.parametrize("tampering", CLASSES, ids=lambda item: item.__name__)
def test_no_tampering_passes(tampering: Callable[[random.Random], bytes], tmp_path: Path) -> None:
    assert sum(CLASSES.values()) == 1_000
    passed = []
    for number in range(CLASSES[tampering]):
        content = tampering(random.Random(f"{tampering.__name__} {number}"))
        assert content != TRUE
        if checked(tmp_path / "pack.zip", content).code == verify.OK:  # type: ignore[attr-defined]
            passed.append(number)
    assert not passed


def test_behind_the_last_anchor_nothing_is_claimed(tmp_path: Path) -> None:
    """The same forger at work on every single event of a ledger whose last nights were not anchored."""
    ledger = Ledger(nights=4, anchored=2)
    for place in range(len(ledger.told)):
        told = [*ledger.told]
        told[place] = (told[place][0], {**told[place][1], "forged": True})
        events = chained(told)
        content = pack.pack(ledger.members(1, events), 1, 1, len(events))
        check = checked(tmp_path / "pack.zip", content)
        if place < ledger.last_anchor:
            assert check.code == verify.BROKEN, place  # type: ignore[attr-defined]
        else:
            assert (check.code, check.anchored) == (verify.UNKNOWN, ledger.last_anchor), place  # type: ignore[attr-defined]


def test_a_publish_behind_the_last_anchor_is_no_full_proof(tmp_path: Path) -> None:
    ledger = Ledger(nights=3, anchored=1)
    content = pack.pack(ledger.members(3), 3, 1, len(ledger.true))
    check = checked(tmp_path / "pack.zip", content)
    assert (check.code, check.anchored) == (verify.UNKNOWN, ledger.last_anchor)  # type: ignore[attr-defined]


def test_anchors_forged_together_with_the_ledger_fail_against_the_copy_that_the_auditor_kept(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_bytes(b"".join(map(pack.line, LEDGER.anchors)))
    assert checked(tmp_path / "pack.zip", TRUE, own).code == verify.OK  # type: ignore[attr-defined]
    forged = Ledger(nights=2, anchored=2)
    forged.told[0] = ("incident", {"kind": "forged"})
    events = chained(forged.told)
    forged.anchors = [{**a, "event_hash": events[a["event_no"] - 1]["event_hash"]} for a in forged.anchors]
    content = pack.pack(forged.members(PUBLISH, events), PUBLISH, 1, len(events))
    assert checked(tmp_path / "pack.zip", content).code == verify.OK  # type: ignore[attr-defined]
    assert checked(tmp_path / "pack.zip", content, own).code == verify.BROKEN  # type: ignore[attr-defined]
