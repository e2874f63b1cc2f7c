"""Read contracts: first against the standard's own schema, then against the rules of this warehouse.

A contract that breaks either is refused with the file, the path inside the file and what to do (`EGOV-CONTRACT-...`).
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from egov_kpi.contracts import rules
from egov_kpi.contracts.model import Column, Contract
from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings, get_settings

_Raw = dict[str, Any]


def get_contract(contract_id: str, settings: Settings | None = None) -> Contract:
    """The contract of a dataset such as `one_stop.dossiers`; EGOV-CONTRACT-005 when there is none."""
    contracts = all_contracts(settings)
    if contract_id not in contracts:
        raise EgovError("EGOV-CONTRACT-005", dataset=contract_id, known=", ".join(sorted(contracts)))
    return contracts[contract_id]


def all_contracts(settings: Settings | None = None) -> dict[str, Contract]:
    """All contracts by id, in the order of their ids."""
    return dict(_contracts_in((settings or get_settings()).contracts_dir))


def load_contract(path: Path) -> Contract:
    """One contract, checked; EGOV-CONTRACT-001 to -004 and -006 when it is broken."""
    document = _read(path)
    _check_standard(path, document)
    rules.check_document(path, document)
    contract = _contract(path, document)
    rules.check_contract(contract)
    return contract


@lru_cache(maxsize=8)
def _contracts_in(folder: Path) -> dict[str, Contract]:
    paths = sorted(folder.glob("*/*.yaml"))
    if not paths:
        raise EgovError("EGOV-CONTRACT-006", folder=folder.name)
    contracts = [load_contract(path) for path in paths]
    return {contract.id: contract for contract in contracts}


class _UniqueSafeLoader(yaml.CSafeLoader):
    """YAML forbids it that a key stands twice in a mapping; PyYAML would take the last one and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if (key.tag, str(key.value)) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)


def _read(path: Path) -> _Raw:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueSafeLoader)  # noqa: S506 -- a CSafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EgovError("EGOV-CONTRACT-001", file=_name(path), detail=str(error)) from error
    if not isinstance(document, dict):
        raise EgovError("EGOV-CONTRACT-001", file=_name(path), detail="not a mapping")
    return document


def _check_standard(path: Path, document: _Raw) -> None:
    """Refuse what the Open Data Contract Standard refuses; the deepest finding names the place best."""
    findings = sorted(_standard_errors(document), key=lambda error: -len(error[0]))
    if findings:
        where, message = findings[0]
        raise EgovError("EGOV-CONTRACT-002", file=_name(path), path=where, detail=message)


def _standard_errors(document: _Raw) -> Iterator[tuple[str, str]]:
    for error in _standard_validator().iter_errors(document):
        yield _json_path(error.instance_path), error.message[:200]


def _json_path(steps: Sequence[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


@cache
def _standard_validator() -> jsonschema_rs.Draft201909Validator:
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft201909Validator(schema)


def _contract(path: Path, document: _Raw) -> Contract:
    table = document["schema"][0]
    custom = rules.custom_properties(table)
    system, dataset = document["id"].split(".")
    return Contract(
        system=system,
        dataset=dataset,
        id=document["id"],
        table=table["name"],
        shape=custom["shape"],
        critical=custom["critical"],
        file_formats=tuple(custom["fileFormats"]),
        sheet=custom.get("sheet"),
        total_row=custom.get("totalRow"),
        heading_rows=tuple(custom.get("headingRows", ())),
        snapshot_parts=tuple(custom.get("snapshotParts", ())),
        figure_dates=tuple(custom.get("figureDates", ())),
        declared_total=custom.get("declaredTotal"),
        quarantine_ceiling_pct=float(custom["quarantineCeilingPct"]),
        freshness_hours=rules.freshness_hours(document),
        owner=document["team"]["description"],
        columns=tuple(_column(item) for item in table["properties"]),
        title_vi=document["description"]["usage"],
        title_en=document["description"]["purpose"],
        grain=table["dataGranularityDescription"],
        path=path,
    )


def _column(item: _Raw) -> Column:
    custom = rules.custom_properties(item)
    public_values = custom.get("publicValues")
    return Column(
        name=item["name"],
        title_vi=item["businessName"],
        description_en=item["description"],
        type=item["logicalType"],
        sql_type=item["physicalType"],
        headers=tuple(custom["headers"]),
        classification=item["classification"],
        handling=custom.get("handling", "keep"),
        required=item.get("required", False),
        key_position=item.get("primaryKeyPosition"),
        role=custom.get("role"),
        format=custom.get("format"),
        values=custom.get("values"),
        public_values=None if public_values is None else tuple(public_values),
        pattern=custom.get("pattern"),
        minimum=custom.get("minimum"),
        pseudonym_domain=custom.get("pseudonymDomain"),
    )


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])
