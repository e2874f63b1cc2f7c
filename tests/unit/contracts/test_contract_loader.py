"""Contracts as they stand, and what a broken one is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egov_kpi.contracts.loader import all_contracts, get_contract, load_contract
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings

DATASETS = {
    "communication.activities",
    "directory.headcount",
    "feedback.petitions",
    "forms.paper_register",
    "forms.one_stop_units",
    "forms.par_scorecards",
    "ioffice.accounts",
    "ioffice.incoming_documents",
    "forms.vertical_settlement",
    "forms.periodic_reports",
    "forms.survey_results",
    "ioffice.outgoing_documents",
    "ioffice.tasks",
    "ioffice.work_files",
    "iso.certificates",
    "mail.accounts",
    "network.devices",
    "one_stop.apologies",
    "one_stop.components",
    "one_stop.data_uses",
    "one_stop.dossiers",
    "one_stop.handovers",
    "one_stop.pauses",
    "one_stop.payments",
    "one_stop.results",
    "one_stop.satisfaction",
    "portal.fees",
    "portal.procedures",
    "portal.publications",
    "portal.synchronisation",
}
Change = Callable[[dict[str, Any]], Any]


def test_these_datasets_have_a_contract() -> None:
    assert set(all_contracts()) == DATASETS


def test_only_documents_and_dossiers_hold_the_publish_back() -> None:
    assert {name for name, contract in all_contracts().items() if contract.critical} == {
        "ioffice.outgoing_documents",
        "one_stop.dossiers",
    }


def test_dossier_contract_in_full() -> None:
    contract = get_contract("one_stop.dossiers")
    assert contract.table == "one_stop__dossiers"
    assert contract.shape == "delta"
    assert contract.file_formats == ("csv", "xlsx")
    assert [column.name for column in contract.key_columns] == ["dossier_hash"]
    assert contract.version_column.name == "updated_at"
    assert contract.agency_column.name == "agency_code"
    assert contract.business_date_column.name == "received_at"
    assert contract.snapshot_column is None
    assert contract.secret_column is None
    assert contract.column("channel").values is not None
    assert contract.column("channel").values["Trực tuyến"] == "online"


def test_a_form_of_every_unit_is_a_snapshot_of_its_own() -> None:
    contract = get_contract("forms.par_scorecards")
    assert contract.snapshot_parts == ("index_code", "agency_code")
    assert contract.quarantine_ceiling_pct == 0
    parts = {name: other.snapshot_parts for name, other in all_contracts().items() if other.snapshot_parts}
    assert parts == {
        contract.id: contract.snapshot_parts,
        "forms.one_stop_units": ("reporting_agency_code",),
        "forms.survey_results": ("index_code",),
    }


def test_a_snapshot_belongs_to_its_own_date() -> None:
    contract = get_contract("mail.accounts")
    assert contract.snapshot_column is not None
    assert contract.business_date_column is contract.snapshot_column


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_no_identifier_and_no_marker_is_kept_as_it_is(dataset: str) -> None:
    for column in get_contract(dataset).kept_columns:
        assert column.classification == "public" or column.handling == "hmac"


def test_headers_are_found_whatever_their_unicode_form_case_and_spaces() -> None:
    contract = get_contract("one_stop.dossiers")
    decomposed = "  ma\u0303  HỒ SƠ"
    found = contract.column_of_header(decomposed)
    assert found is not None and found.name == "dossier_hash"
    assert contract.column_of_header("Cột lạ") is None


def test_what_nobody_has_marked_is_secret() -> None:
    marker = get_contract("ioffice.outgoing_documents").secret_column
    assert marker is not None
    assert not marker.is_secret("Thường")
    assert not marker.is_secret(" thường ")
    assert not marker.is_secret("")
    assert marker.is_secret("Mật")
    assert marker.is_secret("Tuyệt mật")
    assert marker.is_secret(None)


def test_unknown_dataset_is_named_with_those_that_exist() -> None:
    with pytest.raises(EgovError) as caught:
        get_contract("one_stop.dossier")
    assert caught.value.code == "EGOV-CONTRACT-005"
    assert "one_stop.dossiers" in caught.value.text("vi")


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EgovError) as caught:
        all_contracts(Settings(project_root=tmp_path))
    assert caught.value.code == "EGOV-CONTRACT-006"


def _broken(tmp_path: Path, change: Change, dataset: str = "one_stop.dossiers") -> EgovError:
    document = yaml.safe_load(get_contract(dataset).path.read_text(encoding="utf-8"))
    change(document)
    system, name = dataset.split(".")
    path = tmp_path / "contracts" / system / f"{name}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(EgovError) as caught:
        load_contract(path)
    return caught.value


def _columns(document: dict[str, Any]) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = document["schema"][0]["properties"]
    return columns


def _column(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(column for column in _columns(document) if column["name"] == name)


def _set(item: dict[str, Any], name: str, value: Any) -> None:
    _unset(item, name)
    item["customProperties"].append({"property": name, "value": value})


def _unset(item: dict[str, Any], name: str) -> None:
    item["customProperties"] = [entry for entry in item["customProperties"] if entry["property"] != name]


BROKEN_DOCUMENTS: list[tuple[str, Change, str, str]] = [
    ("no version", lambda d: d.pop("version"), "EGOV-CONTRACT-002", "$"),
    ("logical type", lambda d: _columns(d)[0].update(logicalType="varchar"), "EGOV-CONTRACT-002", "properties[0]"),
    ("wrong id", lambda d: d.update(id="one_stop.other"), "EGOV-CONTRACT-003", "$.id"),
    ("two tables", lambda d: d["schema"].append(d["schema"][0]), "EGOV-CONTRACT-003", "$.schema"),
    ("table name", lambda d: d["schema"][0].update(name="dossiers"), "EGOV-CONTRACT-003", "$.schema[0].name"),
    ("no Vietnamese", lambda d: d["description"].pop("usage"), "EGOV-CONTRACT-003", "$.description.usage"),
    ("no owner", lambda d: d["team"].pop("description"), "EGOV-CONTRACT-003", "$.team.description"),
    ("freshness in days", lambda d: d["slaProperties"][0].update(unit="d"), "EGOV-CONTRACT-003", "$.slaProperties"),
    ("no shape", lambda d: _unset(d["schema"][0], "shape"), "EGOV-CONTRACT-003", "customProperties"),
    ("typing error", lambda d: _set(d["schema"][0], "critcal", True), "EGOV-CONTRACT-003", "customProperties"),
    ("ceiling", lambda d: _set(d["schema"][0], "quarantineCeilingPct", 200), "EGOV-CONTRACT-003", "customProperties"),
    ("no headers", lambda d: _unset(_columns(d)[1], "headers"), "EGOV-CONTRACT-003", "properties[1].customProperties"),
    ("class", lambda d: _columns(d)[1].update(classification="open"), "EGOV-CONTRACT-003", "properties[1]"),
    ("SQL type", lambda d: _columns(d)[1].update(physicalType="bytea"), "EGOV-CONTRACT-003", "properties[1]"),
    ("type unused here", lambda d: _columns(d)[1].update(logicalType="array"), "EGOV-CONTRACT-003", "logicalType"),
    ("key position", lambda d: _columns(d)[1].update(primaryKey=True), "EGOV-CONTRACT-003", "primaryKey"),
]
BROKEN_COLUMNS: list[tuple[str, Change, str]] = [
    ("reserved name", lambda d: _column(d, "field_name").update(name="load_seq"), "load_seq"),
    ("parts of changes", lambda d: _set(d["schema"][0], "snapshotParts", ["agency_code"]), "agency_code"),
    ("a figure by no date", lambda d: _set(d["schema"][0], "figureDates", ["field_name"]), "field_name"),
    ("upper case", lambda d: _column(d, "field_name").update(name="FieldName"), "FieldName"),
    ("double name", lambda d: _column(d, "field_name").update(name="channel"), "channel"),
    ("double header", lambda d: _set(_column(d, "field_name"), "headers", ["mã  hồ sơ"]), "field_name"),
    ("optional key", lambda d: _column(d, "dossier_hash").update(required=False), "dossier_hash"),
    ("key gap", lambda d: _column(d, "dossier_hash").update(primaryKeyPosition=2), "schema[0]"),
    ("no version", lambda d: _unset(_column(d, "updated_at"), "role"), "schema[0]"),
    ("two versions", lambda d: _set(_column(d, "due_at"), "role", "source_version"), "schema[0]"),
    ("text as date", lambda d: _set(_column(d, "field_name"), "role", "snapshot_date"), "field_name"),
    ("unknown format", lambda d: _set(_column(d, "due_at"), "format", "MM/dd/yyyy"), "due_at"),
    ("format of text", lambda d: _set(_column(d, "field_name"), "format", "dd/MM/yyyy"), "field_name"),
    ("values of a time", lambda d: _set(_column(d, "due_at"), "values", {"a": "b"}), "due_at"),
    ("minimum of text", lambda d: _set(_column(d, "field_name"), "minimum", 1), "field_name"),
    ("bad pattern", lambda d: _set(_column(d, "procedure_code"), "pattern", "("), "procedure_code"),
    ("personal, kept", lambda d: _set(_column(d, "applicant_name"), "handling", "keep"), "applicant_name"),
    ("public, dropped", lambda d: _set(_column(d, "field_name"), "handling", "drop"), "field_name"),
    ("no domain", lambda d: _unset(_column(d, "applicant_hash"), "pseudonymDomain"), "applicant_hash"),
    ("no public values", lambda d: _column(d, "field_name").update(classification="secret-marker"), "field_name"),
    ("workbook, no sheet", lambda d: _unset(d["schema"][0], "sheet"), "schema[0]"),
    ("pages, no total", lambda d: _set(d["schema"][0], "fileFormats", ["json"]), "schema[0]"),
]


@pytest.mark.parametrize(
    ("change", "code", "place"), [case[1:] for case in BROKEN_DOCUMENTS], ids=[c[0] for c in BROKEN_DOCUMENTS]
)
def test_broken_document_names_the_place(tmp_path: Path, change: Change, code: str, place: str) -> None:
    error = _broken(tmp_path, change)
    assert error.code == code
    assert place in error.context["path"]
    assert error.context["file"] == "contracts/one_stop/dossiers.yaml"
    assert error.remedy("vi") and error.remedy("en")


@pytest.mark.parametrize(("change", "place"), [case[1:] for case in BROKEN_COLUMNS], ids=[c[0] for c in BROKEN_COLUMNS])
def test_columns_that_do_not_fit_are_named(tmp_path: Path, change: Change, place: str) -> None:
    error = _broken(tmp_path, change)
    assert error.code == "EGOV-CONTRACT-004"
    assert place in error.context["path"]


def test_boolean_needs_both_values(tmp_path: Path) -> None:
    error = _broken(
        tmp_path, lambda d: _set(_column(d, "is_mandated"), "values", {"Có": "true", "Không": "no"}), "iso.certificates"
    )
    assert error.code == "EGOV-CONTRACT-004"
    assert "is_mandated" in error.context["path"]


@pytest.mark.parametrize("content", [b"schema: [", b"- a\n- b\n", b"\xff\xfe\x00"])
def test_unreadable_contract(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(EgovError) as caught:
        load_contract(path)
    assert caught.value.code == "EGOV-CONTRACT-001"


def test_a_word_of_the_source_that_is_given_two_meanings_is_refused(tmp_path: Path) -> None:
    text = get_contract("one_stop.dossiers").path.read_text(encoding="utf-8")
    line = '              "Bưu chính công ích": "post"\n'
    path = tmp_path / "dossiers.yaml"
    path.write_text(text.replace(line, line + line.replace("post", "online")), encoding="utf-8")
    with pytest.raises(EgovError) as caught:
        load_contract(path)
    assert caught.value.code == "EGOV-CONTRACT-001"
    assert "Bưu chính công ích stands twice" in caught.value.context["detail"]
    assert "line" in caught.value.context["detail"]
