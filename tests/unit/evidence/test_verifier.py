"""The verifier by itself: what it needs, what it says, and that it hashes as the ledger does."""

import ast
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785
from evidence_rig import Ledger, chained, checked, event
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_kpi.evidence import pack, verify
from egov_kpi.ledger import events as ledger
from egov_kpi.settings import PROJECT_ROOT

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def true_pack(tmp_path: Path) -> Path:
    rig = Ledger(nights=2, anchored=2)
    path = tmp_path / "pack.zip"
    path.write_bytes(pack.pack(rig.members(2), 2, 1, len(rig.true)))
    return path


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_runs_from_the_unpacked_folder_in_a_bare_python(true_pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(true_pack) as archive:
        archive.extractall(folder)
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    # as where the console has no Vietnamese letters
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    told = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b""), told
    assert "Nói được đến sự kiện 22" in told
    assert "speaks up to event 22" in told


def test_a_file_slipped_into_the_folder_is_named(true_pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(true_pack) as archive:
        archive.extractall(folder)
    (folder / "figures-2.csv").write_text("x\n")
    check = verify.Check(folder)
    assert check.run() == verify.BROKEN
    assert ["figures-2.csv" in vi and "figures-2.csv" in en for code, vi, en in check.findings if code] == [True]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{pack}"], 0),
        (["nothing.zip"], 3),
        (["{pack}", "--anchor", "nothing.jsonl"], 3),
        (["--anchor"], 2),
        (["a", "b"], 2),
    ],
)
def test_what_it_is_given_decides_the_exit_code(
    arguments: list[str], code: int, true_pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = verify.main([item.format(pack=true_pack) for item in arguments])
    except SystemExit as usage:
        found = usage.code
    assert found == code
    assert capsys.readouterr()


def test_what_is_no_archive_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(b"no archive at all")
    assert verify.main([str(tmp_path / "pack.zip")]) == verify.BROKEN


def test_it_names_the_event_at_which_the_chain_breaks(tmp_path: Path) -> None:
    rig = Ledger(nights=2, anchored=2)
    forged = [*rig.true]
    forged[6] = {**forged[6], "body": forged[6]["body"].replace("3", "4")}
    content = pack.pack({**rig.members(2), "events.jsonl": b"".join(map(pack.line, forged))}, 2, 1, len(rig.true))
    check = checked(tmp_path / "pack.zip", content)
    assert any("đứt tại sự kiện 7" in vi and "broken at event 7" in en for _, vi, en in check.findings)
    assert check.anchored == 0


def test_what_no_hash_covers_is_refused(tmp_path: Path) -> None:
    rig = Ledger(nights=1, anchored=1)
    forged = [{**rig.true[0], "remark": "not under the hash"}, *rig.true[1:]]
    content = pack.pack({**rig.members(1), "events.jsonl": b"".join(map(pack.line, forged))}, 1, 1, len(rig.true))
    assert checked(tmp_path / "pack.zip", content).code == verify.BROKEN  # type: ignore[attr-defined]


def test_a_file_that_is_listed_and_has_no_place_in_a_pack_is_refused(tmp_path: Path) -> None:
    rig = Ledger(nights=1, anchored=1)
    content = pack.pack({**rig.members(1), "figures-corrected.csv": b"x\n"}, 1, 1, len(rig.true))
    check = checked(tmp_path / "pack.zip", content)
    assert [en for code, _, en in check.findings if code] == ["Files as listed: figures-corrected.csv"]


@pytest.mark.parametrize("forged", [{"publish_no": 7}, {"remark": "x"}, {"time": "2023-03-01T00:00:00.000001Z"}])
def test_every_letter_of_an_anchor_counts(forged: dict[str, object], tmp_path: Path) -> None:
    """The first one is from before the first publish, where no event says which was the newest."""
    rig = Ledger(nights=1, anchored=1)
    second = rig.true[1]
    early = {"event_no": 2, "event_hash": second["event_hash"], "time": second["occurred_at"], "publish_no": None}
    for anchor, code in ((early, verify.OK), ({**early, **forged}, verify.BROKEN)):
        rig.anchors = [anchor, rig.anchors[-1]]
        check = checked(tmp_path / "pack.zip", pack.pack(rig.members(1), 1, 1, len(rig.true)))
        assert check.code == code, check.findings  # type: ignore[attr-defined]


def test_the_anchor_at_which_a_segment_begins_has_to_be_that_of_the_auditor(tmp_path: Path) -> None:
    rig = Ledger(nights=3, anchored=3)
    own = tmp_path / "own.jsonl"
    own.write_bytes(b"".join(map(pack.line, rig.anchors)))
    later, first = rig.true[rig.events_per_night :], rig.events_per_night + 1
    for moment, code in ((rig.anchors[0]["time"], verify.OK), ("2023-01-01T00:00:00.000001Z", verify.BROKEN)):
        rig.anchors[0] = {**rig.anchors[0], "time": moment}
        check = checked(tmp_path / "pack.zip", pack.pack(rig.members(2, later), 2, first, len(rig.true)), own)
        assert check.code == code, check.findings  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "line", ["", "[]", "1", "{}", '{"format":1}', '{"format":{}}', '{"files":[],"format":1}', "[" * 100_000, "\ud800"]
)
def test_a_malformed_pack_ends_in_words(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = Ledger(nights=1, anchored=1)
    content = pack.archive({**rig.members(1), "pack.json": line.encode("utf-8", "surrogatepass") + b"\n"})
    (tmp_path / "pack.zip").write_bytes(content)
    assert verify.main([str(tmp_path / "pack.zip")]) == verify.BROKEN
    assert "SAI" in capsys.readouterr().out


def test_a_time_that_is_none_ends_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who forges ledger and anchors can write any time."""
    rig = Ledger(nights=1, anchored=1)
    told = {**rig.true[-1], "occurred_at": "yesterday\n"}
    last = {**told, "event_hash": verify.event_digest(told)}
    rig.anchors = [{**rig.anchors[-1], "event_hash": last["event_hash"], "time": last["occurred_at"]}]
    (tmp_path / "pack.zip").write_bytes(pack.pack(rig.members(1, [*rig.true[:-1], last]), 1, 1, len(rig.true)))
    assert verify.main([str(tmp_path / "pack.zip")]) == verify.BROKEN
    assert f"broken at event {len(rig.true)}" in capsys.readouterr().out


def test_no_name_of_a_file_writes_a_line_of_its_own(true_pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(true_pack) as archive:
        archive.extractall(folder)
    (folder / os.fsdecode("\x1b[2J\n[ĐÚNG · holds] figures".encode() + b"\xff")).write_text("x\n")
    check = verify.Check(folder)
    assert check.run() == verify.BROKEN
    assert all(text.isprintable() for _, vi, en in check.findings for text in (vi, en))


def test_half_a_line_in_the_own_anchors_is_said(tmp_path: Path) -> None:
    rig = Ledger(nights=1, anchored=1)
    own = tmp_path / "own.jsonl"
    own.write_bytes(b'{"event_\n' + b"".join(map(pack.line, rig.anchors)))
    check = checked(tmp_path / "pack.zip", pack.pack(rig.members(1), 1, 1, len(rig.true)), own)
    assert (check.code, check.anchored) == (verify.UNKNOWN, len(rig.true))  # type: ignore[attr-defined]


def test_a_segment_that_begins_at_an_anchor_holds_too(tmp_path: Path) -> None:
    rig = Ledger(nights=3, anchored=3)
    later = rig.true[rig.events_per_night :]
    content = pack.pack(rig.members(2, later), 2, rig.events_per_night + 1, len(rig.true))
    assert checked(tmp_path / "pack.zip", content).code == verify.OK  # type: ignore[attr-defined]
    moved = pack.pack(rig.members(2, rig.true[5:]), 2, 6, len(rig.true))
    assert checked(tmp_path / "pack.zip", moved).code == verify.BROKEN  # type: ignore[attr-defined]


def test_parts_that_are_left_out_are_said_to_be_unchecked(tmp_path: Path) -> None:
    rig = Ledger(nights=1, anchored=1)
    rest = {name: content for name, content in rig.members(1).items() if name not in ("leaves.csv", "definitions.csv")}
    check = checked(tmp_path / "pack.zip", pack.pack(rest, 1, 1, len(rig.true)))
    assert check.code == verify.UNKNOWN  # type: ignore[attr-defined]
    lacking = [en for code, _, en in check.findings if code == verify.UNKNOWN]
    assert lacking == ["Parts that the pack lacks: definitions.csv, leaves.csv"]


def test_it_hashes_an_event_as_the_ledger_does() -> None:
    moment = datetime(2023, 3, 6, 19, 0, 0, 123456, tzinfo=UTC)
    told = {
        **event(1, "published", {"a": "é"}, verify.GENESIS),
        "occurred_at": "2023-03-06T19:00:00.123456Z",
        "actor": "a|b",
    }
    expected = ledger.event_digest(verify.GENESIS, 1, moment, "a|b", "published", told["body"])
    assert verify.event_digest(told) == expected


@given(JSON)
@settings(max_examples=40, deadline=None)
def test_its_canonical_json_is_that_of_the_ledger(value: object) -> None:
    text = rfc8785.dumps(value).decode()
    assert verify.canonical(value) == text
    assert verify.canonical(verify.parse(text)) == text


@pytest.mark.parametrize(
    "text", ['{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":1}', "1.0", "-0", "1E3", '"\\u0041"', "NaN", "1e999"]
)
def test_json_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"canonical|not JSON"):
        verify.parse(text)


def test_chains_of_the_rig_are_those_of_the_ledger() -> None:
    assert chained(Ledger().told) == Ledger().true


def test_the_verifier_in_a_pack_is_the_one_in_the_source() -> None:
    assert Path(verify.__file__) == PROJECT_ROOT / "src" / "egov_kpi" / "evidence" / "verify.py"


@pytest.mark.parametrize(("named", "code"), [("", verify.UNKNOWN), ("other", verify.UNKNOWN), ("own", verify.OK)])
def test_files_that_are_gone_need_a_certificate_that_names_them(named: str, code: int, tmp_path: Path) -> None:
    rig = Ledger(nights=1, anchored=1)
    load = rig.told[0][1]
    files = {"own": load["files"], "other": [{"sha256_landed": "0" * 64}]}
    if named:
        rig.told.append(("raw_purged", {"loads": [{"load_seq": 1, "rows": 0, "files": files[named]}]}))
    events = chained(rig.told)
    last = events[-1]
    rig.anchors = [{"event_no": last["event_no"], "event_hash": last["event_hash"], "time": last["occurred_at"],
                    "publish_no": 1}]  # fmt: skip
    members = rig.members(1, events)
    first, *others = members["manifests.jsonl"].splitlines(keepends=True)
    told = verify.gone_of(verify.parse(first.decode().strip()))
    gone = {**members, "manifests.jsonl": b"".join([pack.line(told), *others])}
    check = checked(tmp_path / "pack.zip", pack.pack(gone, 1, 1, len(events)))
    assert check.code == code, check.findings  # type: ignore[attr-defined]
