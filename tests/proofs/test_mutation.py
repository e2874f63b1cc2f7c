"""Short form of the gates' mutation: one dataset with a history of its own, the kinds that need no other."""

from dataclasses import replace
from pathlib import Path

import pytest

from egov_kpi.settings import get_settings
from proofs.harness.cluster import Cluster
from proofs.mutation.datasets import DATASETS
from proofs.mutation.defects import DEFECTS
from proofs.mutation.gatehouse import Gatehouse, Seen
from proofs.mutation.ground import clean_ground, province
from proofs.mutation.key import ALLOWED, allowed_rules
from proofs.mutation.marts import judge_figures
from proofs.mutation.nights import all_series, clean_nights
from proofs.mutation.run import mutate, plant, summary

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


def test_defects_planted_into_figures_are_caught(cluster: Cluster) -> None:
    cases = list(judge_figures(cluster))
    assert len(cases) > 10
    assert [case for case in cases if not case.is_caught] == [], summary(cases)


def test_every_defect_can_be_planted_into_every_dataset_that_it_names() -> None:
    """A defect of a column that another dataset lacks would end the whole proof."""
    planted = list(plant(get_settings(), clean_ground(province(1)), 1, (), DATASETS))
    assert {item.defect.kind for item in planted} == {defect.kind for defect in DEFECTS}


@pytest.mark.long
def test_clean_nights_raise_no_alarm(cluster: Cluster) -> None:
    """Of thirty-one the first of the calibrated profile, whose flawed rows alone are refused, and one before Tết."""
    calibrated, holidays, _ = all_series()
    few = (replace(calibrated, nights=0), replace(holidays, nights=1))
    nights = [night for series in few for night in clean_nights(cluster, series)]
    assert [(night.series, night.blocked, night.refused) for night in nights if not night.is_quiet] == []
    assert len(nights) == 2 and all(night.loads > 1 for night in nights)


@pytest.mark.long
def test_an_alarm_is_a_load_or_a_row_and_not_a_night(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Two loads blocked and three right rows refused in one night are five."""
    answers = iter([Seen("block", ("A",)), Seen("block", ("B",)), Seen("quarantine", ("C",), 3)])
    monkeypatch.setattr(Gatehouse, "promote", lambda *_: next(answers, Seen("pass")))
    monkeypatch.setattr("proofs.mutation.nights._flawed", lambda *_: 0)
    (night,) = clean_nights(cluster, replace(all_series()[0], nights=0))
    assert (night.alarms, len(night.blocked), len(night.refused)) == (5, 2, 1)


def test_the_key_has_an_answer_for_every_kind() -> None:
    assert {defect.kind for defect in DEFECTS} == set(ALLOWED)


@pytest.mark.parametrize("name", DATASETS)
def test_every_answer_of_the_key_names_a_rule_that_exists(name: str) -> None:
    for defect in DEFECTS:
        if name in defect.only:
            assert allowed_rules(get_settings(), DATASETS[name], defect.kind), defect.kind
