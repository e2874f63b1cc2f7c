"""Fixtures of the gate's rules about shared data that dossiers used, and about fees; `gate_fixtures` adds them."""

from collections.abc import Callable

Row = dict[str, str | None]
USE, FEE = "one_stop.data_uses", "portal.fees"


def data_use(number: int) -> Row:
    return {
        "dossier_hash": f"{number:064x}",
        "agency_code": "823",
        "is_population_used": "Có",
        "is_taken_from_store": "Không",
        "is_result_stored": "Không",
        "certified_copy": "Không",
        "recorded_at": "01/02/2023 08:05",
        "updated_at": "09/02/2023 10:00",
    }


def fee(number: int) -> Row:
    return {
        "agency_code": "823",
        "procedure_code": f"1.{number:06d}",
        "competent_level": "Xa",
        "has_fee": "1",
        "synced_date": "2022-06-15",
        "snapshot_date": "2023-03-01",
        "exported_at": "2023-03-02T01:00:00+07:00",
    }


RIGHT: dict[str, Callable[[int], Row]] = {USE: data_use, FEE: fee}

FAULTS: dict[str, Row] = {
    "GATE-USE-501": {"agency_code": "99999"},
    "GATE-USE-502": {"recorded_at": "08/03/2023 00:00"},
    "GATE-USE-503": {"recorded_at": "31/12/1999 23:59"},
    "GATE-USE-504": {"updated_at": "08/03/2023 00:00"},
    "GATE-USE-505": {"updated_at": "31/01/2023 17:00"},
    "GATE-FEE-501": {"agency_code": "99999"},
    "GATE-FEE-502": {"snapshot_date": "2023-02-28"},
    "GATE-FEE-504": {"exported_at": "2023-03-08T00:00:00+07:00"},
    "GATE-FEE-505": {"synced_date": "2023-03-02"},
    "GATE-FEE-512": {"exported_at": "2023-02-28T01:00:00+07:00"},
    "GATE-FEE-513": {"synced_date": "1999-12-31"},
    "GATE-FEE-514": {"has_fee": "0"},
}

LOAD_RULES = {"GATE-USE-001", "GATE-FEE-001", "GATE-FEE-503", "GATE-FEE-506"}
HISTORY_RULES = {*(f"GATE-USE-{n}" for n in range(506, 514)), *(f"GATE-FEE-{n}" for n in range(507, 512))}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {USE: {"is_taken_from_store": "Có"}, FEE: {"competent_level": "Huyen"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {
    USE: {"updated_at": "21/02/2023 15:00"},
    FEE: {"snapshot_date": "2023-02-01", "exported_at": "2023-02-02T01:00:00+07:00"},
}
NOW: dict[str, Row] = {USE: {"updated_at": "22/02/2023 15:00"}, FEE: {}}
# By the word of the dataset: its main date within the night, and a change of what never changes.
AT_NIGHT: dict[str, tuple[str, Row]] = {"USE": (USE, {"recorded_at": "01/02/2023 02:00"})}
CHANGED: dict[str, tuple[str, Row]] = {
    "USE": (USE, {"recorded_at": "02/02/2023 08:05"}),
    "FEE": (FEE, {"synced_date": "2022-06-16"}),
}
