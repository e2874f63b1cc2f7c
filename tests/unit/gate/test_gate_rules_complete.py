"""Every rule has an owner, a reason and a remedy in both languages, and a fixture that it alone refuses."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.gate.marts import mart_suites
from egov_kpi.gate.suite import SEVERITIES, TEXTS, Rule, Suite, load_suite, suite_path
from egov_kpi.settings import get_settings

FIXTURES = Path(__file__).parents[2] / "integration" / "gate"


def suites() -> list[Suite]:
    settings = get_settings()
    loads = [load_suite(suite_path(settings, contract)) for contract in all_contracts(settings).values()]
    return [*loads, *mart_suites(settings)]


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_of_gate", FIXTURES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found  # dataclasses look their module up
    sys.path.append(str(FIXTURES))  # fixtures of a family of datasets stand beside it
    spec.loader.exec_module(found)
    return found


def has_fixture(fixtures: ModuleType, rule: Rule) -> bool:
    if rule.rule_id in fixtures.LOAD_RULES | fixtures.HISTORY_RULES:
        return True
    return rule.meta["half"] == "contract" or rule.rule_id in fixtures.FAULTS


def test_every_rule_says_whose_it_is_and_what_to_do() -> None:
    for suite in suites():
        for rule in suite.rules:
            texts = [str(rule.meta.get(name, "")).strip() for name in TEXTS]
            assert all(len(text) > 2 for text in texts), rule.rule_id
            assert rule.meta["reason_vi"] != rule.meta["reason_en"], rule.rule_id
            assert rule.severity in SEVERITIES, rule.rule_id


def test_no_number_is_used_twice() -> None:
    numbers = Counter(rule.rule_id for suite in suites() for rule in suite.rules)
    assert [number for number, times in numbers.items() if times > 1] == []


def test_every_rule_about_loads_has_a_fixture() -> None:
    """Structural rules get theirs worked out from the contract; every other one is written down."""
    fixtures = module("gate_fixtures")
    rules = [rule for suite in suites() for rule in suite.rules if not rule.rule_id.startswith("GATE-MART-")]
    assert [rule.rule_id for rule in rules if not has_fixture(fixtures, rule)] == []
