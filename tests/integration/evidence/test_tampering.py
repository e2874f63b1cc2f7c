"""1,000 seeded tamperings: bytes, rows and cut-off ends, by people who know less or more. None of them passes.

The strongest forger here owns the database and this very code: whatever they change, they hash anew, all the way up.
What they can't do is to change an anchor. Up to the last one everything is found; behind it nothing is claimed.
"""

import random
from pathlib import Path

import pytest
from evidence_rig import Ledger, chained, checked
from tampering import (
    Packed,
    Tampering,
    byte_of_a_file,
    byte_of_the_archive,
    byte_of_the_list,
    end_of_the_archive,
    history_written_anew,
    row_of_a_file,
    without_a_file,
)

from egov_kpi.evidence import pack, verify

LEDGER = Ledger(nights=2, anchored=2)
PUBLISH = 2
TRUE = Packed(LEDGER.members(PUBLISH), PUBLISH, len(LEDGER.true))

CLASSES: dict[Tampering, int] = {
    byte_of_the_archive: 250,
    end_of_the_archive: 100,
    byte_of_a_file: 250,
    byte_of_the_list: 50,
    row_of_a_file: 150,
    without_a_file: 20,
    history_written_anew: 180,
}


def test_the_true_pack_holds(tmp_path: Path) -> None:
    check = checked(tmp_path / "pack.zip", TRUE.archive)
    assert (check.code, check.anchored) == (verify.OK, len(LEDGER.true)), check.findings  # type: ignore[attr-defined]


@pytest.mark.parametrize("tampering", CLASSES, ids=lambda item: item.__name__)
def test_no_tampering_passes(tampering: Tampering, tmp_path: Path) -> None:
    assert sum(CLASSES.values()) == 1_000
    passed = []
    for number in range(CLASSES[tampering]):
        tampered = tampering(random.Random(f"{tampering.__name__} {number}"), TRUE)
        content = tampered if isinstance(tampered, bytes) else pack.archive(tampered)
        assert content != TRUE.archive
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
    assert checked(tmp_path / "pack.zip", TRUE.archive, own).code == verify.OK  # type: ignore[attr-defined]
    forged = Ledger(nights=2, anchored=2)
    forged.told[0] = ("incident", {"kind": "forged"})
    events = chained(forged.told)
    forged.anchors = [{**a, "event_hash": events[a["event_no"] - 1]["event_hash"]} for a in forged.anchors]
    content = pack.pack(forged.members(PUBLISH, events), PUBLISH, 1, len(events))
    assert checked(tmp_path / "pack.zip", content).code == verify.OK  # type: ignore[attr-defined]
    assert checked(tmp_path / "pack.zip", content, own).code == verify.BROKEN  # type: ignore[attr-defined]
