"""Fixtures of the gate's rules about the way of dossiers through the offices; `gate_fixtures` adds them."""

from collections.abc import Callable

Row = dict[str, str | None]
HAN, SYN, PAU = "one_stop.handovers", "portal.synchronisation", "one_stop.pauses"


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


def synchronisation(number: int) -> Row:
    return {
        "dossier_hash": f"{number:064x}",
        "agency_code": "823",
        "sync_status": "DaTiepNhan",
        "error_kind": None,
        "sent_at": "2023-02-01T08:20:00+07:00",
        "accepted_at": "2023-02-01T08:35:00+07:00",
        "updated_at": "2023-02-09T10:00:00+07:00",
    }


def pause(number: int) -> Row:
    return {
        "dossier_hash": f"{number:064x}",
        "pause_no": "1",
        "agency_code": "823",
        "pause_kind": "Yêu cầu bổ sung",
        "reason_code": "BS01",
        "paused_at": "01/02/2023 09:00",
        "resumed_at": "03/02/2023 10:00",
        "updated_at": "09/02/2023 10:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {HAN: handover, SYN: synchronisation, PAU: pause}

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
    "GATE-SYN-501": {"agency_code": "99999"},
    "GATE-SYN-502": {"sent_at": "2023-03-08T00:00:00+07:00", "accepted_at": None, "sync_status": "DangCho"},
    "GATE-SYN-503": {"sent_at": "1999-12-31T23:59:00+07:00"},
    "GATE-SYN-504": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-SYN-505": {"accepted_at": "2023-01-31T17:00:00+07:00"},
    "GATE-SYN-506": {"accepted_at": "2023-03-08T00:00:00+07:00"},
    "GATE-SYN-507": {"updated_at": "2023-02-01T08:30:00+07:00"},
    "GATE-SYN-508": {"accepted_at": None},
    "GATE-SYN-509": {"error_kind": "HeThong"},
    "GATE-PAU-501": {"agency_code": "99999"},
    "GATE-PAU-502": {"paused_at": "08/03/2023 00:00", "resumed_at": None},
    "GATE-PAU-503": {"paused_at": "31/12/1999 23:59"},
    "GATE-PAU-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-PAU-505": {"resumed_at": "31/01/2023 17:00"},
    "GATE-PAU-506": {"resumed_at": "08/03/2023 00:00"},
    "GATE-PAU-507": {"updated_at": "02/02/2023 17:00"},
    # the pause of the right row with which every load of the fixtures begins
    "GATE-PAU-508": {"dossier_hash": f"{1:064x}", "pause_no": "2", "paused_at": "03/02/2023 09:59"},
}

LOAD_RULES = {f"GATE-{word}-001" for word in ("HAN", "SYN", "PAU")}
HISTORY_RULES = {
    *(f"GATE-HAN-{n}" for n in range(511, 518)),
    *(f"GATE-SYN-{n}" for n in range(510, 517)),
    *(f"GATE-PAU-{n}" for n in range(509, 516)),
}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {
    HAN: {"internal_due_at": "06/02/2023 17:00"},
    SYN: {"accepted_at": "2023-02-01T08:36:00+07:00"},
    PAU: {"reason_code": "BS02"},
}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {
    HAN: {"updated_at": "21/02/2023 15:00"},
    SYN: {"updated_at": "2023-02-21T15:00:00+07:00"},
    PAU: {"updated_at": "21/02/2023 15:00"},
}
NOW: dict[str, Row] = {
    HAN: {"updated_at": "22/02/2023 15:00"},
    SYN: {"updated_at": "2023-02-22T15:00:00+07:00"},
    PAU: {"updated_at": "22/02/2023 15:00"},
}
# By the word of the dataset: its main date within the night.
AT_NIGHT: dict[str, tuple[str, Row]] = {
    "HAN": (HAN, {"received_at": "01/02/2023 02:00"}),
    "SYN": (SYN, {"sent_at": "2023-02-01T02:00:00+07:00"}),
    "PAU": (PAU, {"paused_at": "01/02/2023 02:00"}),
}
# By the word of the dataset: a change of what never changes.
CHANGED: dict[str, tuple[str, Row]] = {
    "HAN": (HAN, {"from_agency_code": "28654"}),
    "SYN": (SYN, {"sent_at": "2023-02-01T08:21:00+07:00"}),
    "PAU": (PAU, {"pause_kind": "Dừng xử lý"}),
}
