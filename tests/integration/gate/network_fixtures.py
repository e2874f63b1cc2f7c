"""Fixtures of the gate's rules about the register of devices; `gate_fixtures` adds them to the others."""

from collections.abc import Callable

Row = dict[str, str | None]
NET = "network.devices"


def device(number: int) -> Row:
    return {
        "device_code": f"TB-{number}",
        "agency_code": "823",
        "device_kind": "Máy tính",
        "is_networked": "Có",
        "is_secured": "Có",
        "secured_date": "15/06/2022",
        "retired_date": None,
        "snapshot_date": "01/03/2023",
        "exported_at": "02/03/2023 01:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {NET: device}

FAULTS: dict[str, Row] = {
    "GATE-NET-501": {"agency_code": "99999"},
    "GATE-NET-502": {"snapshot_date": "28/02/2023"},
    "GATE-NET-504": {"exported_at": "08/03/2023 00:00"},
    "GATE-NET-505": {"exported_at": "28/02/2023 08:00"},
    "GATE-NET-506": {"secured_date": "02/03/2023"},
    "GATE-NET-507": {"retired_date": "31/12/1999"},
    "GATE-NET-508": {"is_networked": "Không"},
    "GATE-NET-509": {"secured_date": None},
}

LOAD_RULES = {"GATE-NET-001", "GATE-NET-503", "GATE-NET-511"}
HISTORY_RULES = {f"GATE-NET-{n}" for n in (510, 512, 513, 514, 515, 516)}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {NET: {"device_kind": "Máy in"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {NET: {"snapshot_date": "01/02/2023", "exported_at": "02/02/2023 01:00"}}
NOW: dict[str, Row] = {NET: {}}
