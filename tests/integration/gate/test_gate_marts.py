"""The audit of a candidate colour: every rule fires on a figure that no other rule refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egov_kpi.db.connect import connect
from egov_kpi.gate import marts
from egov_kpi.gate.marts import audit, mart_suites
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings

COLOUR = "green"
Figure = dict[str, Any]
Change = Callable[[list[Figure]], None]

THEMES = {
    "doc": "digital_signature",
    "mail": "official_mail",
    "dossier": "online_service",
    "iso": "iso_compliance",
    "settled": "settlement",
}
RATIOS = ("mail_issued", "iso_compliance")
PERIODS = (("month", "2023-01-01"), ("month", "2023-02-01"), ("quarter", "2023-01-01"), ("year", "2023-01-01"))


def right_figures() -> list[Figure]:
    """Figures of one unit, own and tree: counts that add up over months, ratios of a stock."""
    figures = []
    for scope in ("own", "tree"):
        for grain, start in PERIODS:
            months = 1 if grain == "month" else 2
            signed = {"doc_signed_exchanged": 5, "doc_signed_interlinked": 2, "doc_signed_internal": 3}
            counts = {**signed, "dossier_received": 100 if scope == "own" else 300}
            figures += [_figure(code, scope, grain, start, number * months) for code, number in counts.items()]
            figures += [_figure(code, scope, grain, start, 3, 4) for code in RATIOS]
    return figures


def _figure(code: str, scope: str, grain: str, start: str, numerator: int, denominator: int | None = None) -> Figure:
    return {
        "kpi_code": code,
        "kpi_version": 1,
        "method": "-",
        "due_basis": "-",
        "agency_code": "823",
        "scope": scope,
        "unit_basis": "as_was",
        "period_grain": grain,
        "period_start": start,
        "numerator": numerator,
        "denominator": denominator,
        "value": numerator if denominator is None else 100 * numerator / denominator,
        "unit": "count" if denominator is None else "percent",
        "value_reason": None,
        "agencies_reporting": 1,
        "agencies_expected": 1,
        "quarantined_share": 0,
    }


def _find(
    figures: list[Figure], code: str, scope: str = "tree", grain: str = "year", start: str = "2023-01-01"
) -> Figure:
    return next(
        item
        for item in figures
        if (item["kpi_code"], item["scope"], item["period_grain"], item["period_start"]) == (code, scope, grain, start)
    )


def _set(code: str, **changes: Any) -> Change:
    """Change the year of one KPI at tree scope."""
    return lambda figures: _find(figures, code).update(changes)


def _own_beyond_tree(figures: list[Figure]) -> None:
    for item in figures:
        if item["kpi_code"] == "dossier_received" and item["scope"] == "own":
            item["numerator"] *= 4
            item["value"] *= 4


def _one_more_signed_in_january(figures: list[Figure]) -> None:
    """Also in quarter and year, so that these remain the sum of their months."""
    for item in figures:
        if item["kpi_code"] == "doc_signed_exchanged" and item["period_start"] == "2023-01-01":
            item["numerator"] += 1
            item["value"] += 1


def _all(code: str = "", **changes: Any) -> Change:
    """Change every figure, or every one of one KPI."""

    def change(figures: list[Figure]) -> None:
        for item in figures:
            if code in ("", item["kpi_code"]):
                item.update(changes)

    return change


# What each rule alone refuses. GATE-MART-001 (no figure at all) and -014 (themes) have tests of their own.
FAULTS: dict[str, Change] = {
    "GATE-MART-002": _set("iso_compliance", numerator=5, value=125),
    "GATE-MART-003": _set("iso_compliance", numerator=-1, denominator=-4, value=25),
    "GATE-MART-004": _set("iso_compliance", value=76),
    "GATE-MART-005": _set("iso_compliance", denominator=0, value=0),
    "GATE-MART-006": _set("iso_compliance", numerator=None, denominator=None, value=None),
    "GATE-MART-007": _own_beyond_tree,
    "GATE-MART-008": _set("dossier_received", numerator=601, value=601),
    "GATE-MART-009": _one_more_signed_in_january,
    "GATE-MART-010": _all(agency_code="99999"),
    "GATE-MART-011": _all("iso_compliance", kpi_version=9),
    "GATE-MART-012": _set("iso_compliance", period_start="2023-01-02"),
    "GATE-MART-013": _set("iso_compliance", agencies_reporting=2),
}


@pytest.fixture
def candidate(migrated_warehouse: Settings) -> Settings:
    """A colour that the ledger says was built, with the dimensions that its figures need."""
    with connect("superuser", migrated_warehouse) as conn:
        conn.execute(
            f"insert into {COLOUR}.dim_agency values"
            " ('823', '2020-01-01', null, 'Gò Công Tây', 'Go Cong Tay', 'district', '82', '82', true)"
        )
        for figure in right_figures()[:6]:
            _insert_kpi(conn, figure)
    with connect("builder", migrated_warehouse) as conn:
        append(conn, "colour_built", {"colour": COLOUR, "applied": [1], "revoked": []})
    return migrated_warehouse


def _insert_kpi(conn: Any, figure: Figure) -> None:
    known = {
        "kpi_code": figure["kpi_code"], "kpi_version": 1, "method": "-", "due_basis": "-",
        "theme": THEMES[figure["kpi_code"].split("_")[0]],
        "name_vi": "x", "name_en": "x", "formula_vi": "x", "formula_en": "x", "numerator_measure": "m",
        "numerator_time_rollup": "sum" if figure["unit"] == "count" else "last", "numerator_unit_rollup": "sum",
        "unit": figure["unit"], "legal_basis": "x", "valid_from": "2020-01-01", "is_confirmed": True, "owner": "x",
    }  # fmt: skip
    _insert(conn, "dim_kpi", [known])


def _insert(conn: Any, table: str, rows: list[Figure]) -> None:
    for row in rows:
        marks = ", ".join(["%s"] * len(row))
        conn.execute(f"insert into {COLOUR}.{table} ({', '.join(row)}) values ({marks})", list(row.values()))


def fill(settings: Settings, figures: list[Figure]) -> None:
    with connect("superuser", settings) as conn:
        conn.execute(f"delete from {COLOUR}.kpi_value")
        _insert(conn, "kpi_value", figures)


def failed(result: marts.GateResult) -> set[str]:
    return {rule.rule_id for rule in result.failed}


def test_right_figures_pass(candidate: Settings) -> None:
    fill(candidate, right_figures())
    result = audit(candidate, COLOUR)
    assert (result.verdict, failed(result)) == ("pass", set())
    receipt = result.receipt
    assert receipt["declared"] == receipt["evaluated"] == sum(len(suite.rules) for suite in mart_suites(candidate))
    assert receipt["rows_found"] == len(right_figures())
    assert "https:" not in (candidate.local_dir / "gate/marts/green-kpi_value.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule_id", sorted(FAULTS))
def test_each_rule_refuses_what_no_other_does(candidate: Settings, rule_id: str) -> None:
    figures = right_figures()
    FAULTS[rule_id](figures)
    fill(candidate, figures)
    result = audit(candidate, COLOUR)
    assert (result.verdict, failed(result)) == ("block", {rule_id})


@pytest.mark.parametrize(
    ("denominator", "value", "refusing"), [(4, 1.25, set()), (4, 125, {"GATE-MART-004"}), (0, 0, {"GATE-MART-005"})]
)
def test_a_count_for_each_of_something_is_a_quotient_and_no_share(
    candidate: Settings, denominator: int, value: float, refusing: set[str]
) -> None:
    figures = right_figures()
    _set("iso_compliance", unit="count", numerator=5, denominator=denominator, value=value)(figures)
    fill(candidate, figures)
    assert failed(audit(candidate, COLOUR)) == refusing


def test_no_figure_at_all_blocks(candidate: Settings) -> None:
    fill(candidate, [])
    result = audit(candidate, COLOUR)
    assert (result.verdict, failed(result)) == ("block", {"GATE-MART-001"})


def test_a_figure_whose_theme_has_no_mart_blocks(candidate: Settings) -> None:
    fill(candidate, right_figures())
    with connect("superuser", candidate) as conn:
        conn.execute(f"update {COLOUR}.dim_kpi set theme = 'weather' where kpi_code = 'iso_compliance'")
    result = audit(candidate, COLOUR)
    assert (result.verdict, failed(result)) == ("block", {"GATE-MART-014"})


def test_every_rule_has_its_fixture(candidate: Settings) -> None:
    rules = {rule.rule_id for suite in mart_suites(candidate) for rule in suite.rules}
    assert rules == {*FAULTS, "GATE-MART-001", "GATE-MART-014"}


# Could not check ------------------------------------------------------------------------------------------------------


def test_a_colour_that_was_never_built(migrated_warehouse: Settings) -> None:
    result = audit(migrated_warehouse, COLOUR)
    assert (result.verdict, result.receipt["reason"]) == ("could_not_check", "EGOV-GATE-008")


def test_great_expectations_crashes(candidate: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(marts, "evaluate", crash)
    result = audit(candidate, COLOUR)
    assert (result.verdict, result.receipt["reason"]) == ("could_not_check", "crashed")


def test_a_rule_that_raises(candidate: Settings) -> None:
    fill(candidate, right_figures())
    with connect("superuser", candidate) as conn:
        conn.execute(f"alter table {COLOUR}.dim_kpi rename column kpi_version to version")
    result = audit(candidate, COLOUR)
    assert (result.verdict, result.receipt["reason"]) == ("could_not_check", "rules_not_evaluated")


@pytest.mark.parametrize("content", [None, {"name": "kpi_value", "expectations": []}])
def test_no_suite_or_an_empty_one(candidate: Settings, tmp_path: Path, content: dict[str, Any] | None) -> None:
    root = tmp_path / "tree"
    shutil.copytree(candidate.expectations_dir, root / "expectations")
    path = root / "expectations/marts/kpi_value.json"
    path.unlink()
    if content is not None:
        path.write_text(json.dumps(content), encoding="utf-8")
    result = audit(candidate.model_copy(update={"project_root": root}), COLOUR)
    assert (result.verdict, result.receipt["reason"]) == ("could_not_check", "EGOV-GATE-001")
