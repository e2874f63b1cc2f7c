"""Fixtures of the gate's rules for what the portals send: publications of procedures."""

Row = dict[str, str | None]
PUB = "portal.publications"


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


RIGHT = {PUB: publication}
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
}
LOAD_RULES = {"GATE-PUB-001"}
HISTORY_RULES = {f"GATE-PUB-{n}" for n in (511, 512, 513)}
# A column that no rule compares with another, and another value for it.
OTHER_CONTENT: dict[str, Row] = {PUB: {"mandatory_part_count": "6"}}
# Values of a row of the load before, and of the load in question, that make the two a right pair.
THEN: dict[str, Row] = {PUB: {"updated_at": "2023-02-21T15:00:00+07:00"}}
NOW: dict[str, Row] = {PUB: {"updated_at": "2023-02-22T15:00:00+07:00"}}
