"""Fixtures of the gate's rules about news items, meetings and training; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]
COM = "communication.activities"


def activity(number: int) -> Row:
    return {
        "activity_code": f"HD-{number}",
        "agency_code": "823",
        "activity_kind": "HoiNghi",
        "has_par_content": "1",
        "held_date": "2023-02-14",
        "attendee_count": "40",
        "activity_status": "DaThucHien",
        "updated_at": "2023-02-20T09:00:00+07:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {COM: activity}

FAULTS: dict[str, Row] = {
    "GATE-COM-501": {"agency_code": "99999"},
    "GATE-COM-502": {"held_date": "2023-03-08", "activity_status": "HuyBo"},
    "GATE-COM-503": {"held_date": "1999-12-31"},
    "GATE-COM-504": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-COM-505": {"updated_at": "2023-02-13T15:00:00+07:00"},
    "GATE-COM-506": {"activity_kind": "TinBai"},
    "GATE-COM-507": {"attendee_count": "5001"},
}

LOAD_RULES = {"GATE-COM-001"}
HISTORY_RULES = {f"GATE-COM-{n}" for n in (508, 509, 510)}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {COM: {"has_par_content": "0"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {COM: {"updated_at": "2023-02-21T15:00:00+07:00"}}
NOW: dict[str, Row] = {COM: {"updated_at": "2023-02-22T15:00:00+07:00"}}
