#!/usr/bin/env python3
"""Kiểm tra hồ sơ chứng cứ, chỉ cần Python 3.10, không cần mạng · check an evidence pack offline, with Python alone.

Exit 0: mọi thứ khớp · all holds; 1: có chỗ không khớp · something does not; 3: chưa kiểm tra hết · not all was checked.
"""

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Event = dict[str, Any]

FORMAT = 1
GENESIS = "0" * 64
NO_ANCHOR = (0, "không có dòng neo nào khớp · no anchor agrees")
OK, BROKEN, UNKNOWN = 0, 1, 3
WORDS = {OK: "ĐÚNG · holds", BROKEN: "SAI · does not hold", UNKNOWN: "CHƯA RÕ · not checked"}
UNREADABLE = (
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, EOFError, OSError,
    zipfile.BadZipFile, zlib.error, csv.Error,
)  # fmt: skip
FIELDS = {"event_no", "occurred_at", "actor", "kind", "body", "prev_hash", "event_hash"}
# Of the names of columns no digest knows, so they are said here.
_COLUMNS = {
    "gates.csv": "event_no load_seq verdict rule_id severity action success failed_rows",
    "leaves.csv": "relation month row_count digest",
    "figures.csv": "kpi_code kpi_version method due_basis agency_code scope unit_basis period_grain period_start"
    " numerator denominator value unit value_reason target target_met data_as_of agencies_reporting agencies_expected"
    " quarantined_share",
    "definitions.csv": "kpi_code kpi_version method due_basis name_vi name_en formula_vi formula_en unit target"
    " direction theme numerator_measure numerator_time_rollup numerator_unit_rollup denominator_measure"
    " denominator_time_rollup denominator_unit_rollup legal_basis valid_from valid_to is_confirmed owner",
}
COLUMNS = {name: columns.split() for name, columns in _COLUMNS.items()}
QUERIES = "queries/dbt_project/"
PARTS = {"README.md", "verify.py", "events.jsonl", "anchors.jsonl", "manifests.jsonl", *COLUMNS, QUERIES}
json_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def sha256(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def canonical(value: Any) -> str:
    """Canonical JSON, RFC 8785."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{json_text(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    text = json_text(value)
    if not isinstance(value, float):
        return text
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text).normalize(), "f") if value else "0"
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent):+d}"


def parse(text: str) -> Any:
    value = json.loads(text)
    if canonical(value) != text:
        raise ValueError("not canonical JSON")
    return value


def event_digest(event: Event) -> str:
    """SHA-256 of prev_hash|event_no|occurred_at|actor|kind|body, bars in the actor doubled."""
    fields = (event["prev_hash"], str(event["event_no"]), event["occurred_at"], event["actor"].replace("|", "||"))
    return sha256("|".join((*fields, event["kind"], event["body"])))


def table(name: str, rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV that a spreadsheet opens with its Vietnamese letters whole; NULL is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS[name], *rows])
    return text.getvalue().encode("utf-8-sig")


def gate_rows(events: Iterable[Event]) -> Iterator[list[Any]]:
    """The table of gate results as the events tell it: one row per check and rule."""
    for event in events:
        if event["kind"] in ("gate_checked", "audit_checked"):
            for rule in event["said"].get("rules") or [{}]:
                values = {**event["said"], **rule, "event_no": event["event_no"]}
                yield [values.get(name) for name in COLUMNS["gates.csv"]]


def leaf_of(rows: Iterable[dict[str, str | None]]) -> str:
    """Digest of the rows of a month: of each its values, by the names of their columns."""
    return sha256("".join(sorted(sha256(json_text([row[name] for name in sorted(row)])) for row in rows)))


def model_digest(files: dict[str, bytes]) -> str:
    """Digest of the models by path, in the order of their folders."""
    names = sorted(files, key=lambda path: path.split("/"))
    return sha256(b"".join(f"{name}\0".encode() + hashlib.sha256(files[name]).digest() for name in names))


def vietnam_time(moment: str) -> str:
    return f"{datetime.strptime(moment, '%Y-%m-%dT%H:%M:%S.%fZ') + timedelta(hours=7):%d/%m/%Y %H:%M} UTC+7"


def landed(load: Event) -> str:
    return sha256("\n".join(file["sha256_landed"] for file in load["files"]))


def manifest_of(load: Event) -> Event:
    """What the landing zone has to say of a load; without names of files and addresses of sources."""
    files = [{name: file[name] for name in ("bytes", "sha256_landed", "sha256_received")} for file in load["files"]]
    return {**{name: load[name] for name in ("load_seq", "dataset", "content_digest")}, "files": files}


def gone_of(manifest: Event) -> Event:
    return {name: manifest[name] for name in manifest if name != "files"} | {"gone": True}


class Check:
    """One check of one pack: `findings` are (status, Vietnamese, English); it speaks up to the event `anchored`."""

    def __init__(self, path: Path, own_anchor: Path | None = None) -> None:
        self.path, self.own_anchor = path, own_anchor
        self.findings: list[tuple[int, str, str]] = []
        self.files: dict[str, bytes] = {}
        self.pack: Event = {}
        self.events: list[Event] = []
        self.heads: dict[str, tuple[int, str]] = {}  # number and time of an event by what an anchor of it has to say
        self.anchored, self.anchored_at = NO_ANCHOR

    def run(self) -> int:
        """The exit code; a step that cannot read its part says so, and the others go on as long as there is a pack."""
        for step in (self.contents, self.chain, self.anchors, self.gates, self.landing, self.publish):
            try:
                step()
            except UNREADABLE as error:
                self.say(f"Không đọc được {step.__name__} · {step.__name__} cannot be read", "", [repr(error)])
            if not self.pack:
                break
        return max((code for code, _, _ in self.findings), key=(OK, UNKNOWN, BROKEN).index)

    def say(self, label: str, found: object, wrong: Collection[Any] = (), status: int = BROKEN) -> None:
        """What was found is as the label says, or what is wrong; without letters that could begin another line."""
        told = ", ".join(map(str, sorted(wrong)[:5] if wrong else [found]))
        shown = "".join(filter(str.isprintable, told))
        vi, en = label.split(" · ")
        self.findings.append((status if wrong else OK, f"{vi}: {shown}", f"{en}: {shown}"))

    def lines(self, name: str) -> list[str]:
        *lines, rest = self.files[name].decode().split("\n")
        if rest:
            raise ValueError(f"{name} ends in the middle of a line")
        return lines

    def rows(self, name: str) -> list[dict[str, str | None]]:
        """The rows of a table, which has to be written as the exporter writes it, so that every byte counts."""
        _, *rows = csv.reader(io.StringIO(self.files[name].decode("utf-8-sig"), newline=""), strict=True)
        if table(name, rows) != self.files[name]:
            raise ValueError(f"{name} is written in another way")
        return [dict(zip(COLUMNS[name], (cell or None for cell in row), strict=True)) for row in rows]

    def said(self, kind: str) -> list[Event]:
        return [event["said"] for event in self.events if event["kind"] == kind]

    def contents(self) -> None:
        """Every file is listed with its digest and has its place in a pack, and no other is there."""
        if self.path.is_dir():
            paths = {path.relative_to(self.path).as_posix(): path for path in self.path.rglob("*") if path.is_file()}
            self.files = {name: path.read_bytes() for name, path in paths.items()}
        else:
            raw = self.path.read_bytes()
            seal = {raw[-64:]} ^ {sha256(raw[:-64]).encode()}
            self.say("Tệp nén còn nguyên · The archive is as it was written", f"{len(raw)} B", seal)
            archive = zipfile.ZipFile(io.BytesIO(raw))
            self.files = {name: archive.read(name) for name in archive.namelist()}
            if len(self.files) < len(archive.namelist()):
                raise ValueError("two files of one name")
        self.pack = parse(*self.lines("pack.json"))
        self.say("Dạng hồ sơ · Format of the pack", FORMAT, {FORMAT} ^ {self.pack["format"]})
        found = {name: sha256(content) for name, content in self.files.items() if name != "pack.json"}
        parts = {QUERIES if name.startswith(QUERIES) else name for name in found}
        unlisted = {name for name, _ in found.items() ^ self.pack["files"].items()}
        self.say("Tệp đúng như danh mục · Files as listed", len(found), unlisted | (parts - PARTS))
        self.say("Phần mà hồ sơ không có · Parts that the pack lacks", 0, PARTS - parts, UNKNOWN)

    def chain(self) -> None:
        """Each event follows the one before, from the first of all or from an anchor on."""
        first, last, previous, newest = self.pack["first_event"], self.pack["last_event"], GENESIS, None
        if first > 1:
            (start,) = [anchor for anchor in map(parse, self.lines("anchors.jsonl")) if anchor["event_no"] == first - 1]
            self.heads[canonical(start)] = (first - 1, vietnam_time(start["time"]))
            previous, newest = start["event_hash"], start["publish_no"]
        try:
            for number, line in zip(range(first, last + 1), self.lines("events.jsonl"), strict=True):
                event = parse(line)
                expected = {"event_no": number, "prev_hash": previous, "event_hash": event_digest(event)}
                if set(event) != FIELDS or event != {**event, **expected}:
                    raise ValueError("another number, hash or field than the event that follows has")
                said, previous, moment = parse(event["body"]), event["event_hash"], event["occurred_at"]
                newest = said["publish_no"] if event["kind"] == "published" else newest
                head = {"event_no": number, "event_hash": previous, "time": moment, "publish_no": newest}
                self.heads[canonical(head)] = (number, vietnam_time(moment))
                self.events.append({**event, "said": said})
        finally:
            after = first + len(self.events)
            broken = [f"đứt tại sự kiện {after} · broken at event {after}"] if after <= last else []
            self.say("Chuỗi sự kiện · Chain of events", f"{first}–{last}", broken)

    def anchors(self) -> None:
        """The pack's anchors, then the auditor's own, which may name events before and after those of the pack."""
        first, last = self.pack["first_event"], self.pack["last_event"]
        anchors = {"Dòng neo trong hồ sơ · Anchors in the pack": self.lines("anchors.jsonl")}
        if self.own_anchor:
            kept = self.own_anchor.read_text("utf-8-sig").split()
            whole = [line for line in kept if line.endswith("}")]
            self.say("Dòng bị cụt · Anchors that were cut off", 0, set(kept) - set(whole), UNKNOWN)
            inside = [line for line in whole if first - 1 <= parse(line)["event_no"] <= last]
            anchors["Dòng neo bạn giữ · Your own anchors"] = inside
        for label, lines in anchors.items():
            held = [self.heads[line] for line in lines if line in self.heads]
            self.say(label, len(held), [parse(line)["event_no"] for line in lines if line not in self.heads])
            self.anchored, self.anchored_at = max(held, default=NO_ANCHOR)
        bare = [f"{self.anchored + 1}–{last}"] if self.anchored < last else []
        self.say("Sự kiện chưa được neo, có thể bị viết lại · Unanchored events that could be forged", 0, bare, UNKNOWN)

    def gates(self) -> None:
        rows = list(gate_rows(self.events))
        wrong = [] if table("gates.csv", rows) == self.files["gates.csv"] else ["gates.csv"]
        self.say("Kết quả kiểm tra cổng · Results of the gates", len(rows), wrong)

    def landing(self) -> None:
        """The manifest of each load against its event; a load whose files are gone needs an event that certifies it."""
        loads = {load["load_seq"]: manifest_of(load) for load in self.said("load_registered")}
        told = [parse(line) for line in self.lines("manifests.jsonl")]
        gone = [manifest["load_seq"] for manifest in told if manifest == gone_of(loads[manifest["load_seq"]])]
        expected = [gone_of(manifest) if number in gone else manifest for number, manifest in loads.items()]
        wrong = [] if told == expected else [m["load_seq"] for m in told if m not in expected] or ["manifests.jsonl"]
        odd = [load["load_seq"] for load in self.said("load_registered") if load["content_digest"] != landed(load)]
        self.say("Bản kê tệp gốc · Landing manifests as registered", len(told), {*wrong, *odd})
        purged = {load["load_seq"]: landed(load) for purge in self.said("raw_purged") for load in purge["loads"]}
        lost = [f"không có · none for {load}" for load in gone if purged.get(load) != loads[load]["content_digest"]]
        label = "Lô mất tệp gốc, có chứng nhận hủy · Loads whose files are gone, with a certificate"
        self.say(label, len(gone), lost, UNKNOWN)

    def publish(self) -> None:
        """What the event of the publish vouches for: the queries of its build, and the leaves of the tables."""
        (said,) = [said for said in self.said("published") if said["publish_no"] == self.pack["publish_no"]]
        files = {name.removeprefix(QUERIES): self.files[name] for name in self.files if name.startswith(QUERIES)}
        if files:
            (built,) = [event["said"] for event in self.events if event["event_no"] == said["build_event_no"]]
            wrong = {built["models"].split(":")[0]} ^ {model_digest(files)}
            self.say("Tệp truy vấn · Files of the queries", len(files), wrong)
        if "leaves.csv" in self.files:
            leaves = [tuple(map(str, row.values())) for row in self.rows("leaves.csv")]
            digest = sha256("".join(sorted("|".join(leaf) + "\n" for leaf in leaves)))
            self.say("Mã băm của kho số liệu · Digest of the marts", digest, {digest} ^ {said["mart_digest"]})
            self.mart("Số liệu đã công bố · Figures as published", "figures.csv", leaves, "kpi_value", "period_start")
            self.mart("Định nghĩa đã công bố · KPI definitions as published", "definitions.csv", leaves, "dim_kpi")

    def mart(self, label: str, name: str, leaves: list[tuple[str, ...]], relation: str, month: str = "") -> None:
        """A table against the leaves of its relation, one per month."""
        if name in self.files:
            rows, months = self.rows(name), defaultdict(list)
            for row in rows:
                months[row.get(month) or "0001-01-01"].append(row)
            found = {(relation, day, str(len(of_day)), leaf_of(of_day)) for day, of_day in months.items()}
            self.say(label, len(rows), found ^ {leaf for leaf in leaves if leaf[0] == relation})


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).parent, help="zip, thư mục · zip, folder")
    parser.add_argument("--anchor", type=Path, help="bản neo bạn tự giữ · your own copy of the anchors")
    given = parser.parse_args(arguments)
    if not given.pack.exists() or (given.anchor and not given.anchor.is_file()):
        print(f"Không có tệp này · no such file: {given.pack} {given.anchor or ''}", file=sys.stderr)
        return UNKNOWN
    check = Check(given.pack, given.anchor)
    code = check.run()
    for status, vi, en in check.findings:
        print(f"[{WORDS[status]}] {vi} · {en}")
    print(f"Nói được đến sự kiện {check.anchored} · speaks up to event {check.anchored} ({check.anchored_at})")
    if not given.anchor:
        print("Dòng neo trên nằm trong chính hồ sơ: thêm --anchor · these anchors came with the pack: add --anchor")
    print(f"Kết luận · verdict: {WORDS[code]}")
    return code


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # whatever letters the console has
    sys.exit(main(sys.argv[1:]))
