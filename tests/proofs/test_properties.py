"""Short form of the properties: one history of each kind, and that a history that differs is found out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.harness.cluster import cluster_of_tests
from proofs.harness.table import Table
from proofs.properties.histories import DELIVER, REPLAY, REVOKE, Step, names_that_count
from proofs.properties.prover import Prover, Unequal


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    folder: Path = tmp_path_factory.mktemp("exports")
    with Prover.of(cluster_of_tests(), folder, Table(as_json=True)) as found:
        yield found


def steps(text: str) -> list[Step]:
    """D1 is delivered, −D1 revoked, ↻D1 heard again."""
    kinds = {"−": REVOKE, "↻": REPLAY}
    return [Step(kinds.get(word[0], DELIVER), word.lstrip("−↻")) for word in text.split()]


def test_histories(prover: Prover) -> None:
    """Together, because the first one makes the reference of the second, in which nothing has arrived."""
    prover.compare("order", steps("D2 M2 ↻D2 D3 −D3 D1"))
    assert [row["ok"] for row in prover.table.rows] == [True]
    with pytest.raises(Unequal):
        prover.compare("the exports are lost", [], counted=("D1", "D2", "M2"))
    assert prover.table.failed == 1


def test_what_counts_was_delivered_and_never_revoked() -> None:
    assert names_that_count(steps("D2 −D2 M2 D1 D2 ↻D1")) == ("D1", "M2")
