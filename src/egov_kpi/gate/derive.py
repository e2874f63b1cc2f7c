"""The structural half of every suite, derived from its contract: `python -m egov_kpi.gate.derive`.

Writes the rules of half `contract` into `expectations/<system>/<dataset>.json` and leaves the half `business` alone. A
rule keeps its identifier for ever: it is known by type, column and purpose, and a new one takes the next free number.
"""

# ruff: noqa: S608  (names in queries are a contract's: letters, digits and underscores)

import json
import sys
from typing import Any

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Column, Contract
from egov_kpi.gate.relation import has_text_twin, is_parsed, text_name
from egov_kpi.gate.suite import suite_path
from egov_kpi.load.unread import UNREAD_CELL
from egov_kpi.settings import Settings, get_settings

# Word of the dataset in a rule's identifier; numbers from 501 on are the business half.
PREFIXES = {
    "one_stop.dossiers": "DOS",
    "one_stop.apologies": "APO",
    "one_stop.components": "CMP",
    "one_stop.data_uses": "USE",
    "one_stop.handovers": "HAN",
    "one_stop.pauses": "PAU",
    "one_stop.payments": "PAY",
    "one_stop.results": "RES",
    "one_stop.satisfaction": "SAT",
    "ioffice.outgoing_documents": "DOC",
    "mail.accounts": "MAI",
    "directory.headcount": "HEA",
    "iso.certificates": "CER",
    "portal.fees": "FEE",
    "portal.procedures": "PRO",
    "portal.publications": "PUB",
    "portal.synchronisation": "SYN",
    "feedback.petitions": "PET",
    "forms.paper_register": "PAP",
    "forms.par_scorecards": "PAR",
    "forms.one_stop_units": "OSU",
    "forms.vertical_settlement": "VER",
    "forms.periodic_reports": "RPT",
    "forms.survey_results": "SUR",
    "ioffice.tasks": "TAS",
    "network.devices": "NET",
    "communication.activities": "COM",
    "ioffice.incoming_documents": "INC",
    "ioffice.accounts": "ACC",
    "ioffice.work_files": "WOF",
}
FIRST_BUSINESS_NUMBER = 501
_Expectation = dict[str, Any]


def prefix(contract: Contract) -> str:
    """The dataset's word in rule identifiers; a new dataset takes its own name until it is given a short one."""
    return PREFIXES.get(contract.id, contract.dataset.upper().replace("_", "-"))


def ceiling_rule_id(contract: Contract) -> str:
    """The rule that the gate itself checks: the contract's ceiling of quarantined rows."""
    return f"GATE-{prefix(contract)}-000"


def derived_rules(contract: Contract) -> list[_Expectation]:
    """The structural expectations of a contract, each with its purpose but without an identifier."""
    rules = [_has_rows(contract), _one_content_per_version(contract)]
    if "xlsx" in contract.file_formats:
        rules.append(_every_cell_read(contract))
    for column in contract.kept_columns:
        rules += _column_rules(contract, column)
    return rules


def merged(contract: Contract, existing: dict[str, Any]) -> dict[str, Any]:
    """The suite with its structural half renewed; business rules and identifiers as they are."""
    old = existing.get("expectations", [])
    known = {_purpose(item): item["meta"]["rule_id"] for item in old if item["meta"]["half"] == "contract"}
    taken = {int(item["meta"]["rule_id"].rsplit("-", 1)[1]) for item in old}
    taken |= set(existing.get("meta", {}).get("retired_numbers", []))
    fresh = derived_rules(contract)
    for item in fresh:
        rule_id = known.get(_purpose(item)) or _next_id(contract, taken)
        item["meta"] = {"rule_id": rule_id, **item["meta"]}
    kept = {item["meta"]["rule_id"] for item in fresh}
    retired = {int(rule_id.rsplit("-", 1)[1]) for rule_id in known.values() if rule_id not in kept}
    retired |= set(existing.get("meta", {}).get("retired_numbers", []))
    business = [item for item in old if item["meta"]["half"] != "contract"]
    return {
        "name": contract.id,
        "meta": {"dataset": contract.id, "retired_numbers": sorted(retired)},
        "expectations": fresh + business,
    }


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def disagreements(contract: Contract, document: dict[str, Any]) -> list[str]:
    """Rule identifiers (or purposes, of rules that are absent) on which a suite and its contract differ."""
    actual = _structural(document)
    wanted = _structural(merged(contract, document))
    differing = [purpose for purpose, item in wanted.items() if actual.get(purpose) != item]
    return sorted({*differing, *(purpose for purpose in actual if purpose not in wanted)})


def _structural(document: dict[str, Any]) -> dict[str, _Expectation]:
    return {_purpose(item): item for item in document["expectations"] if item["meta"]["half"] == "contract"}


def _purpose(item: _Expectation) -> str:
    """What a structural rule is for, stable while its texts and limits change."""
    return f"{item['meta']['check']}:{item['meta'].get('column', '')}"


def _next_id(contract: Contract, taken: set[int]) -> str:
    number = next(n for n in range(1, FIRST_BUSINESS_NUMBER) if n not in taken)
    taken.add(number)
    return f"GATE-{prefix(contract)}-{number:03d}"


def _expectation(
    contract: Contract,
    check: str,
    type_: str,
    kwargs: dict[str, Any],
    texts: tuple[str, str, str, str],
    *,
    action: str = "quarantine",
    severity: str = "critical",
    column: Column | None = None,
) -> _Expectation:
    reason_vi, reason_en, remediation_vi, remediation_en = texts
    meta = {
        "half": "contract",
        "check": check,
        **({"column": column.name} if column else {}),
        "action": action,
        "owner": contract.owner,
        "reason_vi": reason_vi,
        "reason_en": reason_en,
        "remediation_vi": remediation_vi,
        "remediation_en": remediation_en,
    }
    return {"type": type_, "kwargs": kwargs, "severity": severity, "meta": meta}


def _has_rows(contract: Contract) -> _Expectation:
    return _expectation(
        contract,
        "rows",
        "expect_table_row_count_to_be_between",
        {"min_value": 1},
        (
            "Tệp chỉ có tiêu đề: mọi quy tắc theo dòng đều đạt trên bảng rỗng",
            "An export of headers alone: every rule about rows passes on an empty table",
            "Kiểm tra điều kiện lọc khi kết xuất rồi kết xuất lại",
            "Check the filter of the export and export again",
        ),
        action="block",
    )


def _one_content_per_version(contract: Contract) -> _Expectation:
    identity = [column.name for column in (*contract.key_columns, contract.version_column)]
    names = ", ".join(identity)
    # Great Expectations gives the batch an alias, which Postgres 15 demands, only in a query that says no "join".
    query = (
        f"with b as (select * from {{batch}}) select b._row_id from b where ({names}) in "
        f"(select {names} from b group by {names} having min(_content) <> max(_content))"
    )
    return _expectation(
        contract,
        "identity",
        "unexpected_rows_expectation",
        {"unexpected_rows_query": query},
        (
            "Cùng khóa, cùng thời điểm cập nhật nhưng nội dung khác nhau: không biết dòng nào đúng",
            "Same key and same version but another content: nothing says which row is right",
            "Đề nghị đơn vị sửa dòng sai và cập nhật lại thời điểm cập nhật",
            "Ask the unit to correct the wrong row and to give it a later time of update",
        ),
    )


def _every_cell_read(contract: Contract) -> _Expectation:
    """A cell that could not be read is no value of a column of text; elsewhere type or list refuses it anyway."""
    plain = ", ".join(f"b.{column.name}" for column in contract.kept_columns if not has_text_twin(column))
    query = f"with b as (select * from {{batch}}) select b._row_id from b where '{UNREAD_CELL}' in ({plain})"
    return _expectation(
        contract,
        "unread",
        "unexpected_rows_expectation",
        {"unexpected_rows_query": query},
        (
            "Một ô chữ chứa công thức chưa có kết quả hoặc báo lỗi: không biết giá trị là gì",
            "A cell of text holds a formula without a result, or an error: nobody knows its value",
            "Mở tệp bằng bảng tính, dán giá trị thay cho công thức, lưu và gửi lại",
            "Open the file in a spreadsheet, paste values in place of formulas, save and send it again",
        ),
    )


def _column_rules(contract: Contract, column: Column) -> list[_Expectation]:
    rules = []
    if column.required:
        rules.append(_required(contract, column))
    if is_parsed(column):
        rules.append(_castable(contract, column))
    if column.values:
        rules.append(_enumerated(contract, column))
    if column.pattern:
        rules.append(_patterned(contract, column))
    if column.minimum is not None:
        rules.append(_bounded(contract, column))
    return rules


def _required(contract: Contract, column: Column) -> _Expectation:
    return _expectation(
        contract,
        "required",
        "expect_column_values_to_not_be_null",
        {"column": text_name(column)},
        (
            f"«{column.title_vi}» là cột bắt buộc nhưng để trống",
            f"{column.name} is required but empty",
            f"Bổ sung «{column.title_vi}» tại hệ thống nguồn rồi kết xuất lại",
            f"Fill in {column.name} in the source and export again",
        ),
        column=column,
    )


def _castable(contract: Contract, column: Column) -> _Expectation:
    form = column.format or {"integer": "0", "number": "0.0"}.get(column.type, column.type)
    return _expectation(
        contract,
        "type",
        "expect_column_values_to_be_in_set",
        {"column": f"{column.name}__valid", "value_set": [True]},
        (
            f"«{column.title_vi}» không đúng kiểu {_TYPES_VI[column.type]} ({form})",
            f"{column.name} is not a {column.type} in the form {form}",
            f"Sửa giá trị tại hệ thống nguồn theo dạng {form}; ngày phải có thật trong lịch",
            f"Correct the value in the source to the form {form}; a date must exist in the calendar",
        ),
        column=column,
    )


_TYPES_VI = {
    "string": "chữ",
    "integer": "số nguyên",
    "number": "số",
    "boolean": "có/không",
    "date": "ngày",
    "timestamp": "ngày giờ",
}


def _enumerated(contract: Contract, column: Column) -> _Expectation:
    return _expectation(
        contract,
        "values",
        "expect_column_values_to_be_in_set",
        {"column": text_name(column), "value_set": list(column.values or {})},
        (
            f"«{column.title_vi}» có mã ngoài danh mục của hợp đồng",
            f"{column.name} holds a code outside the list of the contract",
            "Sửa mã tại hệ thống nguồn; nếu là mã mới, bổ sung vào hợp đồng dữ liệu kèm nghĩa của nó",
            "Correct the code in the source; add a new code, with its meaning, to the contract",
        ),
        column=column,
    )


def _patterned(contract: Contract, column: Column) -> _Expectation:
    return _expectation(
        contract,
        "pattern",
        "expect_column_values_to_match_regex",
        {"column": text_name(column), "regex": column.pattern},
        (
            f"«{column.title_vi}» không theo mẫu {column.pattern}",
            f"{column.name} does not follow the pattern {column.pattern}",
            "Sửa mã theo danh mục quốc gia tại hệ thống nguồn rồi kết xuất lại",
            "Correct the code after the national list in the source and export again",
        ),
        column=column,
    )


def _bounded(contract: Contract, column: Column) -> _Expectation:
    return _expectation(
        contract,
        "minimum",
        "expect_column_values_to_be_between",
        {"column": column.name, "min_value": column.minimum},
        (
            f"«{column.title_vi}» nhỏ hơn {column.minimum}",
            f"{column.name} is below {column.minimum}",
            "Sửa số liệu tại hệ thống nguồn; số đếm không thể âm",
            "Correct the figure in the source; a count is never negative",
        ),
        column=column,
    )


def main(arguments: list[str], settings: Settings | None = None) -> int:
    """Rewrite the structural halves; with `--check` only name the suites that differ, exit 1 when there is one."""
    settings = settings or get_settings()
    stale = []
    for contract in all_contracts(settings).values():
        path = suite_path(settings, contract)
        before = path.read_text(encoding="utf-8") if path.exists() else "{}"
        after = as_text(merged(contract, json.loads(before)))
        if after != before:
            stale.append(contract.id)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(after, encoding="utf-8")
    sys.stdout.write("".join(f"{name}\n" for name in stale))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
