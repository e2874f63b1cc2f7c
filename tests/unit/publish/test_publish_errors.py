"""Every coded error of these rooms speaks both languages and names what it says it names."""

import re
from importlib.resources import files

import pytest
import yaml

from egov_kpi.errors import EgovError, catalogue

AREAS = ("db", "ledger", "publish")


def entries() -> list[tuple[str, dict[str, str]]]:
    texts = [files("egov_kpi.errors").joinpath(f"{area}.yaml").read_text(encoding="utf-8") for area in AREAS]
    return [entry for text in texts for entry in yaml.safe_load(text).items()]


@pytest.mark.parametrize(("code", "entry"), entries())
def test_both_languages_name_the_same_things(code: str, entry: dict[str, str]) -> None:
    assert set(entry) == {"exit", "vi", "en", "remedy_vi", "remedy_en"}
    assert set(re.findall(r"{(\w+)}", entry["vi"])) == set(re.findall(r"{(\w+)}", entry["en"]))
    assert entry["vi"] != entry["en"]
    assert EgovError(code).exit_code in {1, 2, 3, 4}
    assert code in catalogue()
