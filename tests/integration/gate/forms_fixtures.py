"""Fixtures of the gate's rules about forms that units fill in; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]
OSU, RPT, SUR = "forms.one_stop_units", "forms.periodic_reports", "forms.survey_results"


def one_stop_unit(number: int) -> Row:
    return {
        # The province compiles for all below it.
        "reporting_agency_code": "82",
        "agency_code": "823",
        "is_consolidated": "Có",
        "decision_number": f"{number}/QĐ-UBND",
        "decision_date": "15/06/2022",
        "official_count": "6",
        "account_count": "5",
        "snapshot_date": "01/03/2023",
        # A minute of its own: each row stands for a book of its own.
        "exported_at": f"02/03/2023 {8 + number // 60:02d}:{number % 60:02d}",
    }


def periodic_report(number: int) -> Row:
    return {
        "receiving_agency_code": "82",
        "agency_code": "823",
        "report_code": f"BC-{number}",
        "report_name": "Báo cáo công tác cải cách hành chính",
        "reporting_period": "2023-01",
        "due_date": "20/01/2023",
        "sent_at": "19/01/2023 09:00",
        "updated_at": "31/01/2023 17:00",
    }


def survey_result(number: int) -> Row:
    return {
        "index_code": "SIPAS",
        "survey_year": "2023",
        "agency_code": "823",
        "domain_code": str(number),
        "domain_name": "Thủ tục hành chính",
        "score": "82,5",
        "max_score": "100",
        "unit_rank": "2",
        "sample_size": "240",
        "snapshot_date": "01/03/2023",
        "exported_at": "02/03/2023 01:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {OSU: one_stop_unit, RPT: periodic_report, SUR: survey_result}

FAULTS: dict[str, Row] = {
    "GATE-OSU-501": {"agency_code": "99999"},
    "GATE-OSU-502": {"snapshot_date": "28/02/2023"},
    "GATE-OSU-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-OSU-505": {"exported_at": "28/02/2023 08:00"},
    "GATE-OSU-506": {"decision_date": "02/03/2023"},
    "GATE-OSU-507": {"decision_date": "31/12/1999"},
    "GATE-OSU-508": {"is_consolidated": "Không"},
    "GATE-OSU-509": {"account_count": "7"},
    "GATE-OSU-510": {"official_count": "201"},
    "GATE-OSU-511": {"reporting_agency_code": "824"},
    "GATE-RPT-501": {"agency_code": "99999"},
    "GATE-RPT-502": {"due_date": "08/03/2023", "sent_at": None},
    "GATE-RPT-503": {"due_date": "31/12/1999"},
    "GATE-RPT-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-RPT-505": {"sent_at": "01/02/2023 08:00"},
    "GATE-RPT-506": {"due_date": "31/12/2022"},
    "GATE-RPT-507": {"sent_at": "31/12/2022 23:59"},
    "GATE-RPT-508": {"receiving_agency_code": "824"},
    "GATE-SUR-501": {"agency_code": "99999"},
    "GATE-SUR-502": {"snapshot_date": "28/02/2023"},
    "GATE-SUR-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-SUR-505": {"exported_at": "28/02/2023 08:00"},
    "GATE-SUR-506": {"score": "100,01"},
    "GATE-SUR-507": {"max_score": "1000,5"},
    "GATE-SUR-508": {"agency_code": "824"},
    "GATE-SUR-509": {"survey_year": "2022"},
    "GATE-SUR-510": {"domain_code": "1", "score": "82", "exported_at": "02/03/2023 01:01"},
}

LOAD_RULES = {"GATE-OSU-001", "GATE-OSU-503", "GATE-RPT-001", "GATE-SUR-001", "GATE-SUR-503"}
HISTORY_RULES = {"GATE-OSU-512", "GATE-OSU-513", "GATE-RPT-509", "GATE-RPT-510", "GATE-SUR-511", "GATE-SUR-512"}
# A column of text that nothing else says is no value.
UNREAD_COLUMNS = {"OSU": "decision_number", "RPT": "report_name", "SUR": "domain_name"}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {
    OSU: {"account_count": "4"},
    RPT: {"report_name": "Báo cáo khác"},
    SUR: {"score": "80"},
}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {
    OSU: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"},
    RPT: {"updated_at": "21/02/2023 15:00"},
    SUR: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"},
}
NOW: dict[str, Row] = {OSU: {"exported_at": "02/03/2023 01:00"}, RPT: {"updated_at": "22/02/2023 15:00"}, SUR: {}}
SIZE = {OSU: 6, RPT: 40, SUR: 20}
