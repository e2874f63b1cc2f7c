"""Fixtures of the gate's rules for what the portals send: publications of procedures, and petitions."""

Row = dict[str, str | None]
PUB, PET = "portal.publications", "feedback.petitions"


def publication(number: int) -> Row:
    return {
        "agency_code": "823",
        "procedure_code": f"1.{number:06d}",
        "decision_number": "85/QĐ-UBND",
        "field_name": "Hộ tịch",
        "competent_level": "Huyen",
        "change_kind": "ThayThe",
        "is_reviewed": "0",
        "decision_date": "2023-01-13",
        "legal_effective_date": "2023-02-15",
        "published_date": "2023-01-16",
        "posted_date": "2023-01-17",
        "mandatory_part_count": "7",
        "is_within_authority": "1",
        "form_field_count": "20",
        "form_field_cut_count": "4",
        "updated_at": "2023-01-17T09:00:00+07:00",
    }


def petition(number: int) -> Row:
    return {
        "petition_hash": f"{number:064x}",
        "agency_code": "823",
        "channel": "1022",
        "received_date": "2023-01-10",
        "outcome": "TraLoi",
        "handled_date": "2023-01-17",
        "is_disliked": "0",
        "is_petitioned_again": "0",
        "is_first": "1",
        "updated_at": "2023-01-17T09:00:00+07:00",
    }


RIGHT = {PUB: publication, PET: petition}
# The business half, rules about rows.
FAULTS: dict[str, Row] = {
    "GATE-PUB-501": {"agency_code": "99999"},
    "GATE-PUB-502": {"decision_date": "2023-03-08", "published_date": None, "posted_date": None},
    "GATE-PUB-503": {"decision_date": "2020-12-31"},
    "GATE-PUB-504": {"published_date": "2023-01-12"},
    "GATE-PUB-505": {"posted_date": "2023-01-12"},
    "GATE-PUB-506": {"published_date": "2023-03-08"},
    "GATE-PUB-507": {"posted_date": "2023-03-08"},
    "GATE-PUB-508": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-PUB-509": {"mandatory_part_count": "8"},
    "GATE-PUB-510": {"form_field_cut_count": "21"},
    "GATE-PUB-514": {"field_name": "H? t?ch"},
    "GATE-PET-501": {"agency_code": "99999"},
    "GATE-PET-502": {"received_date": "2023-03-08", "outcome": None, "handled_date": None},
    "GATE-PET-503": {"received_date": "2020-12-31"},
    "GATE-PET-504": {"handled_date": "2023-01-09"},
    "GATE-PET-505": {"handled_date": "2023-03-08"},
    "GATE-PET-506": {"updated_at": "2023-03-08T00:00:00+07:00"},
    "GATE-PET-507": {"handled_date": None},
    "GATE-PET-508": {"outcome": None, "handled_date": None, "is_disliked": "1"},
}
LOAD_RULES = {"GATE-PUB-001", "GATE-PET-001"}
HISTORY_RULES = {*(f"GATE-PUB-{n}" for n in (511, 512, 513)), *(f"GATE-PET-{n}" for n in (509, 510, 511))}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {PUB: {"mandatory_part_count": "6"}, PET: {"is_first": "0"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {name: {"updated_at": "2023-02-21T15:00:00+07:00"} for name in RIGHT}
NOW: dict[str, Row] = {name: {"updated_at": "2023-02-22T15:00:00+07:00"} for name in RIGHT}
