"""Packs and anchors of a real database: what a publish keeps, what a pack has in it, and what never is."""

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from psycopg import sql
from publish_stubs import NEXT_NIGHT, NIGHT, Stubs

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.evidence import verify
from egov_kpi.evidence.anchor import anchor_after_publish, anchor_head, known_anchors
from egov_kpi.evidence.export import ExportResult, export
from egov_kpi.ledger.events import append
from egov_kpi.night import build as nights
from egov_kpi.night import nightly, tasks
from egov_kpi.night.progress import Progress
from egov_kpi.publish import build as building
from egov_kpi.publish.publish import publish
from egov_kpi.publish.rollback import resume, rollback
from egov_kpi.settings import Settings

# Told apart from anything that a pack may rightly hold.
CANARIES = ("Nguyễn Thị Chim Hoàng Yến", "0912345678canary", "c4na4y" * 10)
DEFINITION = {
    "kpi_code": "load", "kpi_version": 1, "method": "-", "due_basis": "-", "theme": "online_service",
    "name_vi": "Lô nạp", "name_en": "Loads", "formula_vi": "Số lô, “đếm”", "formula_en": "Loads, counted",
    "numerator_measure": "load", "numerator_time_rollup": "sum", "numerator_unit_rollup": "sum", "unit": "count",
    "target": "90.50", "legal_basis": "Nghị định", "valid_from": "2021-01-01", "is_confirmed": True, "owner": "VP",
}  # fmt: skip


def fill(stubs: Stubs) -> None:
    """What a build leaves beside figures: facts with pseudonyms."""
    colour = stubs.runs[-1]["colour"]
    with connect("builder", stubs.settings) as conn:
        conn.execute("select publish.ensure_partitions(%s, 'fct_mail_account', array[date '2023-03-01'])", (colour,))
        table = sql.Identifier(colour, "fct_mail_account")
        conn.execute(sql.SQL("delete from {}").format(table))
        conn.execute(
            sql.SQL(
                "insert into {} (snapshot_date, mailbox_hash, business_month, agency_code, account_status, is_issued,"
                " is_used, load_seq, file_digest, row_no) values ('2023-03-01', {}, '2023-03-01', '823', 'active',"
                " true, true, 1, 'x', 1)"
            ).format(table, sql.Literal(CANARIES[2]))
        )


def landed(stubs: Stubs, number: int) -> None:
    """A load whose landing folder is full of what must stay there."""
    digest = verify.sha256(f"content {number}")
    path = f"one_stop/dossiers/{digest[:2]}/{digest}"
    file = {"bytes": 9, "sha256_landed": digest, "sha256_received": digest}
    content = verify.sha256(digest)
    folder = stubs.settings.landing_dir / path
    folder.mkdir(parents=True)
    (folder / "export.csv").write_text(", ".join(CANARIES))
    entry = {**file, "name": "export.csv", "format": "csv", "rows_declared": 1, "rows_withheld": 0}
    manifest = {
        "contract_id": "one_stop.dossiers", "source": f"hand/{CANARIES[0]}/{CANARIES[1]}", "received_at": "2023-03-06",
        "snapshot_date": None, "window_from": None, "window_to": None, "content_digest": content, "files": [entry],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with connect("loader", stubs.settings) as conn:
        row = conn.execute("select nextval('ledger.load_seq')").fetchone()
        load_seq = int(row[0]) if row else 0
        body = {
            "load_seq": load_seq, "dataset": "one_stop.dossiers", "load_key": f"key {load_seq}",
            "content_digest": content, "landing_path": path, "files": [{**file, "name": "export.csv"}],
        }  # fmt: skip
        append(conn, "load_registered", body)
        rule = {"rule_id": "GATE-ONE-001", "severity": "critical", "action": "block", "success": True, "failed_rows": 0}
        append(conn, "gate_checked", {"load_seq": load_seq, "verdict": "pass", "rules": [rule]})
        conn.commit()
    stubs.decide(load_seq)


def night(stubs: Stubs, number: int, day: date = NIGHT) -> int:
    landed(stubs, number)
    building.build(stubs.settings, day)
    return publish(stubs.settings, day).publish_no


@pytest.fixture
def published(stubs: Stubs) -> Stubs:
    """One publish, anchored."""
    stubs.definition = DEFINITION
    stubs.during_build = lambda: fill(stubs)
    night(stubs, 1)
    anchor_head(stubs.settings)
    return stubs


def exported(stubs: Stubs, tmp_path: Path, publish_no: int = 1, name: str = "pack.zip", **how: Any) -> ExportResult:
    return export(stubs.settings, publish_no, tmp_path / name, **how)


def rows_of(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def events(settings: Settings, kind: str) -> list[dict[str, Any]]:
    with connect("auditor", settings) as conn:
        rows = conn.execute("select body_json from ledger.event where kind = %s order by event_no", (kind,)).fetchall()
    return [row[0] for row in rows]


def test_a_pack_holds_together_and_is_noted_in_the_ledger(published: Stubs, tmp_path: Path) -> None:
    result = exported(published, tmp_path)
    assert result.verdict == verify.OK, result.findings
    assert (result.first_event, result.last_event, result.anchored_event) == (1, 7, 7)
    (noted,) = events(published.settings, "evidence_exported")
    assert (noted["publish_no"], noted["sha256"]) == (1, result.sha256)
    (figure,) = rows_of(result.path, "figures.csv")
    assert (figure["kpi_code"], figure["agency_code"], figure["value"]) == ("load", "1", "1")
    (definition,) = rows_of(result.path, "definitions.csv")
    assert (definition["formula_vi"], definition["target"], definition["valid_to"]) == ("Số lô, “đếm”", "90.5", "")
    assert [row["rule_id"] for row in rows_of(result.path, "gates.csv")] == ["GATE-ONE-001", ""]
    with zipfile.ZipFile(result.path) as archive:
        assert archive.read("queries/dbt_project/model.sql") == b"select 1\n"


def test_nothing_personal_is_in_it(published: Stubs, tmp_path: Path) -> None:
    result = exported(published, tmp_path)
    with zipfile.ZipFile(result.path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert not [
        (name, canary) for name, content in contents.items() for canary in CANARIES if canary.encode() in content
    ]
    assert [name for name, content in contents.items() if b"export.csv" in content] == ["events.jsonl"]


def test_a_publish_has_the_same_pack_whenever_it_is_asked_for(published: Stubs, tmp_path: Path) -> None:
    first = exported(published, tmp_path)
    assert exported(published, tmp_path, name="again.zip").path.read_bytes() == first.path.read_bytes()
    # two publishes later both colours have been built over
    for number in (2, 3):
        night(published, number, NEXT_NIGHT)
        anchor_head(published.settings)
    later = exported(published, tmp_path, name="later.zip")
    assert later.path.read_bytes() == first.path.read_bytes()
    third = exported(published, tmp_path, 3, "third.zip")
    assert third.verdict == verify.OK, third.findings
    assert [row["agency_code"] for row in rows_of(third.path, "figures.csv")] == ["1", "2", "3"]


def test_a_short_pack_begins_at_the_anchor_before_the_publish(published: Stubs, tmp_path: Path) -> None:
    night(published, 2, NEXT_NIGHT)
    anchor_head(published.settings)
    result = exported(published, tmp_path, 2, since_anchor=True)
    assert result.verdict == verify.OK, result.findings
    assert (result.first_event, result.anchored_event) == (8, result.last_event)


def test_leaves_follow_the_newest_publish_over_a_rollback(published: Stubs, tmp_path: Path) -> None:
    night(published, 2, NEXT_NIGHT)
    rollback("a test", published.settings)
    resume(published.settings)
    night(published, 3, NEXT_NIGHT)
    anchor_head(published.settings)
    for number in (1, 2, 3):
        result = exported(published, tmp_path, number, f"{number}.zip")
        assert result.verdict == verify.OK, result.findings


def test_a_publish_without_an_anchor_is_said_to_be_no_full_proof(stubs: Stubs, tmp_path: Path) -> None:
    stubs.definition = DEFINITION
    stubs.during_build = lambda: fill(stubs)
    night(stubs, 1)
    result = exported(stubs, tmp_path)
    assert (result.verdict, result.anchored_event) == (verify.UNKNOWN, 0)


def test_a_pack_reaches_an_anchor_of_every_place(published: Stubs, tmp_path: Path) -> None:
    """A place that was named later lacks the first anchor behind the publish: the pack goes on to one that it has."""
    night(published, 2, NEXT_NIGHT)
    own = tmp_path / "auditor.jsonl"
    settings = published.settings.model_copy(update={"anchor": str(own)})
    anchor_head(settings)
    result = export(settings, 1, tmp_path / "pack.zip")
    check = verify.Check(result.path, own)
    assert (check.run(), check.anchored, result.last_event) == (verify.OK, result.last_event, 14), check.findings


def test_an_edited_figure_is_found(published: Stubs, tmp_path: Path) -> None:
    with connect("superuser", published.settings) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute("update ledger.kpi_value_log set value = 99")
    result = exported(published, tmp_path)
    assert result.verdict == verify.BROKEN
    (wrong,) = [en for code, _, en in result.findings if code]
    assert wrong.startswith("Figures as published: ('kpi_value', '2023-03-01', '1', ")


def test_a_changed_landing_manifest_is_found_and_a_lost_one_is_said(published: Stubs, tmp_path: Path) -> None:
    (manifest,) = published.settings.landing_dir.rglob("manifest.json")
    manifest.write_text(manifest.read_text().replace('"bytes": 9', '"bytes": 8'))
    changed = exported(published, tmp_path)
    assert [en for code, _, en in changed.findings if code == verify.BROKEN] == ["Landing manifests as registered: 1"]
    manifest.unlink()
    gone = exported(published, tmp_path, name="gone.zip")
    assert gone.verdict == verify.UNKNOWN
    assert [en for code, _, en in gone.findings if code] == [
        "Loads whose files are gone, with a certificate: không có · none for 1"
    ]


def test_a_purged_landing_folder_has_its_certificate_in_the_pack(published: Stubs, tmp_path: Path) -> None:
    night(published, 2, NEXT_NIGHT)
    before = exported(published, tmp_path)
    ((_, first), *_) = loads_of(published.settings)
    certificate = {"month": "2021-01-01", "loads": [{"load_seq": 1, "rows": 0, "files": first}]}
    with connect("custodian", published.settings) as conn:
        event_no = append(conn, "raw_purged", certificate)
    rmtree(next(path.parent for path in published.settings.landing_dir.rglob("manifest.json") if first_of(path, first)))
    anchor_head(published.settings)
    gone = exported(published, tmp_path, name="gone.zip")
    assert (gone.verdict, gone.last_event >= event_no > before.last_event) == (verify.OK, True), gone.findings
    assert (verify.OK, "Loads whose files are gone, with a certificate: 1") in [(c, en) for c, _, en in gone.findings]
    with zipfile.ZipFile(gone.path) as archive:
        assert archive.read("manifests.jsonl").count(b'"gone":true') == 1


def loads_of(settings: Settings) -> list[tuple[int, list[dict[str, Any]]]]:
    names = ("sha256_landed", "bytes")
    return [
        (body["load_seq"], [{name: file[name] for name in names} for file in body["files"]])
        for body in events(settings, "load_registered")
    ]


def first_of(manifest: Path, files: list[dict[str, Any]]) -> bool:
    return str(files[0]["sha256_landed"]) in manifest.read_text(encoding="utf-8")


def test_refusals(published: Stubs, tmp_path: Path) -> None:
    with pytest.raises(EgovError) as caught:
        exported(published, tmp_path, 7)
    assert caught.value.code == "EGOV-EVIDENCE-004"
    (tmp_path / "there.zip").write_text("something else")
    with pytest.raises(EgovError) as caught:
        exported(published, tmp_path, name="there.zip")
    assert caught.value.code == "EGOV-EVIDENCE-005"
    with pytest.raises(EgovError) as caught:
        exported(published, tmp_path, name="no/such/folder.zip")
    assert caught.value.code == "EGOV-EVIDENCE-006"


def test_an_empty_ledger_has_no_head(migrated_warehouse: Settings) -> None:
    with pytest.raises(EgovError) as caught:
        anchor_head(migrated_warehouse)
    assert caught.value.code == "EGOV-EVIDENCE-001"


def test_an_anchor_is_written_once_per_head(published: Stubs) -> None:
    assert len(known_anchors(published.settings)) == 1
    assert anchor_head(published.settings).places == ()
    night(published, 2, NEXT_NIGHT)
    assert anchor_head(published.settings).anchor.publish_no == 2
    assert [anchor.publish_no for anchor in known_anchors(published.settings)] == [1, 2]


def test_an_anchor_that_fails_is_recorded_and_undoes_nothing(
    published: Stubs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mount").write_text("not mounted")
    good, bad = tmp_path / "good.jsonl", tmp_path / "mount" / "anchor.jsonl"
    settings = published.settings.model_copy(update={"anchor": f"{bad},{good}"})
    told = anchor_after_publish(settings)
    assert (told["anchored"], told["code"], told["place"]) == (False, "EGOV-EVIDENCE-002", str(bad))
    assert "EGOV-EVIDENCE-002" in caplog.text
    (incident,) = events(settings, "incident")
    assert (incident["kind"], incident["code"]) == ("anchor_failed", "EGOV-EVIDENCE-002")
    assert len(good.read_text().splitlines()) == 1
    with connect("bi", settings) as conn:
        assert conn.execute("select publish_no from marts.last_publish").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from ledger.event where event_no >= 6",
        "update ledger.event set event_hash = repeat('a', 64) where event_no = 7",
        "update ledger.event set occurred_at = occurred_at + interval '1 second' where event_no = 7",
    ],
)
def test_a_ledger_that_contradicts_an_anchor_is_told_at_the_next_one(published: Stubs, statement: str) -> None:
    with connect("superuser", published.settings) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute("update ledger.live set event_no = null")
        conn.execute(statement.encode())
    with pytest.raises(EgovError) as caught:
        anchor_head(published.settings)
    assert (caught.value.code, caught.value.context["event_no"]) == ("EGOV-EVIDENCE-003", 7)
    assert events(published.settings, "incident")[0]["code"] == "EGOV-EVIDENCE-003"


def test_a_night_anchors_what_it_published_and_stands_when_that_fails(
    stubs: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs.definition = DEFINITION
    stubs.during_build = lambda: fill(stubs)
    monkeypatch.setattr(nights, "verdict", lambda dataset, day, settings: {"critical": True, "verdict": "accepted"})
    landed(stubs, 1)
    first = nights.build_and_publish(NIGHT, settings=stubs.settings)
    assert (first["publish"]["publish_no"], first["anchor"]["anchored"], first["anchor"]["event_no"]) == (1, True, 7)
    (tmp_path / "mount").write_text("not mounted")
    settings = stubs.settings.model_copy(update={"anchor": str(tmp_path / "mount" / "anchor.jsonl")})
    landed(stubs, 2)
    second = nights.build_and_publish(NEXT_NIGHT, settings=settings)
    assert (second["publish"]["publish_no"], second["anchor"]["anchored"]) == (2, False)


def test_a_night_whose_audit_fails_is_anchored_too(stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    stubs.definition = DEFINITION
    stubs.during_build = lambda: fill(stubs)
    stubs.verdict = "block"
    settings = stubs.settings.model_copy(update={"report_after_publish": False})
    monkeypatch.setattr(nights, "verdict", lambda dataset, day, settings: {"critical": True, "verdict": "accepted"})
    monkeypatch.setattr(nightly, "all_contracts", lambda _: {})
    landed(stubs, 1)
    with pytest.raises(EgovError, match="EGOV-PUB-004"):
        nightly.run_in_process(NIGHT, Progress(interactive=False), settings)
    (anchor,) = known_anchors(settings)
    assert (anchor.publish_no, events(settings, "audit_checked")[0]["verdict"]) == (None, "block")
    with connect("auditor", settings) as conn:
        assert conn.execute("select max(event_no) from ledger.event").fetchone() == (anchor.event_no,)


def test_the_task_that_always_runs_anchors_without_a_report_as_well(
    published: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = published.settings.model_copy(update={"report_after_publish": False})
    with connect("loader", settings) as conn:
        append(conn, "night_failed", {"business_date": NEXT_NIGHT, "code": "EGOV-NIGHT-002", "detail": "one_stop"})
    monkeypatch.setattr("egov_kpi.settings.get_settings", lambda: settings)
    assert tasks.report() == {}
    assert known_anchors(settings)[-1].event_no == 8


def test_what_a_publish_keeps_is_kept_for_good(published: Stubs) -> None:
    for table in ("ledger.mart_leaf_log", "ledger.kpi_definition_log"):
        with connect("superuser", published.settings) as conn, pytest.raises(Exception, match="append-only"):
            conn.execute(f"delete from {table}".encode())
