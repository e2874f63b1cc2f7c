"""Suites as files: complete, in agreement with their contracts, and readable without Great Expectations."""

import json
from datetime import date
from pathlib import Path

import pytest

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.errors import EgovError
from egov_kpi.gate.derive import FIRST_BUSINESS_NUMBER, as_text, disagreements, main, merged, prefix
from egov_kpi.gate.marts import mart_suites
from egov_kpi.gate.reference import reference
from egov_kpi.gate.relation import Night, checked_columns, checked_query
from egov_kpi.gate.suite import Suite, load_suite, suite_path
from egov_kpi.settings import get_settings

DATASETS = sorted(all_contracts())
VIETNAMESE = set("àáảãạăắằẳẵặâấầẩẫậđèéẻẽẹêếềểễệìíỉĩịòóỏõọôốồổỗộơớờởỡợùúủũụưứừửữựỳýỷỹỵ")


def suite_of(dataset: str) -> Suite:
    return load_suite(suite_path(get_settings(), get_contract(dataset)))


def document_of(dataset: str) -> dict:  # type: ignore[type-arg]
    return json.loads(suite_path(get_settings(), get_contract(dataset)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("dataset", DATASETS)
def test_structural_half_agrees_with_the_contract(dataset: str) -> None:
    assert disagreements(get_contract(dataset), document_of(dataset)) == []


def test_no_suite_is_stale() -> None:
    assert main(["--check"]) == 0


@pytest.mark.parametrize("dataset", DATASETS)
def test_any_change_of_a_structural_rule_is_a_disagreement(dataset: str) -> None:
    contract = get_contract(dataset)
    for position, item in enumerate(document_of(dataset)["expectations"]):
        if item["meta"]["half"] != "contract":
            continue
        deleted, softened = document_of(dataset), document_of(dataset)
        del deleted["expectations"][position]
        softened["expectations"][position]["meta"]["action"] = "notice"
        assert disagreements(contract, deleted)
        assert disagreements(contract, softened)


def test_identifiers_survive_a_new_column_and_are_never_used_again() -> None:
    contract = get_contract("one_stop.dossiers")
    document = document_of(contract.id)
    gone = next(item for item in document["expectations"] if item["meta"].get("check") == "pattern")
    before = {item["meta"]["rule_id"] for item in document["expectations"]} - {gone["meta"]["rule_id"]}
    document["expectations"].remove(gone)
    document["meta"]["retired_numbers"] = [int(gone["meta"]["rule_id"][-3:])]

    after = {item["meta"]["rule_id"] for item in merged(contract, document)["expectations"]}

    assert before <= after
    assert gone["meta"]["rule_id"] not in after
    assert len(after) == len(before) + 1


def test_a_rule_that_the_contract_drops_retires_its_number() -> None:
    contract = get_contract("portal.procedures")
    document = document_of(contract.id)
    stray = {**document["expectations"][2], "meta": {**document["expectations"][2]["meta"], "rule_id": "GATE-PRO-099"}}
    stray["meta"]["column"] = "no_such_column"
    document["expectations"].append(stray)

    assert merged(contract, document)["meta"]["retired_numbers"] == [99]


@pytest.mark.parametrize("dataset", [*DATASETS, "marts"])
def test_every_rule_speaks_both_languages(dataset: str) -> None:
    rules = [rule for suite in mart_suites(get_settings()) for rule in suite.rules]
    for rule in rules if dataset == "marts" else suite_of(dataset).rules:
        for text in ("reason_vi", "remediation_vi"):
            assert VIETNAMESE & set(rule.meta[text].lower()), rule.rule_id
        for text in ("reason_en", "remediation_en"):
            assert not VIETNAMESE & set(rule.meta[text].lower()), rule.rule_id


def test_no_query_joins() -> None:
    """With a join, Great Expectations leaves the batch without an alias, and Postgres 15 refuses it."""
    suites = [*mart_suites(get_settings()), *(suite_of(dataset) for dataset in DATASETS)]
    queries = [rule.kwargs.get("unexpected_rows_query", "") for suite in suites for rule in suite.rules]
    assert any(queries)
    assert not [query for query in queries if " join " in query.lower()]


@pytest.mark.parametrize("dataset", DATASETS)
def test_identifiers_follow_their_halves(dataset: str) -> None:
    contract = get_contract(dataset)
    for rule in suite_of(dataset).rules:
        word, number = rule.rule_id.removeprefix("GATE-").rsplit("-", 1)
        assert word == prefix(contract)
        assert (int(number) >= FIRST_BUSINESS_NUMBER) == (rule.meta["half"] == "business")


@pytest.mark.parametrize("dataset", DATASETS)
def test_rules_name_columns_that_exist(dataset: str) -> None:
    contract = get_contract(dataset)
    columns = set(checked_columns(contract))
    for rule in suite_of(dataset).rules:
        named = {rule.kwargs[key] for key in ("column", "column_A", "column_B") if key in rule.kwargs}
        assert named <= columns, rule.rule_id


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_checked_query_has_the_columns_it_promises(dataset: str) -> None:
    contract = get_contract(dataset)
    night = Night(date(2023, 3, 6), None)
    query = checked_query(contract, 1, night)
    for name in checked_columns(contract):
        assert f"as {name}" in query or f'as "{name}"' in query
    assert "'2023-03-07'::date as _latest_date" in query
    assert "('2023-03-08'::timestamp at time zone 'Asia/Ho_Chi_Minh') as _latest_at" in query


def _written(path: Path, **changes: object) -> Path:
    document = document_of("portal.procedures")
    document["expectations"][0]["meta"] |= changes
    path.write_text(as_text(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "changes",
    [{"owner": ""}, {"reason_vi": ""}, {"remediation_en": ""}, {"action": "ignore"}, {"rule_id": "GATE-PRO-002"}],
)
def test_an_incomplete_rule_is_no_rule(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(EgovError, match="EGOV-GATE-002"):
        load_suite(_written(tmp_path / "suite.json", **changes))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"name": "x"}'])
def test_what_is_no_suite_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "suite.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EgovError, match="EGOV-GATE-001"):
        load_suite(path)


def test_the_reference_page_is_current() -> None:
    settings = get_settings()
    page = settings.project_root / "docs" / "reference" / "gate-rules.md"
    assert page.read_text(encoding="utf-8") == reference(settings)
