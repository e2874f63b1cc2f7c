"""Every rule fires, on a row that no other rule refuses: delete any expectation and its row goes unnoticed."""

import json
import shutil
from pathlib import Path

import gate_fixtures as fx
import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.gate.derive import ceiling_rule_id
from egov_kpi.gate.suite import suite_path
from egov_kpi.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")


@pytest.fixture(scope="module")
def where_a_unit_ended(shared_warehouse: Settings) -> Settings:
    fx.end_a_unit(shared_warehouse)
    return shared_warehouse


@pytest.mark.parametrize("dataset", fx.DATASETS)
def test_each_row_rule_refuses_its_own_row_and_no_other(where_a_unit_ended: Settings, dataset: str) -> None:
    contract, load_seq = get_contract(dataset), fx.number_of(dataset)
    suite = fx.suite_of(where_a_unit_ended, dataset)
    sheet = fx.fault_sheet(contract, suite)
    fx.register(where_a_unit_ended, contract, load_seq)

    result = fx.gate(where_a_unit_ended, contract, load_seq, sheet.rows)

    assert fx.refused(where_a_unit_ended, contract, load_seq) == sheet.expected
    about_rows = {rule.rule_id for rule in suite.rules} - fx.LOAD_RULES - fx.HISTORY_RULES
    assert {rule.rule_id for rule in result.failed} == about_rows | {ceiling_rule_id(contract)}
    assert result.verdict == "block"


@pytest.mark.parametrize("dataset", fx.DATASETS)
def test_without_a_structural_rule_there_is_no_answer(shared_warehouse: Settings, dataset: str, tmp_path: Path) -> None:
    contract, load_seq = get_contract(dataset), 100 + fx.number_of(dataset)
    fx.register(shared_warehouse, contract, load_seq)
    for rule in fx.suite_of(shared_warehouse, dataset).rules:
        if rule.meta["half"] == "contract":
            settings = _without(shared_warehouse, contract, {rule.rule_id}, tmp_path / rule.rule_id)
            result = fx.check(settings, contract, load_seq, 1, fx.CONTENT)
            assert (result.verdict, result.receipt["reason"]) == ("could_not_check", "EGOV-GATE-003"), rule.rule_id


@pytest.mark.long
@pytest.mark.parametrize("dataset", fx.DATASETS)
def test_without_a_business_rule_its_row_is_refused_by_nobody(
    warehouse: Settings, dataset: str, tmp_path: Path
) -> None:
    """All of them are deleted at once: each rule's row is refused by that rule alone, and now by none that is left.

    Rules about a whole load have the same proof in test_gate_loads.py and test_gate_history.py.
    """
    contract = get_contract(dataset)
    suite = fx.suite_of(warehouse, dataset)
    sheet = fx.fault_sheet(contract, suite)
    fx.end_a_unit(warehouse)
    fx.register(warehouse, contract, 1)
    fx.stage_rows(warehouse, contract, 1, sheet.rows)
    deleted = {rule.rule_id for rule in suite.rules if rule.meta["half"] == "business"} - fx.LOAD_RULES
    deleted -= fx.HISTORY_RULES
    assert all({rule_id} in sheet.expected.values() for rule_id in deleted)

    settings = _without(warehouse, contract, deleted, tmp_path)
    fx.check(settings, contract, 1, len(sheet.rows), fx.CONTENT)

    left = {row: rules - deleted for row, rules in sheet.expected.items() if rules - deleted}
    assert fx.refused(warehouse, contract, 1) == left


def _without(settings: Settings, contract: fx.Contract, rule_ids: set[str], root: Path) -> Settings:
    """Settings of a tree whose suite lacks those rules."""
    shutil.copytree(settings.expectations_dir, root / "expectations")
    changed = settings.model_copy(update={"project_root": root})
    path = suite_path(changed, contract)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["expectations"] = [item for item in document["expectations"] if item["meta"]["rule_id"] not in rule_ids]
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return changed


def test_no_fixture_without_a_rule_and_no_rule_without_a_fixture(warehouse: Settings) -> None:
    rules = {rule.rule_id: rule for dataset in fx.DATASETS for rule in fx.suite_of(warehouse, dataset).rules}
    business = {rule_id for rule_id, rule in rules.items() if rule.meta["half"] == "business"}

    assert set(rules) >= fx.LOAD_RULES | fx.HISTORY_RULES
    assert business - fx.LOAD_RULES - fx.HISTORY_RULES == set(fx.FAULTS)
