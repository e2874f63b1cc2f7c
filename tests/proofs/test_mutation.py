"""Short form of the gates' mutation: one dataset with a history of its own, the kinds that need no other."""

from pathlib import Path

import pytest

from egov_kpi.settings import get_settings
from proofs.harness.cluster import Cluster
from proofs.mutation.datasets import DATASETS
from proofs.mutation.defects import DEFECTS
from proofs.mutation.key import ALLOWED, allowed_rules
from proofs.mutation.run import mutate, summary

KINDS = (
    "known_agency",
    "first_half",
    "stale",
    "copied_month",
    "times_ten",
    "constant_code",
    "event_month_later",
    "cut_bytes",
)


def test_planted_defects_are_caught_by_the_rules_that_the_key_names(cluster: Cluster, tmp_path: Path) -> None:
    key = tmp_path / "key.jsonl"
    cases = list(mutate(cluster, 1, key, KINDS, ("mail.accounts",)))
    assert len(cases) == len(KINDS) == len(key.read_text(encoding="utf-8").splitlines())
    assert [case for case in cases if not case.is_caught] == [], summary(cases)


def test_the_key_has_an_answer_for_every_kind() -> None:
    assert {defect.kind for defect in DEFECTS} == set(ALLOWED)


@pytest.mark.parametrize("name", DATASETS)
def test_every_answer_of_the_key_names_a_rule_that_exists(name: str) -> None:
    for defect in DEFECTS:
        if name in defect.only:
            assert allowed_rules(get_settings(), DATASETS[name], defect.kind), defect.kind
