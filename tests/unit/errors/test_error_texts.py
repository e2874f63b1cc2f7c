"""Every coded error speaks both languages, names the same things in both, and tells how to go on."""

import re

import pytest

from egov_kpi.errors import EgovError, catalogue


@pytest.mark.parametrize(("code", "entry"), catalogue().items())
def test_both_languages_name_the_same_things(code: str, entry: dict[str, str]) -> None:
    assert set(entry) == {"exit", "vi", "en", "remedy_vi", "remedy_en"}
    assert _named(entry["vi"]) == _named(entry["en"])
    assert entry["vi"] != entry["en"] and entry["remedy_vi"] != entry["remedy_en"]
    assert all(str(text).strip() for text in entry.values())
    assert EgovError(code).exit_code in {1, 2, 3, 4}


def _named(text: str) -> set[str]:
    """What the text names; a word that has one form per language ends in the language."""
    return {re.sub("_(vi|en)$", "", name) for name in re.findall(r"{(\w+)", text)}
