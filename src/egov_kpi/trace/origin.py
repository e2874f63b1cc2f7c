"""Where rows came from: the loads that brought them, with manifest, account, verdict and every rule that was asked."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from egov_kpi.ledger.purges import purged
from egov_kpi.trace.rows import Row

Connection = psycopg.Connection[tuple[Any, ...]]

_WORKBOOK = re.compile(r"\.xls[xmb]?$", re.IGNORECASE)
_BY_PLACE = itemgetter(*(Row._fields.index(name) for name in ("row_no", "observed_date", "key")))
_LOADS = """
    select l.load_seq, l.dataset, l.shape, l.business_date, l.snapshot_date, l.window_from, l.window_to,
        l.content_digest, l.landing_path, l.replay_of, l.code_version, l.run_id, l.registered_at,
        registered.actor as registered_by,
        a.received, a.withheld, a.landed, a.accepted, a.unchanged, a.quarantined, a.duplicate, a.structural,
        a.decided_at, gate.body_json as gate, r.reason as revoked_because, r.revoked_at
    from ledger.load as l
    inner join ledger.event as registered on registered.event_no = l.event_no
    left join ledger.account as a using (load_seq)
    left join ledger.revoked_load as r using (load_seq)
    left join lateral (
        select e.body_json from ledger.event as e
        where e.kind = 'gate_checked' and (e.body_json ->> 'load_seq')::bigint = l.load_seq
        order by e.event_no desc limit 1
    ) as gate on true
    where l.load_seq = any(%s)
    order by l.load_seq
"""
_ACCOUNT = ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural")
_MANIFEST = ("content_digest", "landing_path", "snapshot_date", "window_from", "window_to")
_OWN = (
    "load_seq", "dataset", "shape", "business_date", "replay_of", "code_version", "run_id", "registered_at",
    "registered_by", "decided_at", "revoked_because", "revoked_at",
)  # fmt: skip


def loads(conn: Connection, numbers: Collection[int]) -> list[dict[str, Any]]:
    """The loads of those numbers: `manifest` with files, `account`, `verdict`, `rules` passed, failed, waived, and
    `purged`, the certificate where rows and files are gone."""
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_LOADS, (sorted(numbers),)).fetchall()
    files = _files(conn, numbers)
    gone = purged(conn)
    return [
        {
            **_load(told, [entry for entry in files if entry["load_seq"] == told["load_seq"]]),
            "purged": gone[told["load_seq"]].as_dict() if told["load_seq"] in gone else None,
        }
        for told in found
    ]


def references(conn: Connection, rows: Iterable[Row], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row as an inspector asks for it: dataset, file digest, file name, sheet, row number; in that order."""
    sheets = _sheets(conn, told)
    placed = {
        (load["load_seq"], entry["sha256_landed"]): (load["dataset"], entry["name"])
        for load in told
        for entry in load["manifest"]["files"]
    }
    of_file: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in rows:
        of_file[row.load_seq, row.file_digest].append(row)

    def place(file: tuple[int, str]) -> tuple[str, int, str, str]:
        dataset, name = placed[file]
        return dataset, file[0], name, file[1]

    # in the order of the fields of a row: taken apart at once, half a million of them cost half the time
    return [
        {
            "dataset": placed[file][0],
            "load_seq": load_seq,
            "file_digest": file_digest,
            "file": placed[file][1],
            "sheet": sheets.get(file),
            "row": row_no,
            "agency_code": agency_code,
            "day": day,
            "key": key or None,
            "amount": amount,
        }
        for file in sorted(of_file, key=place)
        for agency_code, load_seq, file_digest, row_no, day, key, amount, _, _, _ in sorted(
            of_file[file], key=_BY_PLACE
        )
    ]


def _load(told: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
    gate = told["gate"] or {}
    manifest_files = [{name: value for name, value in entry.items() if name != "load_seq"} for entry in files]
    return {
        **{name: told[name] for name in _OWN},
        "manifest": {**{name: told[name] for name in _MANIFEST}, "files": manifest_files},
        "account": {name: told[name] for name in _ACCOUNT},
        "verdict": gate.get("verdict"),
        "rules": _rules(gate.get("rules", [])),
    }


def _rules(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Rules by outcome. A rule that failed and was waived for all its rows is waived; for some of them, both."""
    waived = [result for result in results if result.get("waivers")]
    failed = [
        result
        for result in results
        if not result["success"] and not (result.get("waivers") and result["waived_rows"] >= result["failed_rows"])
    ]
    return {
        "passed": [result["rule_id"] for result in results if result["success"]],
        "failed": [_told(result, "severity", "action", "failed_rows") for result in failed],
        "waived": [_told(result, "severity", "failed_rows", "waived_rows", "waivers") for result in waived],
    }


def _told(result: dict[str, Any], *names: str) -> dict[str, Any]:
    return {"rule_id": result["rule_id"], **{name: result[name] for name in names}}


def _files(conn: Connection, numbers: Collection[int]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select load_seq, file_no, name, bytes, sha256_received, sha256_landed from ledger.load_file"
            " where load_seq = any(%s) order by load_seq, file_no",
            (sorted(numbers),),
        ).fetchall()


def _sheets(conn: Connection, told: list[dict[str, Any]]) -> dict[tuple[int, str], str]:
    """The sheet of each workbook: a contract reads one sheet of a file."""
    workbooks: dict[str, list[int]] = {}
    for load in told:
        if any(_WORKBOOK.search(entry["name"]) for entry in load["manifest"]["files"]):
            workbooks.setdefault(load["dataset"], []).append(load["load_seq"])
    sheets: dict[tuple[int, str], str] = {}
    for dataset, numbers in workbooks.items():
        query = sql.SQL("select distinct load_seq, file_digest, sheet from {} where load_seq = any(%s)").format(
            sql.Identifier("raw", dataset.replace(".", "__"))
        )
        sheets |= {(load, digest): sheet for load, digest, sheet in conn.execute(query, (numbers,)) if sheet}
    return sheets
