"""Digests met twice, also across batches, and the ones that only begin alike."""

import hashlib

import pyarrow as pa
import pytest

from egov_kpi.load import repetition
from egov_kpi.load.repetition import Repetitions


def _digests(*texts: str | None) -> pa.Array:
    digests = [None if text is None else hashlib.sha256(text.encode()).digest() for text in texts]
    return pa.array(digests, pa.binary())


def _prefix(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_repetitions_are_found_across_batches_and_past_structural_rows() -> None:
    found = Repetitions()
    found.add(_digests("a", None, "b", "c"))
    found.add(_digests(None, "b", "d")[1:])
    found.add(_digests("a", "b"))
    assert found.met_again() == sorted([_prefix("a"), _prefix("b")])


@pytest.mark.parametrize("texts", [(), (None, None), ("a", "b")])
def test_no_repetition_is_an_empty_list_and_not_a_doubt(texts) -> None:
    found = Repetitions()
    found.add(_digests(*texts))
    assert found.met_again() == []
    assert Repetitions().met_again() == []


def test_too_many_are_left_to_postgres(monkeypatch) -> None:
    monkeypatch.setattr(repetition, "MAXIMUM_NOTED", 1)
    found = Repetitions()
    found.add(_digests("a", "a", "b", "b"))
    assert found.met_again() is None
