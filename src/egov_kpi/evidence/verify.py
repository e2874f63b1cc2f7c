#!/usr/bin/env python3
"""Kiểm tra hồ sơ chứng cứ, chỉ cần Python 3.10, không cần mạng · check an evidence pack offline, with Python alone.

    python3 verify.py [PACK.zip | FOLDER] [--anchor FILE]

--anchor: bản neo bạn tự giữ · your own copy of the anchor, out of reach of those who made the pack.
Exit 0: mọi thứ khớp · all holds; 1: có chỗ không khớp · something does not; 3: chưa kiểm tra hết · not all was checked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Event = dict[str, Any]

GENESIS = "0" * 64
OK, BROKEN, UNKNOWN = 0, 1, 3
WORDS = {OK: "ĐÚNG · holds", BROKEN: "SAI · does not hold", UNKNOWN: "CHƯA RÕ · not checked"}
UNREADABLE = (
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, EOFError, OSError,
    zipfile.BadZipFile, zlib.error, csv.Error,
)  # fmt: skip
FIELDS = {"event_no", "occurred_at", "actor", "kind", "body", "prev_hash", "event_hash"}
# Of the names of columns no digest knows, so they are said here.
_NAMES = {
    "gates.csv": "event_no load_seq verdict rule_id severity action success failed_rows",
    "leaves.csv": "relation month row_count digest",
    "figures.csv": "kpi_code kpi_version method due_basis agency_code scope unit_basis period_grain period_start"
    " numerator denominator value unit value_reason target target_met data_as_of agencies_reporting agencies_expected"
    " quarantined_share",
    "definitions.csv": "kpi_code kpi_version method due_basis name_vi name_en formula_vi formula_en unit target"
    " direction theme numerator_measure numerator_time_rollup numerator_unit_rollup denominator_measure"
    " denominator_time_rollup denominator_unit_rollup legal_basis valid_from valid_to is_confirmed owner",
}
COLUMNS = {name: columns.split() for name, columns in _NAMES.items()}


def sha256(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def canonical(value: Any) -> str:
    """Canonical JSON, RFC 8785."""
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(item)}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if not isinstance(value, float):
        return json.dumps(value, ensure_ascii=False)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value)).normalize(), "f") if value else "0"
    mantissa, exponent = repr(value).split("e")
    return f"{mantissa}e{int(exponent):+d}"


def exact(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value) or canonical(value) != literal:
        raise ValueError(f"not canonical JSON: {literal}")
    return value


def parse(text: str) -> Any:
    """The value of a canonical JSON text; ValueError for any other text."""
    value = json.loads(text, parse_float=exact, parse_constant=exact)
    quick = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if quick != text and canonical(value) != text:
        raise ValueError("not canonical JSON")
    return value


def event_digest(event: Event) -> str:
    """SHA-256 of prev_hash|event_no|occurred_at|actor|kind|body, bars in the actor doubled."""
    fields = (event["prev_hash"], str(event["event_no"]), event["occurred_at"], event["actor"].replace("|", "||"))
    return sha256("|".join((*fields, event["kind"], event["body"])))


def read_chain(lines: Iterable[str], first: int, previous: str) -> tuple[list[Event], str]:
    """Events up to the first one that does not fit, each with its body as `said`; and why it stopped, if it did."""
    events: list[Event] = []
    for expected, line in enumerate(lines, first):
        try:
            event = parse(line)
            fits = (event["event_no"], event["prev_hash"], event_digest(event)) == (
                expected, previous, event["event_hash"],
            )  # fmt: skip
            fits = fits and set(event) == FIELDS
            event["said"] = parse(event["body"])
        except UNREADABLE as error:
            return events, f"{expected}: {error}"
        if not fits:
            return events, f"{expected}: hash"
        previous = event["event_hash"]
        events.append(event)
    return events, ""


def row_text(row: dict[str, str | None]) -> str:
    """A row as the mart digest takes it: its values as text, columns by name."""
    return json.dumps([row[name] for name in sorted(row)], ensure_ascii=False)


def leaf_of(texts: Iterable[str]) -> str:
    return sha256("".join(sorted(map(sha256, texts))))


def model_digest(files: dict[str, bytes]) -> str:
    """Digest of the models by path, in the order of their folders."""
    total = hashlib.sha256()
    for name in sorted(files, key=lambda path: path.split("/")):
        total.update(f"{name}\0".encode() + hashlib.sha256(files[name]).digest())
    return total.hexdigest()


def gate_rows(events: Iterable[Event]) -> Iterator[list[str]]:
    """The table of gate results as the events tell it: one row per check and rule."""
    for event in events:
        if event["kind"] in ("gate_checked", "audit_checked"):
            for rule in event["said"].get("rules") or [{}]:
                values = {**event["said"], **rule, "event_no": event["event_no"]}
                yield ["" if values.get(name) is None else str(values[name]) for name in COLUMNS["gates.csv"]]


class Check:
    """One check of one pack: `findings` are (status, Vietnamese, English); it speaks up to the event `anchored`."""

    def __init__(self, path: Path, own_anchor: Path | None = None) -> None:
        self.path, self.own_anchor = path, own_anchor
        self.findings: list[tuple[int, str, str]] = []
        self.pack: Event = {}
        self.events: list[Event] = []
        self.published: Event = {}
        self.anchored, self.anchored_at = 0, ""

    def run(self) -> int:
        """The exit code; a step that cannot read its part says so and the others go on."""
        try:
            raw = self.path.read_bytes() if self.path.is_file() else b""
            self.zip = zipfile.ZipFile(io.BytesIO(raw)) if raw else None
        except UNREADABLE as error:
            self.say(BROKEN, f"Tệp không mở được: {error}", f"The file can't be opened: {error}")
            return BROKEN
        if raw:
            whole = raw[-64:] == sha256(raw[:-64]).encode()
            self.say(OK if whole else BROKEN, "Tệp nén còn nguyên", "The archive is as it was written")
        for step in (self.contents, self.chain, self.anchors, self.publish, self.gates, self.manifests, self.leaves,
                     self.figures, self.definitions, self.queries):  # fmt: skip
            try:
                step()
            except UNREADABLE as error:
                self.say(BROKEN, f"Không đọc được phần {step.__name__}: {error!r}", f"{step.__name__} is unreadable")
        codes = {code for code, _, _ in self.findings}
        return BROKEN if BROKEN in codes else UNKNOWN if UNKNOWN in codes else OK

    def say(self, code: int, vi: str, en: str) -> None:
        self.findings.append((code, vi, en))

    def judge(self, holds: bool, vi: str, en: str) -> None:
        self.say(OK if holds else BROKEN, vi, en)

    def names(self) -> list[str]:
        if self.zip:
            return self.zip.namelist()
        return [path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()]

    def read(self, name: str) -> bytes:
        return self.zip.read(name) if self.zip else (self.path / name).read_bytes()

    def lines(self, name: str) -> list[str]:
        *lines, rest = self.read(name).decode().split("\n")
        if rest:
            raise ValueError(f"{name} ends in the middle of a line")
        return lines

    def rows(self, name: str) -> list[list[str]]:
        """The rows of a table, which has to be written as the exporter writes it, so that every byte counts."""
        text, again = self.read(name).decode(), io.StringIO(newline="")
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
        csv.writer(again, lineterminator="\n").writerows(rows)
        if "\ufeff" + again.getvalue() != text or rows[0] != COLUMNS[name]:
            raise ValueError(f"{name} is written in another way")
        return rows[1:]

    def table(self, name: str) -> list[dict[str, str | None]]:
        return [dict(zip(COLUMNS[name], [value or None for value in row], strict=True)) for row in self.rows(name)]

    def contents(self) -> None:
        """Every file is listed with its digest, and nothing else is there."""
        (line,) = self.lines("pack.json")
        self.pack = parse(line)
        listed, found = self.pack["files"], [name for name in self.names() if name != "pack.json"]
        wrong = sorted(set(listed) ^ set(found)) + [
            n for n in found if n in listed and sha256(self.read(n)) != listed[n]
        ]
        wrong += [] if len(found) == len(set(found)) and self.pack["format"] == 1 else ["pack.json"]
        told = ": " + ", ".join(wrong[:5]) if wrong else ""
        self.judge(not wrong, f"{len(listed)} tệp đúng như danh mục{told}", f"{len(listed)} files as listed{told}")

    def chain(self) -> None:
        first, last, previous = self.pack["first_event"], self.pack["last_event"], GENESIS
        if first > 1:
            previous = {a["event_no"]: a["event_hash"] for a in map(parse, self.lines("anchors.jsonl"))}[first - 1]
        self.events, reason = read_chain(self.lines("events.jsonl"), first, previous)
        reached = first + len(self.events) - 1
        reason = reason or ("" if reached == last else f"{reached + 1}: ?")
        told_vi, told_en = (f"; đứt tại sự kiện {reason}", f"; broken at event {reason}") if reason else ("", "")
        self.judge(
            not reason, f"Chuỗi sự kiện {first}–{reached}{told_vi}", f"Chain of events {first}–{reached}{told_en}"
        )

    def anchors(self) -> None:
        """The pack's anchors, or the auditor's own, which may name events before and after those of the pack."""
        kept = self.own_anchor.read_text("utf-8").split() if self.own_anchor else []
        own = [line for line in kept if line.endswith("}")]
        if len(own) < len(kept):
            self.say(UNKNOWN, "Bản neo bạn giữ có dòng bị cụt", "Your own anchors have a line that was cut off")
        newest = 0
        for event in self.events:
            newest = event["said"]["publish_no"] if event["kind"] == "published" else newest
            event["newest"] = newest or None
        for is_own, lines in ((False, self.lines("anchors.jsonl")), (True, own)):
            held, wrong = self.compare(map(parse, lines), is_own)
            told = f": {wrong[:5]}" if wrong else ""
            if not is_own or self.own_anchor:
                whose = ("bạn giữ", "your own") if is_own else ("trong hồ sơ", "in the pack")
                self.judge(not wrong, f"{len(held)} dòng neo {whose[0]} khớp{told}",
                           f"{len(held)} anchors {whose[1]} agree{told}")  # fmt: skip
                self.anchored, self.anchored_at = max(held, default=(0, ""))

    def compare(self, anchors: Iterable[Event], is_own: bool) -> tuple[list[tuple[int, str]], list[int]]:
        """Events (number, time) that an anchor names as they are, and numbers that are otherwise or gone."""
        by_no, held, wrong = {event["event_no"]: event for event in self.events}, [], []
        for anchor in anchors:
            no, event = anchor["event_no"], by_no.get(anchor["event_no"])
            names = (anchor["event_hash"], anchor["time"], anchor["publish_no"])
            if event and names == (event["event_hash"], event["occurred_at"], event["newest"] or names[2]):
                held.append((no, anchor["time"]))
            elif no >= self.pack["first_event"] and not (is_own and no > self.pack["last_event"]):
                wrong.append(no)
        return held, wrong

    def publish(self) -> None:
        number = self.pack["publish_no"]
        found = [e for e in self.events if e["kind"] == "published" and e["said"]["publish_no"] == number]
        self.published = found[0]["said"]
        no, day = found[0]["event_no"], self.published["business_date"]
        self.say(OK, f"Bản công bố số {number}, ngày {day}: sự kiện {no}", f"Publish {number} of {day}: event {no}")
        last = self.pack["last_event"]
        if self.anchored < last:
            self.say(UNKNOWN, f"Sự kiện {self.anchored + 1}–{last} chưa được neo: nếu bị viết lại thì không thấy",
                     f"Events {self.anchored + 1} to {last} are not anchored: forged ones would not show")  # fmt: skip

    def gates(self) -> None:
        rows = self.rows("gates.csv")
        holds = rows == list(gate_rows(self.events))
        self.judge(holds, f"{len(rows)} kết quả kiểm tra cổng", f"{len(rows)} results of the gates")

    def manifests(self) -> None:
        """One line per registered load: what its landing manifest says, or that it is gone, held against its event."""
        loads = [event["said"] for event in self.events if event["kind"] == "load_registered"]
        lines = [parse(line) for line in self.lines("manifests.jsonl")]
        wrong = [] if [m["load_seq"] for m in lines] == [load["load_seq"] for load in loads] else ["?"]
        certified = self.certificates()
        purged: list[Any] = []
        lost: list[Any] = []
        for load, manifest in zip(loads, lines, strict=False):
            files = [
                {name: file[name] for name in ("bytes", "sha256_landed", "sha256_received")} for file in load["files"]
            ]
            told = {name: load[name] for name in ("load_seq", "dataset", "content_digest")}
            whole = load["content_digest"] == sha256("\n".join(file["sha256_landed"] for file in files))
            if not whole or manifest not in ({**told, "files": files}, {**told, "gone": True}):
                wrong.append(load["load_seq"])
            elif "gone" in manifest:
                named = certified.get(load["load_seq"]) == [file["sha256_landed"] for file in files]
                (purged if named else lost).append(load["load_seq"])
        told_wrong = f": {wrong[:5]}" if wrong else ""
        self.judge(not wrong, f"{len(lines)} bản kê tệp gốc{told_wrong}", f"{len(lines)} landing manifests{told_wrong}")
        if purged:
            self.say(OK, f"Tệp gốc của {len(purged)} lô đã hủy, có chứng nhận: {purged[:5]}",
                     f"Files of {len(purged)} loads were purged, each with its certificate: {purged[:5]}")  # fmt: skip
        if lost:
            self.say(UNKNOWN, f"Tệp gốc của {len(lost)} lô không còn mà không có chứng nhận hủy: {lost[:5]}",
                     f"Files of {len(lost)} loads are gone, and no certificate says so: {lost[:5]}")  # fmt: skip

    def certificates(self) -> dict[Any, list[str]]:
        """Digests of the files of each load that an event of these says was purged."""
        told = [load for event in self.events if event["kind"] == "raw_purged" for load in event["said"]["loads"]]
        return {load["load_seq"]: [file["sha256_landed"] for file in load["files"]] for load in told}

    def leaves(self) -> None:
        self.leaf: dict[tuple[Any, Any], tuple[Any, Any]] = {}
        if self.lacks("leaves.csv", "số liệu, định nghĩa", "figures and definitions"):
            return
        rows = self.table("leaves.csv")
        self.leaf = {(row["relation"], row["month"]): (row["row_count"], row["digest"]) for row in rows}
        texts = sorted(
            "|".join(str(row[n]) for n in ("relation", "month", "row_count", "digest")) + "\n" for row in rows
        )
        holds = sha256("".join(texts)) == self.published["mart_digest"]
        self.judge(holds, "Mã băm của kho số liệu", "Digest of the marts")

    def figures(self) -> None:
        self.held("figures.csv", "kpi_value", "period_start", "số liệu", "figures")

    def definitions(self) -> None:
        self.held("definitions.csv", "dim_kpi", "", "định nghĩa chỉ số", "KPI definitions")

    def held(self, name: str, relation: str, month: str, vi: str, en: str) -> None:
        """A table against the leaves of its relation, one per month."""
        if self.lacks(name, vi, en) or not self.leaf:
            return
        texts: dict[str, list[str]] = {}
        rows = self.table(name)
        for row in rows:
            texts.setdefault(str(row[month]) if month else "0001-01-01", []).append(row_text(row))
        found = {(relation, day): (str(len(month_texts)), leaf_of(month_texts)) for day, month_texts in texts.items()}
        self.judge(found == {key: leaf for key, leaf in self.leaf.items() if key[0] == relation},
                   f"{len(rows)} {vi} đúng như đã công bố", f"{len(rows)} {en} as they were published")  # fmt: skip

    def queries(self) -> None:
        prefix = "queries/dbt_project/"
        files = {n.removeprefix(prefix): self.read(n) for n in self.pack["files"] if n.startswith(prefix)}
        if files or not self.lacks(prefix, "truy vấn", "queries"):
            built = [e["said"] for e in self.events if e["event_no"] == self.published["build_event_no"]]
            holds = built[0]["models"].split(":")[0] == model_digest(files)
            self.judge(holds, f"{len(files)} tệp truy vấn đã dựng ra số liệu", f"{len(files)} files of the queries")

    def lacks(self, name: str, vi: str, en: str) -> bool:
        if name in self.pack["files"]:
            return False
        self.say(
            UNKNOWN, f"Hồ sơ không có {name}: không đối chiếu được {vi}", f"The pack lacks {name}: {en} not compared"
        )
        return True


def main(arguments: list[str]) -> int:
    own = arguments[arguments.index("--anchor") + 1 :][:1] if "--anchor" in arguments else []
    paths = [item for item in arguments if item not in ("--anchor", *own)]
    path = Path(paths[0]) if paths else Path(__file__).resolve().parent
    if len(paths) > 1 or ("--anchor" in arguments and not own):
        print(__doc__, file=sys.stderr)
        return 2
    if not path.exists() or (own and not Path(own[0]).is_file()):
        print(f"Không có tệp này · no such file: {path} {' '.join(own)}", file=sys.stderr)
        return UNKNOWN
    check = Check(path, Path(own[0]) if own else None)
    code = check.run()
    for status, vi, en in check.findings:
        print(f"[{WORDS[status]}] {vi} · {en}")
    if check.anchored:
        moment = datetime.strptime(check.anchored_at, "%Y-%m-%dT%H:%M:%S.%fZ") + timedelta(hours=7)
        print(f"Nói được đến sự kiện {check.anchored} ({moment:%d/%m/%Y %H:%M}, giờ Việt Nam)"
              f" · speaks up to event {check.anchored}")  # fmt: skip
    else:
        print("Không có dòng neo nào khớp: không nói chắc được sự kiện nào · no anchor agrees: vouches for no event")
    if not own:
        print("Dòng neo trên nằm trong chính hồ sơ; đối chiếu với bản neo của bạn bằng --anchor"
              " · these anchors came with the pack; compare with a copy of your own by --anchor")  # fmt: skip
    print(f"Kết luận · verdict: {WORDS[code]}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
