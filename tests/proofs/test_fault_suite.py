"""Short form of the fault suite: its cheap cases, all in one warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.faults.book import BOOK, GROUPS, Seen, Wrong, demand
from proofs.faults.elsewhere import ELSEWHERE
from proofs.faults.rig import Rig
from proofs.faults.suite import Case, chosen, outcome
from proofs.harness.cluster import cluster_of_tests

QUICK = chosen(quick=True)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A warehouse before its first night: what is refused must leave nothing published."""
    with cluster_of_tests().world() as world:
        folder: Path = tmp_path_factory.mktemp("exports")
        yield Rig(world, folder)


@pytest.mark.parametrize("case", QUICK, ids=[case.id for case in QUICK])
def test_fault(rig: Rig, case: Case) -> None:
    found = outcome(rig, case)
    assert found.ok, f"{case.title}: {found.seen} instead of {case.expected}: {found.evidence}"


def test_a_wrong_outcome_is_told(rig: Rig) -> None:
    """The suite must be able to fail."""

    def other(_: Rig) -> Seen:
        return Seen("X", "it came in")

    def wrong(_: Rig) -> Seen:
        demand(False, "rows are missing")
        raise AssertionError

    def unforeseen(_: Rig) -> Seen:
        raise RuntimeError("a bug")

    outcomes = [outcome(rig, Case("T", "thử", "test", ("R",), "files", act)) for act in (other, wrong, unforeseen)]
    assert [(found.ok, found.seen) for found in outcomes] == [(False, "X"), (False, "?"), (False, "!")]
    with pytest.raises(Wrong):
        demand(0, "nothing")


def test_every_case_is_written_once_in_both_languages() -> None:
    names = [case.id for case in BOOK] + [absent.id for absent in ELSEWHERE]
    assert len(names) == len(set(names))
    assert all(case.title_vi and case.title_en and case.expected for case in BOOK)
    assert {case.group for case in BOOK} == set(GROUPS)
    assert all("·" in absent.where for absent in ELSEWHERE if absent.is_absent)
