"""Fixtures of the gate's rules: for each dataset a row that is right and, per rule, what makes it wrong.

Each fault is one that no other rule catches, so a rule that is deleted leaves its row unnoticed. Faults of the
structural half are worked out from the purpose of the rule; those of the business half are written down here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import communication_fixtures as communication
import document_work_fixtures as document_work
import forms_fixtures as forms
import network_fixtures as network
import office_fixtures as office
import portal_fixtures as portal
import progress_fixtures as progress
import psycopg
import shared_data_fixtures as shared
import vertical_fixtures as vertical

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import inbound_columns, inbound_name
from egov_kpi.db.connect import connect
from egov_kpi.gate.check import GateResult, check
from egov_kpi.gate.relation import refused_name
from egov_kpi.gate.suite import Rule, Suite, load_suite, suite_path
from egov_kpi.ledger.events import append
from egov_kpi.load.unread import UNREAD_CELL
from egov_kpi.settings import Settings

BUSINESS_DATE = date(2023, 3, 6)
SNAPSHOT_DATE = date(2023, 3, 1)
CONTENT = "c" * 64
FILE = "f" * 64
Row = dict[str, str | None]


def _hash(number: int) -> str:
    return f"{number:064x}"


def _minute(number: int) -> str:
    """Distinct minutes of a morning, so that no two rows share a version."""
    return f"{6 + number // 60:02d}:{number % 60:02d}"


def dossier(number: int) -> Row:
    return {
        "dossier_hash": _hash(number),
        "procedure_code": "1.005129",
        "field_name": "Hộ tịch",
        "agency_code": "823",
        "channel": "Trực tiếp",
        "applicant_type": "Cá nhân",
        "applicant_hash": _hash(number + 9000),
        "received_at": "01/02/2023 08:00",
        "due_at": "10/02/2023 17:00",
        "finished_at": "08/02/2023 09:30",
        "returned_at": "09/02/2023 10:00",
        "return_method": "Bưu chính công ích",
        "dossier_status": "10",
        "supplement_request_count": "0",
        "updated_at": "09/02/2023 10:00",
    }


def payment(number: int) -> Row:
    return {
        "dossier_hash": _hash(number),
        "fee_no": "1",
        "agency_code": "823",
        "fee_kind": "Phí",
        "amount_due": "50000",
        "amount_paid": "50000",
        "payment_method": "Trực tuyến",
        "charged_at": "01/02/2023 08:05",
        "paid_at": f"01/02/2023 {_minute(number + 150)}",
        "is_refunded": "Không",
        "updated_at": "09/02/2023 10:00",
    }


def component(number: int) -> Row:
    return {
        "dossier_hash": _hash(number),
        "component_no": "1",
        "agency_code": "823",
        "is_digitised": "Có",
        "is_reused": "Không",
        "submitted_at": "01/02/2023 08:05",
        "updated_at": "09/02/2023 10:00",
    }


def result(number: int) -> Row:
    return {
        "dossier_hash": _hash(number),
        "result_no": "1",
        "agency_code": "823",
        "is_written": "Có",
        "is_attached": "Có",
        "signed_at": "08/02/2023 09:25",
        "issued_at": "08/02/2023 09:30",
        "updated_at": "09/02/2023 10:00",
    }


def apology(number: int) -> Row:
    return {
        "dossier_hash": _hash(number),
        "letter_no": "1",
        "agency_code": "823",
        "issued_at": f"08/02/2023 {_minute(number + 120)}",
        "old_due_at": "10/02/2023 17:00",
        "new_due_at": "17/02/2023 17:00",
        "updated_at": "09/02/2023 10:00",
    }


def vote(number: int) -> Row:
    return {
        "vote_code": f"BT-{number}",
        "agency_code": "823",
        "vote_channel": "Máy tính bảng",
        "rating": "Hài lòng",
        "voted_at": "08/02/2023 10:00",
        "updated_at": "09/02/2023 10:00",
    }


def document(number: int) -> Row:
    return {
        "document_id": f"VB-{number}",
        "agency_code": "823",
        "document_number": str(number),
        "document_symbol": "UBND-VP",
        "document_type": "Công văn",
        "urgency_level": "Thường",
        "signer_hash": _hash(number),
        "issued_date": "2023-02-01",
        "personal_signed_at": "2023-02-01T08:00:00+07:00",
        "organisation_signed_at": "2023-02-01T09:00:00+07:00",
        "recipient_scope": "BenNgoai",
        "is_sent_via_axis": "1",
        "medium": "DienTu",
        "document_status": "PhatHanh",
        "updated_at": "2023-02-01T09:00:00+07:00",
    }


def mailbox(number: int) -> Row:
    return {
        "mailbox_hash": _hash(number),
        "agency_code": "823",
        "issued_date": "01/01/2020",
        "account_status": "Hoạt động",
        "last_used_at": "28/02/2023 08:00",
        "sent_30d_count": "3",
        "read_30d_count": "5",
        "snapshot_date": "01/03/2023",
        "exported_at": "02/03/2023 01:00",
    }


def headcount(number: int) -> Row:
    return {
        "agency_code": "823",
        "headcount": "30",
        "headcount_basis": "Giả lập",
        "snapshot_date": "01/03/2023",
        "exported_at": f"02/03/2023 {_minute(number)}",
    }


def certificate(number: int) -> Row:
    return {
        "agency_code": "823",
        "certificate_number": f"{number}/QĐ-UBND",
        "is_mandated": "Có",
        "announced_date": "01/06/2022",
        "internal_audit_date": "01/02/2023",
        "management_review_date": "15/02/2023",
        "valid_until_date": "01/06/2025",
        "procedures_covered_count": "20",
        "snapshot_date": "01/03/2023",
        "exported_at": "02/03/2023 01:00",
    }


def procedure(number: int) -> Row:
    return {
        "agency_code": "823",
        "procedure_code": f"1.{number:06d}",
        "procedure_name": "Đăng ký khai sinh",
        "field_name": "Hộ tịch",
        "competent_level": "Xa",
        "service_level": "4",
        "procedure_status": "HieuLuc",
        "posted_date": "2022-12-01",
        "snapshot_date": "2023-03-01",
        "exported_at": "2023-03-02T01:00:00+07:00",
    }


def paper(number: int) -> Row:
    return {
        "agency_code": "01846",
        "register_year": "2022",
        "register_number": str(number),
        "procedure_code": "1.005129",
        "channel": "Trực tiếp",
        "received_date": "10/10/2022",
        "finished_date": "12/10/2022",
        "returned_date": "12/10/2022",
        "return_method": "Trực tiếp",
        "updated_at": "12/10/2022",
    }


def scorecard(number: int) -> Row:
    return {
        "index_code": "PAR.H.82.2023",
        "agency_code": "823",
        "domain_code": "1",
        "domain_name": "Chỉ đạo điều hành",
        "criterion_code": f"1.{number}.1",
        "criterion_name": f"Tiêu chí {number}",
        "max_points": "2",
        "self_points": "1",
        "survey_points_pending": "0,5",
        "projected_points": "1,5",
        "snapshot_date": "01/03/2023",
        "exported_at": "02/03/2023 01:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {
    "one_stop.dossiers": dossier,
    "one_stop.apologies": apology,
    "one_stop.components": component,
    "one_stop.payments": payment,
    "one_stop.results": result,
    "one_stop.satisfaction": vote,
    "ioffice.outgoing_documents": document,
    "mail.accounts": mailbox,
    "directory.headcount": headcount,
    "iso.certificates": certificate,
    "portal.procedures": procedure,
    "forms.paper_register": paper,
    "forms.par_scorecards": scorecard,
    **portal.RIGHT,
    **office.RIGHT,
    **network.RIGHT,
    **communication.RIGHT,
    **document_work.RIGHT,
    **progress.RIGHT,
    **shared.RIGHT,
    **forms.RIGHT,
    **vertical.RIGHT,
}
DATASETS = sorted(RIGHT)

# The business half, rules about rows.
FAULTS: dict[str, Row] = {
    "GATE-DOS-501": {"agency_code": "99999"},
    "GATE-DOS-502": {"received_at": "08/03/2023 00:00", "due_at": None, "finished_at": None, "returned_at": None,
                     "dossier_status": "4"},
    "GATE-DOS-503": {"received_at": "31/12/1999 23:59"},
    "GATE-DOS-504": {"finished_at": "31/01/2023 17:00"},
    "GATE-DOS-505": {"returned_at": "31/01/2023 17:00"},
    "GATE-DOS-506": {"due_at": "31/01/2023 17:00"},
    "GATE-DOS-507": {"finished_at": "08/03/2023 00:00"},
    "GATE-DOS-508": {"returned_at": "08/03/2023 00:00"},
    "GATE-DOS-509": {"updated_at": "08/03/2023 00:00"},
    "GATE-DOS-510": {"dossier_status": "9", "finished_at": None},
    "GATE-DOS-511": {"returned_at": None},
    "GATE-DOC-501": {"agency_code": "99999"},
    "GATE-DOC-502": {"issued_date": "2023-03-08"},
    "GATE-DOC-503": {"issued_date": "1999-12-31"},
    "GATE-DOC-504": {"personal_signed_at": "2023-02-01T09:00:01+07:00"},
    "GATE-DOC-505": {"personal_signed_at": "2023-03-08T00:00:00+07:00", "organisation_signed_at": None},
    "GATE-DOC-506": {"organisation_signed_at": "2023-03-08T00:00:00+07:00"},
    "GATE-DOC-507": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-MAI-501": {"agency_code": "99999"},
    "GATE-MAI-502": {"snapshot_date": "28/02/2023"},
    "GATE-MAI-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-MAI-505": {"issued_date": "02/03/2023"},
    "GATE-MAI-506": {"last_used_at": "02/03/2023 01:01"},
    "GATE-HEA-501": {"agency_code": "99999"},
    "GATE-HEA-502": {"snapshot_date": "28/02/2023"},
    "GATE-HEA-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-CER-501": {"agency_code": "99999"},
    "GATE-CER-502": {"snapshot_date": "28/02/2023"},
    "GATE-CER-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-CER-505": {"valid_until_date": "31/05/2022"},
    "GATE-CER-506": {"announced_date": "08/03/2023"},
    "GATE-CER-507": {"internal_audit_date": "08/03/2023"},
    "GATE-CER-508": {"management_review_date": "08/03/2023"},
    "GATE-PRO-501": {"agency_code": "99999"},
    "GATE-PRO-502": {"snapshot_date": "2023-02-28"},
    "GATE-PRO-504": {"exported_at": "2023-03-08T00:00:00+07:00"},
    "GATE-PRO-505": {"posted_date": "2023-03-02"},
    "GATE-PAP-501": {"agency_code": "99999"},
    "GATE-PAP-502": {"received_date": "08/03/2023", "register_year": "2023", "finished_date": None,
                     "returned_date": None},
    "GATE-PAP-503": {"received_date": "31/12/1999", "register_year": "2000"},
    "GATE-PAP-504": {"finished_date": "09/10/2022"},
    "GATE-PAP-505": {"returned_date": "09/10/2022"},
    "GATE-PAP-506": {"finished_date": "08/03/2023"},
    "GATE-PAP-507": {"returned_date": "08/03/2023"},
    "GATE-PAP-508": {"updated_at": "08/03/2023"},
    "GATE-PAP-509": {"register_year": "2021"},
    "GATE-DOS-514": {"field_name": "H? t?ch"},
    "GATE-DOS-524": {"supplement_request_count": "51"},
    "GATE-DOC-510": {"document_type": "C?ng v?n"},
    "GATE-DOC-517": {"document_id": "H58-824-2023-00001"},
    "GATE-DOC-518": {"issued_date": "2023-01-05"},
    "GATE-MAI-513": {"sent_30d_count": "5001"},
    "GATE-MAI-517": {"exported_at": "28/02/2023 08:00"},
    "GATE-MAI-518": {"issued_date": "31/12/1999"},
    "GATE-HEA-508": {"headcount": "10001"},
    "GATE-HEA-510": {"exported_at": "28/02/2023 08:00"},
    "GATE-CER-514": {"procedures_covered_count": "3001"},
    "GATE-CER-516": {"exported_at": "28/02/2023 08:00"},
    "GATE-CER-517": {"announced_date": "31/12/1999"},
    "GATE-PRO-508": {"field_name": "H? t?ch"},
    "GATE-PRO-513": {"exported_at": "2023-02-28T01:00:00+07:00"},
    "GATE-PRO-514": {"posted_date": "1999-12-31"},
    "GATE-PAR-501": {"agency_code": "99999"},
    "GATE-PAR-502": {"snapshot_date": "28/02/2023"},
    "GATE-PAR-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-PAR-505": {"self_points": "2,01"},
    "GATE-PAR-506": {"survey_points_pending": "2,01"},
    "GATE-PAR-507": {"survey_points_pending": "1,01"},
    "GATE-PAR-508": {"projected_points": "0,99"},
    "GATE-PAR-509": {"projected_points": "1,51"},
    "GATE-PAR-510": {"criterion_name": "Tiêu chí 1"},
    "GATE-PAR-511": {"domain_code": "2"},
    "GATE-PAR-512": {"domain_name": "Cải cách thể chế"},
    "GATE-PAR-513": {"criterion_code": "1.1"},
    "GATE-PAR-514": {"max_points": "100,01"},
    "GATE-PAR-515": {"exported_at": "28/02/2023 08:00"},
    "GATE-PAY-501": {"agency_code": "99999"},
    "GATE-PAY-502": {"charged_at": "08/03/2023 00:00", "paid_at": None, "amount_paid": "0"},
    "GATE-PAY-503": {"charged_at": "31/12/1999 23:59"},
    "GATE-PAY-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-PAY-505": {"paid_at": "31/01/2023 17:00"},
    "GATE-PAY-506": {"paid_at": "08/03/2023 00:00"},
    "GATE-PAY-507": {"amount_paid": "50001"},
    "GATE-PAY-508": {"paid_at": None},
    "GATE-PAY-509": {"payment_method": None},
    "GATE-PAY-510": {"is_refunded": "Có", "amount_paid": "0"},
    "GATE-PAY-511": {"amount_due": "100000000001"},
    "GATE-CMP-501": {"agency_code": "99999"},
    "GATE-CMP-502": {"submitted_at": "08/03/2023 00:00"},
    "GATE-CMP-503": {"submitted_at": "31/12/1999 23:59"},
    "GATE-CMP-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-CMP-505": {"updated_at": "31/01/2023 17:00"},
    "GATE-CMP-506": {"is_reused": "Có", "is_digitised": "Không"},
    "GATE-RES-501": {"agency_code": "99999"},
    "GATE-RES-502": {"issued_at": "08/03/2023 00:00"},
    "GATE-RES-503": {"issued_at": "31/12/1999 23:59"},
    "GATE-RES-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-RES-505": {"signed_at": "08/03/2023 00:00"},
    "GATE-RES-506": {"updated_at": "07/02/2023 17:00"},
    "GATE-RES-507": {"signed_at": "31/12/1999 23:59"},
    "GATE-RES-508": {"is_attached": "Không"},
    "GATE-RES-509": {"is_written": "Không"},
    "GATE-APO-501": {"agency_code": "99999"},
    "GATE-APO-502": {"issued_at": "08/03/2023 00:00", "new_due_at": "20/03/2023 17:00"},
    "GATE-APO-503": {"issued_at": "31/12/1999 23:59"},
    "GATE-APO-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-APO-505": {"new_due_at": "10/02/2023 17:00"},
    "GATE-APO-506": {"old_due_at": "06/02/2023 17:00", "new_due_at": "07/02/2023 17:00"},
    "GATE-APO-507": {"old_due_at": "31/12/1999 23:59"},
    "GATE-APO-508": {"updated_at": "07/02/2023 17:00"},
    "GATE-SAT-501": {"agency_code": "99999"},
    "GATE-SAT-502": {"voted_at": "08/03/2023 00:00"},
    "GATE-SAT-503": {"voted_at": "31/12/1999 23:59"},
    "GATE-SAT-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-SAT-505": {"updated_at": "07/02/2023 17:00"},
    **portal.FAULTS,
    **office.FAULTS,
    **network.FAULTS,
    **communication.FAULTS,
    **document_work.FAULTS,
    **progress.FAULTS,
    **shared.FAULTS,
    **forms.FAULTS,
    **vertical.FAULTS,
    **{
        f"GATE-{word}-530": {"agency_code": "ENDED"}
        for word in ("DOS", "DOC", "MAI", "HEA", "CER", "PRO", "PAP", "PAR")
    },
}  # fmt: skip

# Rules about the load as a whole: each has a test of its own in test_gate_loads.py.
LOAD_RULES = {
    *(f"GATE-{word}-001" for word in ("DOS", "DOC", "MAI", "HEA", "CER", "PRO", "PAP", "PAR")),
    *(f"GATE-{word}-001" for word in ("PAY", "CMP", "RES", "APO", "SAT")),
    *(f"GATE-{word}-503" for word in ("MAI", "HEA", "CER", "PRO", "PAR")),
    *("GATE-DOS-512", "GATE-DOC-508", "GATE-MAI-507", "GATE-HEA-505", "GATE-CER-509", "GATE-PRO-506"),
    *portal.LOAD_RULES,
    *office.LOAD_RULES,
    *network.LOAD_RULES,
    *communication.LOAD_RULES,
    *document_work.LOAD_RULES,
    *progress.LOAD_RULES,
    *shared.LOAD_RULES,
    *forms.LOAD_RULES,
    *vertical.LOAD_RULES,
}

# Rules that hold a load against itself or what came before: a load of its own for each, in test_gate_history.py.
HISTORY_RULES = {
    *(f"GATE-DOS-{n}" for n in (513, 515, 516, 517, 518, 519, 520, 521, 522, 523, 525)),
    *(f"GATE-DOC-{n}" for n in (509, 511, 512, 513, 514, 515, 516, 519, 520)),
    *(f"GATE-MAI-{n}" for n in (508, 509, 510, 511, 512, 514, 515, 516, 519)),
    *(f"GATE-HEA-{n}" for n in (506, 507, 509, 511)),
    *(f"GATE-CER-{n}" for n in (510, 511, 512, 513, 515, 518, 519)),
    *(f"GATE-PRO-{n}" for n in (507, 509, 510, 511, 512, 515)),
    *(f"GATE-PAP-{n}" for n in (510, 511, 512, 513, 514, 515, 516)),
    *(f"GATE-PAR-{n}" for n in (516, 517, 518)),
    *(f"GATE-PAY-{n}" for n in range(512, 522)),
    *(f"GATE-CMP-{n}" for n in range(507, 515)),
    *(f"GATE-RES-{n}" for n in range(510, 518)),
    *(f"GATE-APO-{n}" for n in range(509, 518)),
    *(f"GATE-SAT-{n}" for n in range(506, 514)),
    *portal.HISTORY_RULES,
    *office.HISTORY_RULES,
    *network.HISTORY_RULES,
    *communication.HISTORY_RULES,
    *document_work.HISTORY_RULES,
    *progress.HISTORY_RULES,
    *shared.HISTORY_RULES,
    *forms.HISTORY_RULES,
    *vertical.HISTORY_RULES,
}


def fault(rule: Rule) -> Row | None:
    """What makes a right row wrong for this rule alone; None for a rule about the load as a whole."""
    if rule.rule_id in LOAD_RULES | HISTORY_RULES:
        return None
    if rule.meta["half"] == "business":
        return FAULTS[rule.rule_id]
    return _structural_fault(rule)


# A pseudonym, keys and a name: nothing else says that they are no values.
UNREAD_COLUMNS = {
    "DOS": "applicant_hash", "CER": "certificate_number", "PAP": "register_number", "PAR": "criterion_name",
    **forms.UNREAD_COLUMNS,
    "VER": "field_name",
}  # fmt: skip


def _structural_fault(rule: Rule) -> Row:
    column = rule.meta.get("column", "")
    wrong: dict[str, Callable[[], Row]] = {
        "required": lambda: {column: ""},
        "type": lambda: {column: "31/02/2023"},
        "values": lambda: {column: "không có trong danh mục"},
        "pattern": lambda: {column: "TTHC-1"},
        "minimum": lambda: {column: str(rule.kwargs["min_value"] - 1)},
        "identity": dict,
        "unread": lambda: {UNREAD_COLUMNS[rule.rule_id[5:8]]: UNREAD_CELL},
    }
    return wrong[rule.meta["check"]]()


@dataclass
class Sheet:
    """Rows of one load, and which rule each row is to be refused by; row numbers start at one."""

    contract: Contract
    rows: list[Row] = field(default_factory=list)
    expected: dict[int, set[str]] = field(default_factory=dict)

    def add(self, changes: Row | None = None, rules: set[str] | None = None) -> int:
        number = len(self.rows) + 1
        self.rows.append({**RIGHT[self.contract.id](number), **(changes or {})})
        if rules:
            self.expected[number] = rules
        return number


def fault_sheet(contract: Contract, suite: Suite) -> Sheet:
    """A right row, then one wrong row per rule about rows."""
    sheet = Sheet(contract)
    sheet.add()
    for rule in suite.rules:
        changes = fault(rule)
        if changes is None:
            continue
        if rule.meta.get("check") == "identity":
            _add_conflict(sheet, rule.rule_id)
        else:
            sheet.add(changes, {rule.rule_id})
    return sheet


# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {
    "one_stop.dossiers": {"field_name": "Đất đai"},
    "one_stop.apologies": {"new_due_at": "18/02/2023 17:00"},
    "one_stop.components": {"is_reused": "Có"},
    "one_stop.payments": {"fee_kind": "Lệ phí"},
    "one_stop.results": {"signed_at": "08/02/2023 09:20"},
    "one_stop.satisfaction": {"rating": "Rất hài lòng"},
    "ioffice.outgoing_documents": {"document_type": "Quyết định"},
    "mail.accounts": {"sent_30d_count": "4"},
    "directory.headcount": {"headcount": "31"},
    "iso.certificates": {"procedures_covered_count": "21"},
    "portal.procedures": {"field_name": "Đất đai"},
    "forms.paper_register": {"return_method": "Bưu chính công ích"},
    "forms.par_scorecards": {"self_points": "0,5"},
    **portal.OTHER_CONTENT,
    **office.OTHER_CONTENT,
    **network.OTHER_CONTENT,
    **communication.OTHER_CONTENT,
    **document_work.OTHER_CONTENT,
    **progress.OTHER_CONTENT,
    **shared.OTHER_CONTENT,
    **forms.OTHER_CONTENT,
    **vertical.OTHER_CONTENT,
}


def number_of(dataset: str) -> int:
    """A number for a load of its own in a warehouse that all datasets share."""
    return 1 + DATASETS.index(dataset)


def end_a_unit(settings: Settings) -> None:
    """A unit that existed until the end of 2021: none of the real ones ended before the fixtures' days."""
    with psycopg.connect(settings.database_url) as conn:
        conn.execute("insert into ref.agency_alias values ('ENDED', '823', '1900-01-01', '2021-12-31')")


def _add_conflict(sheet: Sheet, rule_id: str) -> None:
    """Two rows of one key and version with another content; and two of one content, which are a repetition only."""
    first = sheet.add(rules={rule_id})
    sheet.add({**sheet.rows[first - 1], **OTHER_CONTENT[sheet.contract.id]}, {rule_id})
    repeated = sheet.add()
    sheet.add(sheet.rows[repeated - 1])


def stage_rows(settings: Settings, contract: Contract, load_seq: int, rows: list[Row], structural: int = 0) -> int:
    """Put rows where loading puts them: data rows, then structural ones; the number of landed rows."""
    names = [name for name, _ in inbound_columns(contract)]
    table = f'inbound."{inbound_name(contract, load_seq)}"'
    columns = ", ".join(f"{name} {kind}" for name, kind in inbound_columns(contract))
    data = [{**row, "_row_no": n, "_sheet": "", "_file": 0, "_kind": "data"} for n, row in enumerate(rows, start=1)]
    rest = [{"_row_no": len(rows) + n, "_file": 0, "_kind": "structural"} for n in range(1, structural + 1)]
    with connect("loader", settings) as conn:
        conn.execute(f"drop table if exists {table}")
        conn.execute(f"create unlogged table {table} ({columns})")
        with conn.cursor().copy(f"copy {table} ({', '.join(names)}) from stdin") as copy:
            for row in [*data, *rest]:
                copy.write_row([row.get(name) for name in names])
    return len(data) + len(rest)


def register(
    settings: Settings,
    contract: Contract,
    load_seq: int,
    *,
    snapshot_date: date | None = None,
    window: tuple[date, date] | None = None,
    content_digest: str = CONTENT,
) -> None:
    """What the ledger knows of a load before its gate."""
    is_snapshot = contract.shape == "snapshot"
    body = {
        "load_seq": load_seq,
        "dataset": contract.id,
        "shape": contract.shape,
        "load_key": f"{load_seq:064x}",
        "content_digest": content_digest,
        "snapshot_date": (snapshot_date or SNAPSHOT_DATE).isoformat() if is_snapshot else None,
        "window_from": window[0].isoformat() if window else None,
        "window_to": (window[1] if window else BUSINESS_DATE).isoformat(),
        "business_date": BUSINESS_DATE.isoformat(),
        "landing_path": "x",
        "files": [{"name": "x", "sha256_received": FILE, "sha256_landed": FILE, "bytes": 1}],
        "key_id": None,
        "code_version": "test",
        "run_id": None,
    }
    with connect("loader", settings) as conn:
        append(conn, "load_registered", body)


def promoted(
    settings: Settings,
    contract: Contract,
    load_seq: int,
    rows: int,
    *,
    snapshot_date: date | None = None,
    window: tuple[date, date] | None = None,
) -> None:
    """An earlier load of so many rows."""
    register(settings, contract, load_seq, snapshot_date=snapshot_date, window=window)
    nothing = dict.fromkeys(("withheld", "unchanged", "quarantined", "duplicate", "structural"), 0)
    account = {**nothing, "received": rows, "landed": rows, "accepted": rows}
    with connect("loader", settings) as conn:
        append(conn, "load_promoted", {"load_seq": load_seq, "account": account})


def gate(settings: Settings, contract: Contract, load_seq: int, rows: list[Row], structural: int = 0) -> GateResult:
    """Stage rows and check them; the load must be registered."""
    landed = stage_rows(settings, contract, load_seq, rows, structural)
    return check(settings, contract, load_seq, landed, CONTENT)


def refused(settings: Settings, contract: Contract, load_seq: int) -> dict[int, set[str]]:
    """Rules by number of the row, as the gate left them."""
    query = f'select _row_id, rule_id from inbound."{refused_name(contract, load_seq)}"'
    found: dict[int, set[str]] = {}
    with connect("loader", settings) as conn:
        for row_id, rule_id in conn.execute(query).fetchall():
            found.setdefault(row_id, set()).add(rule_id)
    return found


def quarantined(settings: Settings, contract: Contract) -> list[tuple[Any, ...]]:
    """Number, rules and file of the rows in quarantine."""
    query = f'select row_no, rule_ids, file_digest from quarantine."{contract.table}" order by row_no'
    with psycopg.connect(settings.database_url) as conn:
        return conn.execute(query).fetchall()


def suite_of(settings: Settings, dataset: str) -> Suite:
    return load_suite(suite_path(settings, get_contract(dataset)))
