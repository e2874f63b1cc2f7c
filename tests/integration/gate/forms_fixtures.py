"""Fixtures of the gate's rules about forms that units fill in; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]
OSU = "forms.one_stop_units"


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


RIGHT: dict[str, Callable[[int], Row]] = {OSU: one_stop_unit}

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
}

LOAD_RULES = {"GATE-OSU-001", "GATE-OSU-503"}
HISTORY_RULES = {f"GATE-OSU-{n}" for n in (512, 513)}
# A column of text that nothing else says is no value.
UNREAD_COLUMNS = {"OSU": "decision_number"}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {OSU: {"account_count": "4"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {OSU: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"}}
NOW: dict[str, Row] = {OSU: {"exported_at": "02/03/2023 01:00"}}
SIZE = {OSU: 6}
