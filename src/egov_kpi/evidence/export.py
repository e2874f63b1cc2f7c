"""Everything about one publish that an auditor checks on another machine: `egov-kpi evidence export`.

Read as the auditor, who sees no pseudonym. The ledger leads: each part of a pack is held against an event, and a part
that has no digest under one is left out rather than taken on trust.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.evidence import pack, readme, verify
from egov_kpi.evidence.anchor import MOMENT, Anchor, covering, known_anchors
from egov_kpi.evidence.queries import model_sources
from egov_kpi.landing.model import MANIFEST, delivery_from_manifest
from egov_kpi.ledger.events import append
from egov_kpi.publish.publish import KEYS
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

_NUMERIC = frozenset({"numerator", "denominator", "value", "target", "quarantined_share"})
_DATES = frozenset({"period_start", "data_as_of"})
_EVENT_COLUMNS = ("event_no", "occurred_at", "actor", "kind", "body", "prev_hash", "event_hash")


@dataclass(frozen=True)
class Segment:
    """The events of a pack, both ends included, and the publish among them."""

    first: int
    last: int
    published: dict[str, Any]


@dataclass(frozen=True)
class ExportResult:
    """A written pack. `verdict` is the verifier's exit code for it, `anchored_event` how far it can speak."""

    path: Path
    publish_no: int
    sha256: str
    first_event: int
    last_event: int
    anchored_event: int
    verdict: int
    findings: tuple[tuple[int, str, str], ...]


def export(settings: Settings, publish_no: int, path: Path, since_anchor: bool = False) -> ExportResult:
    """Write the pack of a publish, check it, and note its digest in the ledger.

    The events go from the first one, or from the last anchor before the publish was built, to the first anchor that
    covers the publish and the certificates of loads that were purged since.
    EGOV-EVIDENCE-004 without such a publish, -005 where a file is in the way.
    """
    if path.exists():
        raise EgovError("EGOV-EVIDENCE-005", file=path)
    anchors = known_anchors(settings)
    with connect("auditor", settings) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        segment = _segment(conn, settings, anchors, publish_no, since_anchor)
        told = _events(conn, segment)
        members = _members(conn, settings, segment, anchors, told)
    content = pack.pack(members, publish_no, segment.first, segment.last)
    pack.write_new(path, content)
    return _checked(settings, path, segment, hashlib.sha256(content).hexdigest())


def _checked(settings: Settings, path: Path, segment: Segment, digest: str) -> ExportResult:
    check = verify.Check(path)
    code = check.run()
    number = int(segment.published["publish_no"])
    with connect("auditor", settings) as conn:
        body = {"publish_no": number, "sha256": digest, "first_event": segment.first, "last_event": segment.last}
        append(conn, "evidence_exported", {**body, "verdict": code})
    findings = tuple(check.findings)
    return ExportResult(path, number, digest, segment.first, segment.last, check.anchored, code, findings)


def _segment(
    conn: Connection, settings: Settings, anchors: list[Anchor], publish_no: int, since_anchor: bool
) -> Segment:
    row = conn.execute(
        "select event_no, body_json from ledger.event"
        " where kind = 'published' and (body_json ->> 'publish_no')::bigint = %s",
        (publish_no,),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-EVIDENCE-004", publish_no=publish_no)
    event_no, published = row
    before = [anchor.event_no for anchor in anchors if anchor.event_no < published["build_event_no"]]
    first = max(before, default=0) + 1 if since_anchor else 1
    return Segment(first, _last_event(conn, settings, event_no), published)


def _last_event(conn: Connection, settings: Settings, event_no: int) -> int:
    """The end of a segment: an anchor behind the publish, and behind the certificate of each purged load in it."""
    last = covering(settings, event_no)
    while True:
        row = conn.execute(
            "select max(p.event_no) from ledger.purged_load as p inner join ledger.load as l using (load_seq)"
            " where l.event_no <= %s",
            (last,),
        ).fetchone()
        certificate = row[0] if row and row[0] else 0
        if certificate <= last:
            return last
        last = covering(settings, certificate)


def _members(
    conn: Connection, settings: Settings, segment: Segment, anchors: list[Anchor], told: list[dict[str, Any]]
) -> dict[str, bytes]:
    number = int(segment.published["publish_no"])
    built = [event["said"] for event in told if event["event_no"] == segment.published["build_event_no"]]
    named = [anchor for anchor in anchors if segment.first - 1 <= anchor.event_no <= segment.last]
    return {
        "README.md": readme.text(number, segment.published).encode(),
        "verify.py": Path(verify.__file__).read_bytes(),
        "events.jsonl": b"".join(pack.line({name: event[name] for name in _EVENT_COLUMNS}) for event in told),
        "anchors.jsonl": b"".join(f"{anchor.line}\n".encode() for anchor in named),
        "gates.csv": verify.table("gates.csv", verify.gate_rows(told)),
        "manifests.jsonl": b"".join(
            pack.line(_manifest(settings, event["said"])) for event in told if event["kind"] == "load_registered"
        ),
        "figures.csv": verify.table("figures.csv", _figures(conn, number)),
        **_leaves(conn, segment.published),
        **_queries(settings, built, segment.published),
    }


def _events(conn: Connection, segment: Segment) -> list[dict[str, Any]]:
    rows = conn.execute(
        f"select e.event_no, {MOMENT}, e.actor, e.kind, e.body, e.prev_hash, e.event_hash"  # noqa: S608
        " from ledger.event as e where e.event_no between %s and %s order by e.event_no",
        (segment.first, segment.last),
    ).fetchall()
    events = [dict(zip(_EVENT_COLUMNS, row, strict=True)) for row in rows]
    # The chain may be broken: what its good part tells is shown, and the verifier says the rest.
    return [{**event, "said": json.loads(event["body"])} for event in events]


def _manifest(settings: Settings, load: dict[str, Any]) -> dict[str, Any]:
    """What the landing zone says of a load today: no name of a file, no address of a source."""
    folder = settings.landing_dir / load["landing_path"]
    if not (folder / MANIFEST).exists():
        return verify.gone_of(verify.manifest_of(load))
    delivery = delivery_from_manifest(folder)
    said = {"dataset": delivery.contract_id, "content_digest": delivery.content_digest}
    return verify.manifest_of({**load, **said, "files": [asdict(file) for file in delivery.files]})


def _figures(conn: Connection, publish_no: int) -> list[tuple[Any, ...]]:
    """The figures of a publish as text, as the mart digest takes them, by key."""
    keys = sql.SQL(", ").join(map(sql.Identifier, KEYS))
    query = sql.SQL(
        "select {values} from (select distinct on ({keys}) * from ledger.kpi_value_log where publish_no <= %s"
        " order by {keys}, publish_no desc) as newest where op = 'upsert' order by {order}"
    ).format(
        values=sql.SQL(", ").join(map(_text_of, verify.COLUMNS["figures.csv"])),
        keys=keys,
        order=sql.SQL(", ").join(sql.SQL('{}::text collate "C"').format(sql.Identifier(key)) for key in KEYS),
    )
    return conn.execute(query, (publish_no,)).fetchall()


def _text_of(column: str) -> sql.Composable:
    if column in _NUMERIC:
        return sql.SQL("trim_scale({})::text").format(sql.Identifier(column))
    if column in _DATES:
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(sql.Identifier(column))
    return sql.SQL("{}::text").format(sql.Identifier(column))


def _leaves(conn: Connection, published: dict[str, Any]) -> dict[str, bytes]:
    """Leaves under the mart digest and the definitions under theirs; none for a publish that kept none."""
    rows = conn.execute(
        "select relation, to_char(month, 'YYYY-MM-DD'), row_count::text, digest from ("
        "select distinct on (relation, month) * from ledger.mart_leaf_log where publish_no <= %s"
        " order by relation, month, publish_no desc) as newest where op = 'upsert'"
        ' order by relation collate "C", month',
        (published["publish_no"],),
    ).fetchall()
    root = hashlib.sha256("".join(sorted("|".join(row) + "\n" for row in rows)).encode()).hexdigest()
    if root != published["mart_digest"]:
        return {}
    definitions = [row[3] for row in rows if row[0] == "dim_kpi"]
    found = {"leaves.csv": verify.table("leaves.csv", rows)}
    return {**found, "definitions.csv": _definitions(conn, definitions[0])} if definitions else found


def _definitions(conn: Connection, leaf: str) -> bytes:
    rows = conn.execute(
        "select definition::text from ledger.kpi_definition_log where leaf_digest = %s order by definition_no", (leaf,)
    ).fetchall()
    columns = verify.COLUMNS["definitions.csv"]
    found = [json.loads(row[0], parse_float=Decimal) for row in rows]
    return verify.table("definitions.csv", [[_as_text(item[name]) for name in columns] for item in found])


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return None if value is None else str(value)


def _queries(settings: Settings, built: list[dict[str, Any]], published: dict[str, Any]) -> dict[str, bytes]:
    """Models and seeds with the digest that the build of this publish names; none when they are not to be had."""
    if not built:
        return {}
    wanted = str(built[0]["models"]).split(":")[0]
    sources = model_sources(settings, wanted, str(published["code_version"]))
    return {f"queries/dbt_project/{name}": content for name, content in sources.items()}
