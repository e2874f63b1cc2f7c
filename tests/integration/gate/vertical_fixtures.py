"""Fixtures of the gate's rules about the forms of vertical agencies; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]
VER = "forms.vertical_settlement"


def form_line(number: int) -> Row:
    return {
        "agency_code": "82.bhxh",
        "period_start": "01/02/2023",
        "field_name": f"Lĩnh vực {number}",
        "received_count": "100",
        "settled_count": "98",
        "on_time_count": "96",
        "late_count": "2",
        "updated_at": "02/03/2023 09:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {VER: form_line}

FAULTS: dict[str, Row] = {
    "GATE-VER-501": {"agency_code": "99999"},
    "GATE-VER-502": {"agency_code": "823"},
    "GATE-VER-503": {"period_start": "02/02/2023"},
    "GATE-VER-504": {"period_start": "01/04/2023"},
    "GATE-VER-505": {"period_start": "01/12/1999"},
    "GATE-VER-506": {"updated_at": "08/03/2023 00:00"},
    "GATE-VER-507": {"period_start": "01/03/2023"},
    "GATE-VER-508": {"late_count": "3"},
    "GATE-VER-509": {"received_count": "1000001"},
}

LOAD_RULES = {"GATE-VER-001"}
HISTORY_RULES = {"GATE-VER-510", "GATE-VER-511"}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {VER: {"received_count": "101"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {VER: {"updated_at": "01/03/2023 15:00"}}
NOW: dict[str, Row] = {VER: {"updated_at": "02/03/2023 15:00"}}
