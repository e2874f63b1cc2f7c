"""What a contract must say beyond the standard, so that loading, gating and modelling can be derived from it.

Each finding carries the path inside the file. The rules are written against the document (shape of the custom
properties) and against the finished contract (what the columns must make possible together).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from egov_kpi.contracts.model import Column, Contract, header_key
from egov_kpi.errors import EgovError

DATE_FORMATS = ("dd/MM/yyyy", "yyyy-MM-dd")
TIMESTAMP_FORMATS = ("dd/MM/yyyy HH:mm", "dd/MM/yyyy HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssXXX")
# The same forms as strftime writes them, for instants of Vietnam.
STRFTIME = {
    "dd/MM/yyyy": "%d/%m/%Y",
    "yyyy-MM-dd": "%Y-%m-%d",
    "dd/MM/yyyy HH:mm": "%d/%m/%Y %H:%M",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S",
    "yyyy-MM-dd'T'HH:mm:ssXXX": "%Y-%m-%dT%H:%M:%S+07:00",
}
NUMBER_FORMATS = ("0.0", "0,0")
SQL_TYPES = {
    "string": ("text",),
    "integer": ("integer", "bigint"),
    "number": ("numeric",),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": ("timestamptz",),
}
# Names that the warehouse gives to the columns it adds beside those of a contract.
RESERVED = frozenset(
    {"load_seq", "file_digest", "sheet", "row_no", "row_digest", "is_unchanged", "loaded_month"}
    | {"quarantine_id", "rule_ids", "state", "refused_at"}
    | {"key_digest", "source_version_at", "closed_event_no"}
)

# Longest table name that leaves room for the number of a load behind it, within Postgres's 63 bytes.
MAX_TABLE_NAME = 48
_TIME_ROLES = ("business_date", "source_version", "snapshot_date")

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,47}$")
_ID = re.compile(r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
_Raw = dict[str, Any]
_Known = dict[str, Callable[[Any], bool]]


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and _is_texts([*value.keys(), *value.values()])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_percent(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _is_formats(value: Any) -> bool:
    return _is_texts(value) and set(value) <= {"csv", "json", "xlsx"}


TABLE_PROPERTIES: _Known = {
    "shape": _one_of("delta", "snapshot"),
    "fileFormats": _is_formats,
    "critical": _is_bool,
    "quarantineCeilingPct": _is_percent,
    "sheet": _is_text,
    "totalRow": _is_text,
    "headingRows": _is_texts,
    "snapshotParts": _is_texts,
    "figureDates": _is_texts,
    "declaredTotal": _is_text,
}
REQUIRED_TABLE_PROPERTIES = ("shape", "fileFormats", "critical", "quarantineCeilingPct")
COLUMN_PROPERTIES: _Known = {
    "headers": _is_texts,
    "role": _one_of("agency", "business_date", "source_version", "snapshot_date"),
    "format": _is_text,
    "values": _is_text_map,
    "publicValues": _is_texts,
    "pattern": _is_text,
    "minimum": _is_integer,
    "handling": _one_of("keep", "drop", "hmac"),
    "pseudonymDomain": _is_text,
}
REQUIRED_COLUMN_FIELDS = ("name", "businessName", "description", "logicalType", "physicalType", "classification")


def custom_properties(item: _Raw) -> _Raw:
    return {entry["property"]: entry.get("value") for entry in item.get("customProperties", [])}


def freshness_hours(document: _Raw) -> int:
    return next(int(entry["value"]) for entry in document["slaProperties"] if entry["property"] == "freshness")


def check_document(path: Path, document: _Raw) -> None:
    """Refuse a file of the standard that lacks what this warehouse needs from it (EGOV-CONTRACT-003)."""
    where = _Place("/".join(path.parts[-3:]))
    _check_heading(where, path, document)
    table = document["schema"][0]
    _check_custom(where.at("$.schema[0].customProperties"), table, TABLE_PROPERTIES, REQUIRED_TABLE_PROPERTIES)
    if not _is_text(table.get("dataGranularityDescription")):
        where.at("$.schema[0].dataGranularityDescription").refuse("the grain is missing")
    for index, item in enumerate(table.get("properties") or []):
        _check_column_document(where.at(f"$.schema[0].properties[{index}]"), item)


def check_contract(contract: Contract) -> None:
    """Refuse a contract whose columns don't fit together (EGOV-CONTRACT-004)."""
    for column_name, problem in _problems(contract):
        place = f"$.schema[0].properties[?name='{column_name}']" if column_name else "$.schema[0]"
        file = "/".join(contract.path.parts[-3:])
        raise EgovError("EGOV-CONTRACT-004", file=file, path=place, detail=problem)


class _Place:
    """A file and a path inside it, to be named by a refusal."""

    def __init__(self, file: str, path: str = "$") -> None:
        self.file = file
        self.path = path

    def at(self, path: str) -> "_Place":
        return _Place(self.file, path)

    def refuse(self, detail: str) -> NoReturn:
        raise EgovError("EGOV-CONTRACT-003", file=self.file, path=self.path, detail=detail)


def _check_heading(where: _Place, path: Path, document: _Raw) -> None:
    if not _ID.match(str(document["id"])):
        where.at("$.id").refuse("the id is not <system>.<dataset> in lower case")
    if len(document["id"]) >= MAX_TABLE_NAME:
        where.at("$.id").refuse(f"the id has {MAX_TABLE_NAME} characters or more")
    if document["id"] != f"{path.parent.name}.{path.stem}":
        where.at("$.id").refuse(f"the id {document['id']} is not that of its file")
    tables = document.get("schema") or []
    if len(tables) != 1:
        where.at("$.schema").refuse(f"{len(tables)} tables instead of one")
    if tables[0]["name"] != document["id"].replace(".", "__"):
        where.at("$.schema[0].name").refuse("the table is not named <system>__<dataset>")
    _check_texts(where, document)
    _check_freshness(where, document)


def _check_texts(where: _Place, document: _Raw) -> None:
    for field in ("usage", "purpose"):
        if not _is_text((document.get("description") or {}).get(field)):
            where.at(f"$.description.{field}").refuse("Vietnamese (usage) and English (purpose) titles are needed")
    if not _is_text((document.get("team") or {}).get("description")):
        where.at("$.team.description").refuse("the owner is missing")


def _check_freshness(where: _Place, document: _Raw) -> None:
    entries = [entry for entry in document.get("slaProperties") or [] if entry["property"] == "freshness"]
    if len(entries) != 1 or entries[0].get("unit") != "h" or not _is_integer(entries[0]["value"]):
        where.at("$.slaProperties").refuse("exactly one freshness, in whole hours (unit: h), is needed")


def _check_custom(where: _Place, item: _Raw, known: _Known, required: tuple[str, ...]) -> None:
    names = [entry["property"] for entry in item.get("customProperties", [])]
    for name, times in Counter(names).items():
        if name not in known:
            where.refuse(f"unknown property {name}; known: {', '.join(sorted(known))}")
        if times > 1:
            where.refuse(f"property {name} is given {times} times")
    for name in required:
        if name not in names:
            where.refuse(f"property {name} is missing")
    for name, value in custom_properties(item).items():
        if not known[name](value):
            where.refuse(f"property {name} has a value that it can't have: {value!r}")


def _check_column_document(where: _Place, item: _Raw) -> None:
    for field in REQUIRED_COLUMN_FIELDS:
        if not _is_text(item.get(field)):
            where.at(f"{where.path}.{field}").refuse(f"{field} is missing")
    if item["logicalType"] not in SQL_TYPES:
        where.at(f"{where.path}.logicalType").refuse(f"type {item['logicalType']}; known: {', '.join(SQL_TYPES)}")
    if item["physicalType"] not in SQL_TYPES[item["logicalType"]]:
        where.at(f"{where.path}.physicalType").refuse(f"{item['physicalType']} doesn't hold a {item['logicalType']}")
    if item["classification"] not in ("public", "personal", "secret-marker"):
        where.at(f"{where.path}.classification").refuse(f"classification {item['classification']} is unknown")
    if bool(item.get("primaryKey")) != ("primaryKeyPosition" in item):
        where.at(f"{where.path}.primaryKey").refuse("primaryKey and primaryKeyPosition go together")
    _check_custom(where.at(f"{where.path}.customProperties"), item, COLUMN_PROPERTIES, ("headers",))


_Problems = Iterator[tuple[str | None, str]]


def _problems(contract: Contract) -> _Problems:
    yield from _name_problems(contract)
    yield from _key_problems(contract)
    yield from _role_problems(contract)
    yield from _part_problems(contract)
    yield from _file_problems(contract)
    for column in contract.columns:
        for problem in (*_type_problems(column), *_privacy_problems(column)):
            yield column.name, problem


def _name_problems(contract: Contract) -> _Problems:
    names = Counter(column.name for column in contract.columns)
    for name, times in names.items():
        if times > 1:
            yield name, f"the name is used {times} times"
        if not _NAME.match(name):
            yield name, "a name has at most 48 lower-case letters, digits and underscores"
        if name in RESERVED:
            yield name, "the name is reserved for the warehouse's own columns"
    owner: dict[str, str] = {}
    for column in contract.columns:
        for header in column.headers:
            other = owner.setdefault(header_key(header), column.name)
            if other != column.name:
                yield column.name, f"the header {header!r} belongs to {other} already"


def _key_problems(contract: Contract) -> _Problems:
    positions = [column.key_position for column in contract.key_columns]
    if positions != list(range(1, len(positions) + 1)) or not positions:
        yield None, f"key positions {positions} are not 1, 2, 3, ..."
    for column in contract.key_columns:
        if not column.required or not column.is_kept:
            yield column.name, "a key column is required and kept"


def _role_problems(contract: Contract) -> _Problems:
    roles: Counter[str] = Counter(column.role for column in contract.columns if column.role)
    needed = {"agency", "source_version", "snapshot_date" if contract.shape == "snapshot" else "business_date"}
    for role in sorted(needed):
        if roles[role] != 1:
            yield None, f"a {contract.shape} dataset has exactly one column with the role {role}, not {roles[role]}"
    for column in contract.columns:
        if column.role and not (column.is_kept and column.required):
            yield column.name, f"the column with the role {column.role} is required and kept"
        if column.role in _TIME_ROLES and column.type not in ("date", "timestamp"):
            yield column.name, f"the role {column.role} needs a date or a timestamp"
    snapshot = contract.snapshot_column
    if snapshot and (contract.shape != "snapshot" or snapshot.key_position is None or snapshot.type != "date"):
        yield snapshot.name, "a snapshot date is a date, part of the key, of a dataset with the shape snapshot"


def _part_problems(contract: Contract) -> _Problems:
    keys = {column.name for column in contract.key_columns if column.role != "snapshot_date"}
    for name in contract.snapshot_parts:
        if contract.shape != "snapshot" or name not in keys:
            yield name, "snapshotParts names columns of the key of a snapshot, its date not among them"
    dates = {column.name for column in contract.kept_columns if column.type in ("date", "timestamp")}
    for name in contract.figure_dates:
        if name not in dates:
            yield name, "figureDates names kept dates and times"


def _file_problems(contract: Contract) -> _Problems:
    if "xlsx" in contract.file_formats and not contract.sheet:
        yield None, "a workbook needs the name of its sheet (sheet)"
    if "json" in contract.file_formats and not contract.declared_total:
        yield None, "a paged answer needs the field that declares its total (declaredTotal)"
    if sum(column.is_secret_marker for column in contract.columns) > 1:
        yield None, "more than one secrecy marker"


def _type_problems(column: Column) -> Iterator[str]:
    formats = {"date": DATE_FORMATS, "timestamp": TIMESTAMP_FORMATS, "number": NUMBER_FORMATS}.get(column.type, ())
    if formats and column.format not in formats:
        yield f"the format of a {column.type} is one of {', '.join(formats)}"
    if column.format and not formats:
        yield f"a {column.type} has no format"
    if column.values and column.type not in ("string", "boolean"):
        yield "only a string or a boolean has values"
    if column.type == "boolean" and set((column.values or {}).values()) != {"true", "false"}:
        yield "a boolean's values map to true and false"
    if column.minimum is not None and column.type not in ("integer", "number"):
        yield "only a number has a minimum"
    if column.pattern is not None:
        yield from _pattern_problems(column)


def _pattern_problems(column: Column) -> Iterator[str]:
    if column.type != "string" or column.handling != "keep":
        yield "only a kept string has a pattern"
    try:
        re.compile(column.pattern or "")
    except re.error as error:
        yield f"the pattern is no regular expression: {error}"


def _privacy_problems(column: Column) -> Iterator[str]:
    if column.classification == "personal" and column.handling == "keep":
        yield "a personal column is dropped or pseudonymised (handling: drop or hmac)"
    if column.classification != "personal" and column.handling != "keep":
        yield "only a personal column is dropped or pseudonymised"
    if (column.handling == "hmac") != (column.pseudonym_domain is not None):
        yield "handling: hmac and pseudonymDomain go together"
    if column.handling == "hmac" and column.type != "string":
        yield "only a string can be pseudonymised"
    if column.is_secret_marker != (column.public_values is not None):
        yield "a secrecy marker and publicValues go together"
