"""Fixtures of the gate's rules about incoming documents, accounts and work files; `gate_fixtures` adds them."""

from collections.abc import Callable

Row = dict[str, str | None]
INC, ACC, WOF = "ioffice.incoming_documents", "ioffice.accounts", "ioffice.work_files"


def incoming_document(number: int) -> Row:
    return {
        "document_id": f"VBD-{number}",
        "agency_code": "823",
        "arrival_number": str(number),
        "sender_kind": "CapTren",
        "arrival_date": "2023-02-13",
        "routed_at": "2023-02-14T09:00:00+07:00",
        "due_date": "2023-02-20",
        "completed_at": "2023-02-17T15:00:00+07:00",
        "document_status": "DaVaoSo",
        "updated_at": "2023-02-20T09:00:00+07:00",
    }


def account(number: int) -> Row:
    return {
        "account_hash": f"tai khoan {number}",
        "agency_code": "823",
        "account_kind": "CaNhan",
        "account_status": "HoatDong",
        "issued_date": "2020-01-02",
        "last_action_date": "2023-01-30",
        "snapshot_date": "2023-03-01",
        "exported_at": "2023-03-02T01:00:00+07:00",
    }


def work_file(number: int) -> Row:
    return {
        "file_code": f"HSCV-{number}",
        "agency_code": "823",
        "medium": "DienTu",
        "opened_date": "2022-09-05",
        "closed_date": "2022-10-14",
        "archive_due_date": "2023-01-14",
        "archived_date": "2022-12-20",
        "updated_at": "2023-02-20T09:00:00+07:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {INC: incoming_document, ACC: account, WOF: work_file}

_WAITING: Row = {"routed_at": None, "due_date": None, "completed_at": None}
FAULTS: dict[str, Row] = {
    "GATE-INC-501": {"agency_code": "99999"},
    "GATE-INC-502": {"arrival_date": "2023-03-08", **_WAITING},
    "GATE-INC-503": {"arrival_date": "1999-12-31"},
    "GATE-INC-504": {"routed_at": "2023-02-12T09:00:00+07:00"},
    "GATE-INC-505": {"routed_at": "2023-03-08T00:00:00+07:00", "completed_at": None},
    "GATE-INC-506": {"due_date": "2023-02-12"},
    "GATE-INC-507": {"routed_at": None},
    "GATE-INC-508": {"completed_at": "2023-03-08T00:00:00+07:00"},
    "GATE-INC-509": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-INC-510": {"updated_at": "2023-02-12T15:00:00+07:00"},
    "GATE-WOF-501": {"agency_code": "99999"},
    "GATE-WOF-502": {
        "opened_date": "2023-03-08",
        "closed_date": None,
        "archive_due_date": None,
        "archived_date": None,
    },
    "GATE-WOF-503": {"opened_date": "1999-12-31"},
    "GATE-WOF-504": {"closed_date": "2022-09-04"},
    "GATE-WOF-505": {"closed_date": "2023-03-08", "archive_due_date": "2023-06-08", "archived_date": None},
    "GATE-WOF-506": {"archive_due_date": None},
    "GATE-WOF-507": {"archive_due_date": "2022-10-13"},
    "GATE-WOF-508": {"archive_due_date": "2023-10-15"},
    "GATE-WOF-509": {"archived_date": "2022-10-13"},
    "GATE-WOF-510": {"archived_date": "2023-03-08"},
    "GATE-WOF-511": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-ACC-501": {"agency_code": "99999"},
    "GATE-ACC-502": {"snapshot_date": "2023-02-28"},
    "GATE-ACC-504": {"exported_at": "2023-03-08T00:00:00+07:00"},
    "GATE-ACC-505": {"exported_at": "2023-02-28T08:00:00+07:00"},
    "GATE-ACC-506": {"issued_date": "2023-03-02", "last_action_date": None},
    "GATE-ACC-507": {"last_action_date": "2023-03-03"},
    "GATE-ACC-508": {"last_action_date": "2020-01-01"},
    "GATE-ACC-509": {"issued_date": "1999-12-31"},
}

LOAD_RULES = {"GATE-INC-001", "GATE-WOF-001", "GATE-ACC-001", "GATE-ACC-503", "GATE-ACC-511"}
HISTORY_RULES = {
    *(f"GATE-INC-{n}" for n in (511, 512, 513)),
    *(f"GATE-WOF-{n}" for n in (512, 513, 514)),
    *(f"GATE-ACC-{n}" for n in (510, 512, 513, 514, 515, 516)),
}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {INC: {"sender_kind": "Khac"}, ACC: {"account_kind": "ToChuc"}, WOF: {"medium": "Giay"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {
    INC: {"updated_at": "2023-02-21T15:00:00+07:00"},
    WOF: {"updated_at": "2023-02-21T15:00:00+07:00"},
    ACC: {"snapshot_date": "2023-02-01", "exported_at": "2023-02-02T01:00:00+07:00"},
}
NOW: dict[str, Row] = {
    INC: {"updated_at": "2023-02-22T15:00:00+07:00"},
    WOF: {"updated_at": "2023-02-22T15:00:00+07:00"},
    ACC: {},
}
