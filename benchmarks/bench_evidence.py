"""A year of events through the verifier: 365 nights of 60 events, with bodies as long as those of real nights.

Prints seconds of wall clock and of the processor. The pack has the ledger, its anchors, gate results and manifests, and
no figures, whose number does not depend on the length of the ledger.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from egov_kpi.evidence import pack, verify

RULES = 35


def body(kind: str, night: int, number: int) -> dict[str, Any]:
    if kind == "published":
        return {"publish_no": night, "business_date": "2023-03-06", "mart_digest": "0" * 64, "build_event_no": 1}
    digest = verify.sha256(str(number))
    if kind == "load_registered":
        files = [{"name": f"{digest}.csv", "bytes": number, "sha256_landed": digest, "sha256_received": digest}]
        return {
            "load_seq": number,
            "dataset": "one_stop.dossiers",
            "files": files,
            "content_digest": verify.sha256(digest),
        }
    rule = {"severity": "critical", "action": "quarantine", "success": True, "failed_rows": number}
    return {
        "load_seq": number,
        "verdict": "pass",
        "rules": [{**rule, "rule_id": f"GATE-{n:03d}"} for n in range(RULES)],
    }


def year(nights: int, per_night: int) -> bytes:
    events: list[dict[str, Any]] = []
    anchors: list[dict[str, Any]] = []
    for number in range(1, nights * per_night + 1):
        night, step = (number - 1) // per_night + 1, number % per_night
        kind = "published" if step == 0 else ("load_registered", "gate_checked")[step % 2]
        event = {
            "event_no": number,
            "occurred_at": "2023-03-06T19:00:00.000001Z",
            "actor": "egov_loader",
            "kind": kind,
            "body": verify.canonical(body(kind, night, number)),
            "prev_hash": events[-1]["event_hash"] if events else verify.GENESIS,
        }
        events.append({**event, "event_hash": verify.event_digest(event)})
        if step == 0:
            named = {"event_no": number, "event_hash": events[-1]["event_hash"], "time": event["occurred_at"]}
            anchors.append({**named, "publish_no": night})
    told = [{**event, "said": verify.parse(event["body"])} for event in events]
    loads = [event["said"] for event in told if event["kind"] == "load_registered"]
    members = {
        "events.jsonl": b"".join(map(pack.line, events)),
        "anchors.jsonl": b"".join(map(pack.line, anchors)),
        "gates.csv": verify.table("gates.csv", verify.gate_rows(told)),
        "manifests.jsonl": b"".join(pack.line(verify.gone_of(verify.manifest_of(load))) for load in loads),
    }
    return pack.pack(members, nights, 1, len(events))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--events", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.zip"
        path.write_bytes(year(given.nights, given.events))
        wall, processor = time.perf_counter(), time.process_time()
        check = verify.Check(path)
        check.run()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    broken = [en for code, _, en in check.findings if code == verify.BROKEN]
    count = given.nights * given.events
    print(f"{count} events, anchored up to {check.anchored}: {wall:.1f} s, {processor:.1f} s of the processor")
    raise SystemExit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
