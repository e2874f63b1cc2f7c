"""A ledger and packs of it in plain Python: true ones, and those of somebody who can write anything but the anchors."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egov_kpi.evidence import pack, verify

Event = dict[str, Any]

MODELS = {
    "models/marts/kpi_value.sql": "select 1 as giá_trị\n".encode(),
    "models/marts/kpi_value_history.sql": b"select 2\n",
    "seeds/agency.csv": "code,name\n823,Gò Công Tây\n".encode(),
}


def event(number: int, kind: str, said: dict[str, Any], previous: str) -> Event:
    body = verify.canonical(said)
    told = {
        "event_no": number,
        "occurred_at": f"2023-03-{1 + number // 1440 % 28:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00.000001Z",
        "actor": "egov_loader",
        "kind": kind,
        "body": body,
        "prev_hash": previous,
    }
    return {**told, "event_hash": verify.event_digest(told)}


def chained(told: list[tuple[str, dict[str, Any]]]) -> list[Event]:
    """The chain of these events from its beginning: what a forger does who has the whole database."""
    events: list[Event] = []
    for number, (kind, said) in enumerate(told, 1):
        events.append(event(number, kind, said, events[-1]["event_hash"] if events else verify.GENESIS))
    return events


def load(number: int) -> list[tuple[str, dict[str, Any]]]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    files = [{"name": f"{number}.csv", "bytes": number, "sha256_landed": digest, "sha256_received": digest}]
    rules = [
        {"rule_id": f"GATE-{rule:03d}", "severity": "critical", "action": "block", "success": True, "failed_rows": 0}
        for rule in range(3)
    ]
    registered = {"load_seq": number, "dataset": "one_stop.dossiers", "files": files}
    return [
        ("load_registered", {**registered, "content_digest": hashlib.sha256(digest.encode()).hexdigest()}),
        ("gate_checked", {"load_seq": number, "verdict": "pass", "rules": rules, "share": 0.25}),
        ("load_promoted", {"load_seq": number, "note": "Đã nhận · “quoted”, \\ and \u0007"}),
    ]


def row_of(name: str, **values: str) -> dict[str, str | None]:
    """A row of that table; what is not given is NULL, or the column's own name where it may be text."""
    return {column: values.get(column, f"{column} “x”, y" if column > "o" else None) for column in verify.COLUMNS[name]}


def figures(publish_no: int) -> list[dict[str, str | None]]:
    return [
        row_of("figures.csv", kpi_code=f"kpi_{number}", period_start=month, value=f"{number * publish_no}.5")
        for month in ("2023-01-01", "2023-02-01")
        for number in range(6)
    ]


def definitions() -> list[dict[str, str | None]]:
    return [row_of("definitions.csv", kpi_code=f"kpi_{number}", name_vi=f"Chỉ số {number}") for number in range(6)]


def table(name: str, rows: list[dict[str, str | None]]) -> bytes:
    return verify.table(name, [list(row.values()) for row in rows])


def leaves(publish_no: int) -> list[tuple[str, str, str, str]]:
    found = []
    for month in ("2023-01-01", "2023-02-01"):
        rows = [row for row in figures(publish_no) if row["period_start"] == month]
        found.append(("kpi_value", month, str(len(rows)), verify.leaf_of(rows)))
    return [("dim_kpi", "0001-01-01", str(len(definitions())), verify.leaf_of(definitions())), *found]


def root(publish_no: int) -> str:
    return verify.sha256("".join(sorted("|".join(leaf) + "\n" for leaf in leaves(publish_no))))


@dataclass
class Ledger:
    """Nights of three loads, a build and a publish; an anchor after each of the first `anchored` nights."""

    nights: int = 3
    anchored: int = 2
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    anchors: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for night in range(1, self.nights + 1):
            for number in range(night * 3 - 2, night * 3 + 1):
                self.told += load(number)
            self.told.append(("colour_built", {"models": f"{verify.model_digest(MODELS)}:9", "colour": "blue"}))
            body = {"publish_no": night, "business_date": f"2023-03-0{night % 9 + 1}", "mart_digest": root(night)}
            self.told.append(("published", {**body, "build_event_no": len(self.told)}))
        self.true = chained(self.told)
        for night in range(1, self.anchored + 1):
            last = self.true[night * self.events_per_night - 1]
            named = {"event_no": last["event_no"], "event_hash": last["event_hash"], "time": last["occurred_at"]}
            self.anchors.append({**named, "publish_no": night})

    @property
    def events_per_night(self) -> int:
        return len(self.told) // self.nights

    @property
    def last_anchor(self) -> int:
        return int(self.anchors[-1]["event_no"])

    def members(self, publish_no: int, events: list[Event] | None = None) -> dict[str, bytes]:
        """What a pack of that publish holds, with these events in place of the true ones."""
        events = self.true if events is None else events
        told = [{**item, "said": verify.parse(item["body"])} for item in events]
        loads = [item["said"] for item in told if item["kind"] == "load_registered"]
        return {
            "README.md": b"# README\n",
            "verify.py": Path(verify.__file__).read_bytes(),
            "events.jsonl": b"".join(map(pack.line, events)),
            "anchors.jsonl": b"".join(map(pack.line, self.anchors)),
            "gates.csv": verify.table("gates.csv", verify.gate_rows(told)),
            "manifests.jsonl": b"".join(map(pack.line, map(manifest, loads))),
            "figures.csv": table("figures.csv", figures(publish_no)),
            "definitions.csv": table("definitions.csv", definitions()),
            "leaves.csv": verify.table("leaves.csv", leaves(publish_no)),
            **{f"queries/dbt_project/{name}": content for name, content in MODELS.items()},
        }


def manifest(load: dict[str, Any]) -> dict[str, Any]:
    files = [{name: value for name, value in item.items() if name != "name"} for item in load["files"]]
    return {**{name: load[name] for name in ("load_seq", "dataset", "content_digest")}, "files": files}


def checked(path: Path, content: bytes, own_anchor: Path | None = None) -> verify.Check:
    """The verifier after it has run on these bytes; `code` is its exit code."""
    path.write_bytes(content)
    check = verify.Check(path, own_anchor)
    check.code = check.run()  # type: ignore[attr-defined]
    return check
