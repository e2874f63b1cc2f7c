"""Fixtures of the gate's rules about the way of dossiers through the offices; `gate_fixtures` adds them."""

from collections.abc import Callable

Row = dict[str, str | None]
HAN = "one_stop.handovers"


def handover(number: int) -> Row:
    return {
        "dossier_hash": f"{number:064x}",
        "step_no": "1",
        "agency_code": "823",
        "from_agency_code": "28651",
        "received_at": "01/02/2023 08:15",
        "internal_due_at": "03/02/2023 17:00",
        "handed_on_at": "02/02/2023 10:00",
        "updated_at": "09/02/2023 10:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {HAN: handover}

FAULTS: dict[str, Row] = {
    "GATE-HAN-501": {"agency_code": "99999"},
    "GATE-HAN-502": {"received_at": "08/03/2023 00:00", "internal_due_at": "10/03/2023 17:00", "handed_on_at": None},
    "GATE-HAN-503": {"received_at": "31/12/1999 23:59", "internal_due_at": "03/01/2000 17:00"},
    "GATE-HAN-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-HAN-505": {"internal_due_at": "31/01/2023 17:00"},
    "GATE-HAN-506": {"handed_on_at": "31/01/2023 17:00"},
    "GATE-HAN-507": {"handed_on_at": "08/03/2023 00:00"},
    "GATE-HAN-508": {"from_agency_code": "99999"},
    "GATE-HAN-509": {"updated_at": "01/02/2023 17:00"},
    "GATE-HAN-510": {"internal_due_at": "03/02/2032 17:00"},
}

LOAD_RULES = {f"GATE-{word}-001" for word in ("HAN",)}
HISTORY_RULES = {f"GATE-HAN-{n}" for n in range(511, 518)}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {HAN: {"internal_due_at": "06/02/2023 17:00"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {HAN: {"updated_at": "21/02/2023 15:00"}}
NOW: dict[str, Row] = {HAN: {"updated_at": "22/02/2023 15:00"}}
# By the word of the dataset: its main date within the night.
AT_NIGHT: dict[str, tuple[str, Row]] = {"HAN": (HAN, {"received_at": "01/02/2023 02:00"})}
# By the word of the dataset: a change of what never changes.
CHANGED: dict[str, tuple[str, Row]] = {"HAN": (HAN, {"from_agency_code": "28654"})}
