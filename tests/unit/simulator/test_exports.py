"""Exports: in the contracts' words, the same bytes every time, and complete: backlog and deltas hold every version."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from openpyxl import load_workbook

from egov_kpi.settings import PROJECT_ROOT
from egov_kpi.simulator import (
    activities_exports,
    devices_exports,
    document_work_exports,
    exports,
    forms_exports,
    one_stop_exports,
    portal_exports,
    progress_exports,
)
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records, generate

NIGHT = pd.Timestamp("2023-03-06")
BACKLOG = Window(None, NIGHT)


@pytest.fixture(scope="module", params=["calibrated", "province"])
def records(request: pytest.FixtureRequest, known: Records) -> Records:
    return known if request.param == "calibrated" else generate(request.param, 20230306, 40, 2)


# Forms by contract, and which of the backlog's workbooks stands for each.
FORMS = {
    "forms.paper_register": (forms_exports.FORMS["paper-register"], 0),
    "forms.par_scorecards": (forms_exports.FORMS["par-scorecards"], -1),
    "forms.one_stop_units": (forms_exports.FORMS["one-stop-units"], -1),
    "forms.vertical_settlement": (forms_exports.FORMS["vertical-settlement"], 0),
    "forms.periodic_reports": (forms_exports.FORMS["periodic-reports"], 0),
    "forms.survey_results": (forms_exports.FORMS["survey-results"], 0),
}


@pytest.fixture(scope="module")
def exported(records: Records) -> dict[str, pd.DataFrame]:
    """The first night of every dataset, by contract id."""
    forms = {name: _rows_of(form, records, place) for name, (form, place) in FORMS.items()}
    return {
        "ioffice.outgoing_documents": exports.outgoing_documents(records, BACKLOG),
        "one_stop.dossiers": exports.dossiers(records, BACKLOG),
        "portal.procedures": exports.procedures(records, _last(records.procedures)),
        "portal.fees": portal_exports.fees(records, _last(records.procedures)),
        "mail.accounts": exports.mailboxes(records, _last(records.mailboxes)),
        "communication.activities": activities_exports.activities(records, BACKLOG),
        "ioffice.accounts": document_work_exports.accounts(records, _last(records.office_accounts)),
        "ioffice.work_files": document_work_exports.work_files(records, BACKLOG),
        "ioffice.incoming_documents": document_work_exports.incoming_documents(records, BACKLOG),
        "network.devices": devices_exports.devices(records, _last(records.devices)),
        "directory.headcount": exports.headcount(records, _last(records.headcount)),
        "iso.certificates": exports.certificates(records, _last(records.certificates)),
        **forms,
        **{f"one_stop.{name}": export(records, BACKLOG) for name, export in one_stop_exports.EXPORTS.items()},
        "portal.publications": portal_exports.publications(records, BACKLOG),
        "portal.synchronisation": progress_exports.synchronisation(records, BACKLOG),
        "feedback.petitions": portal_exports.petitions(records, BACKLOG),
    }


def _rows_of(form: exports.Form, records: Records, place: int) -> pd.DataFrame:
    rows = form.rows(records, form.names(records, BACKLOG)[place])
    assert rows is not None
    return rows


def _last(frame: pd.DataFrame) -> pd.Timestamp:
    return frame.loc[frame["exported_at"] < NIGHT + pd.Timedelta(days=1), "snapshot_date"].max()


def _columns(contract_id: str) -> list[dict[str, Any]]:
    path = Path(PROJECT_ROOT / "contracts", *contract_id.split(".")).with_suffix(".yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))["schema"][0]["properties"]


def _property(column: dict[str, Any], name: str) -> Any:
    found = [item["value"] for item in column.get("customProperties", []) if item["property"] == name]
    return found[0] if found else None


def test_every_column_of_the_contract_is_exported_under_one_of_its_headers(exported: dict[str, pd.DataFrame]) -> None:
    for contract_id, rows in exported.items():
        headers = [set(_property(column, "headers")) for column in _columns(contract_id)]
        assert [len(names & set(rows.columns)) for names in headers] == [1] * len(headers), contract_id
        assert len(rows.columns) == len(headers), contract_id


def test_enumerations_use_the_words_of_the_contract(exported: dict[str, pd.DataFrame]) -> None:
    for contract_id, rows in exported.items():
        for column in _columns(contract_id):
            words = _property(column, "values")
            if words:
                header = next(name for name in _property(column, "headers") if name in rows.columns)
                assert set(rows[header]) <= {*words, ""}, f"{contract_id} {header}"


def test_required_columns_are_never_empty(exported: dict[str, pd.DataFrame]) -> None:
    for contract_id, rows in exported.items():
        for column in _columns(contract_id):
            if column.get("required"):
                header = next(name for name in _property(column, "headers") if name in rows.columns)
                assert (rows[header].notna() & (rows[header].astype(str) != "")).all(), f"{contract_id} {header}"


@pytest.mark.parametrize("first_night", ["2023-03-06", "2023-03-07"])
def test_backlog_and_deltas_hold_every_version(known: Records, first_night: str) -> None:
    backlog = exports.dossiers(known, Window(None, pd.Timestamp(first_night)))
    delta = exports.dossiers(known, Window(pd.Timestamp(first_night), pd.Timestamp("2023-03-09")))
    everything = exports.dossiers(known, Window(None, pd.Timestamp("2023-03-09")))
    joined = pd.concat([backlog, delta]).drop_duplicates()
    assert len(joined) == len(everything.drop_duplicates())


def test_windows_are_inclusive(known: Records) -> None:
    day = pd.Timestamp("2023-03-07")
    delta = exports.dossiers(known, Window(day, day))
    assert set(delta["Ngày cập nhật"].str[:10]) == {"07/03/2023"}
    assert 0 < len(delta) < 100


def test_nothing_happens_after_the_last_night(known: Records) -> None:
    later = Window(pd.Timestamp("2023-03-09"), pd.Timestamp("2023-03-31"))
    assert exports.dossiers(known, later).empty
    assert exports.outgoing_documents(known, later).empty
    assert exports.paper_files(known, later) == []
    assert exports.snapshot_dates(known.mailboxes, later) == []


def test_versions_of_a_row_differ_in_time(records: Records) -> None:
    for frame, key in (
        (records.dossiers, ["dossier_code"]),
        (records.documents, ["document_id"]),
        (records.paper, ["agency_code", "register_year", "register_number"]),
    ):
        assert not frame.duplicated([*key, "updated_at"]).any()


def test_snapshots_hold_a_key_once(records: Records) -> None:
    for frame, key in (
        (records.mailboxes, ["mailbox_no"]),
        (records.headcount, ["agency_code"]),
        (records.procedures, ["agency_code", "procedure_code"]),
        (records.certificates, ["agency_code", "certificate_number"]),
    ):
        assert not frame.duplicated([*key, "snapshot_date"]).any()


def test_no_record_knows_the_future(known: Records) -> None:
    """Not even a mistake: the gate of the first night sees nothing dated after it."""
    backlog = {
        "dossiers": ["received_at", "finished_at", "returned_at"],
        "documents": ["issued_date", "personal_signed_at", "organisation_signed_at"],
        "paper": ["received_date", "finished_date", "returned_date"],
    }
    for name, days in backlog.items():
        frame = getattr(known, name)
        rows = frame[BACKLOG.holds(frame["updated_at"])]
        for day in days:
            assert not (rows[day] >= NIGHT + pd.Timedelta(days=1)).any(), f"{name} {day}"


def test_good_dossiers_follow_the_order_of_time(records: Records) -> None:
    """Only the flawed rows finish before receipt; a correction may hold a wrong time, but never that one."""
    good = records.dossiers
    assert not (good["finished_at"] < good["received_at"]).any()
    assert not (records.paper["finished_date"] < records.paper["received_date"]).any()


def test_secret_documents_are_few_and_never_many(known: Records) -> None:
    rows = exports.outgoing_documents(known, BACKLOG)
    secret = rows[rows["DoMat"] != "Thường"]
    assert 0 < len(secret) < 20


def test_rows_are_repeated_word_for_word(known: Records) -> None:
    for rows in (exports.dossiers(known, BACKLOG), exports.outgoing_documents(known, BACKLOG)):
        assert 0.005 < rows.duplicated().mean() < 0.05


def test_flawed_rows_stay_far_below_the_ceiling(known: Records) -> None:
    rows = exports.dossiers(known, BACKLOG)
    codes = set(known.flaws["dossier_code"])
    assert rows["Mã đơn vị"].eq("82999").any()
    assert rows["Ngày tiếp nhận"].eq("31/02/2023 08:00").any()
    assert rows["Mã hồ sơ"].isin(codes).mean() < 0.01


def test_no_identity_could_be_real(known: Records) -> None:
    """Numbers start with 000, which no province, no operator and no authority has given out."""
    rows = exports.dossiers(known, BACKLOG)
    assert rows["Số giấy tờ"].str.fullmatch(r"000\d{9}").all()
    assert rows["Điện thoại"].str.fullmatch(r"000\d{7}").all()
    assert rows["Người nộp"].str.startswith("Công dân giả định").all()
    assert exports.mailboxes(known, NIGHT)["Địa chỉ thư"].str.endswith("@thu.example").all()


def test_csv_ends_with_the_count_of_its_rows(known: Records) -> None:
    rows = exports.dossiers(known, BACKLOG)
    text = exports.csv_bytes(rows).decode("utf-8-sig")
    last = text.rstrip("\r\n").rsplit("\r\n", 1)[1]
    assert last.startswith(f"Tổng cộng;{len(rows)};")
    back = pd.read_csv(io.StringIO(text), sep=";", dtype=str, keep_default_na=False)
    assert (back[:-1].to_numpy() == rows.to_numpy()).all()


def test_workbook_has_titles_header_rows_and_total(known: Records) -> None:
    name = exports.paper_files(known, BACKLOG)[0]
    content, rows = exports.paper_workbook(known, name), exports.paper_file(known, name)
    assert content is not None
    assert rows is not None
    sheet = load_workbook(io.BytesIO(content))["Sổ hồ sơ"]
    lines = list(sheet.iter_rows(values_only=True))
    assert [line[1] for line in lines[:2]] == [None, None]
    assert list(lines[2]) == list(rows.columns)
    assert lines[-1][:2] == ("Tổng cộng", len(rows))
    assert len(lines) == len(rows) + 4
    assert lines[3][0] == "01846"
