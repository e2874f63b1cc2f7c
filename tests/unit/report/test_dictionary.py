"""The KPI dictionary is made of the definitions."""

from egov_kpi.report.dictionary import dictionary
from egov_kpi.settings import get_settings


def test_the_page_is_current_and_has_every_version() -> None:
    settings = get_settings()
    page = (settings.project_root / "docs" / "reference" / "kpi-dictionary.md").read_text(encoding="utf-8")
    assert page == dictionary(settings)
    rows = (settings.dbt_dir / "seeds" / "kpi_definition.csv").read_text(encoding="utf-8").count("\n") - 1
    assert page.count("\n### ") == rows


def test_an_entry_tells_formula_parts_roll_up_and_whether_the_text_was_checked() -> None:
    page = dictionary(get_settings())
    entry = page[page.index("### ontime_settled (phương pháp B") :]
    entry = entry[: entry.index("\n### ")]
    assert "method B, Decision 766" in entry and "not checked against the text" in entry
    assert "what is open on the last day" in entry and "one_stop.dossiers" in entry
