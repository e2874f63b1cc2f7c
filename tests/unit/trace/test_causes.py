"""Why a published figure changed: from what is known of the loads between two publishes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from egov_kpi.trace.figure import Publish
from egov_kpi.trace.restatement import CAUSES, Content, LoadChange, Step, causes_of, changed_parts

DAY = date(2023, 3, 6)
NEXT = date(2023, 3, 7)
DATASETS = {
    ("dossier_received", 1): frozenset({"one_stop.dossiers"}),
    ("doc_signed", 1): frozenset({"ioffice.documents"}),
}
# 28651 belongs to 823 until the end of June 2025.
MEMBERS = {"823": [("28651", date(2016, 1, 1), date(2025, 6, 30))]}
ENTRY = {
    "kpi_code": "dossier_received", "kpi_version": 1, "kpi_version_before": 1, "agency_code": "823", "scope": "tree",
    "period_grain": "month", "period_start": date(2023, 2, 1),
}  # fmt: skip


def publish(number: int, day: date, models: str = "m:10") -> Publish:
    return Publish(
        number, datetime(2023, 3, day.day, tzinfo=UTC), "egov_publisher", day, "code", "digest", "blue", day, models,
        10 * number, 10 * number - 2, 10 * number - 1, "", "", is_live=False,
    )  # fmt: skip


def content(
    *days: date, units: frozenset[str] = frozenset({"28651"}), is_known: bool = False, rows: int = 1
) -> Content:
    return Content(units, days, days[0], is_known, rows)


def load(*contents: Content, **changes: Any) -> LoadChange:
    usual = LoadChange(7, "one_stop.dossiers", True, "", None, 0, len(contents), frozenset(), contents)
    return replace(usual, **changes)


def causes(*loads: LoadChange, entry: dict[str, Any] | None = None, **step: Any) -> list[str]:
    between = Step(publish(2, NEXT), publish(1, DAY), loads, models_changed=False, rollbacks=[])
    told = causes_of(replace(between, **step), {**ENTRY, **(entry or {})}, DATASETS, MEMBERS)
    return [cause["cause"] for cause in told]


def test_rows_by_what_they_were_before() -> None:
    feb = date(2023, 2, 10)
    assert causes(load(content(feb))) == ["late_rows"]
    assert causes(load(content(feb, is_known=True))) == ["correction"]
    assert causes(load(content(feb, NEXT, is_known=True))) == ["progress"]
    march = {"period_start": date(2023, 3, 1)}
    assert causes(load(content(NEXT)), entry=march) == ["new_rows"]


def test_of_what_is_pending_a_load_of_earlier_days_is_a_cause() -> None:
    between = Step(publish(2, NEXT), publish(1, DAY), (load(content(date(2023, 1, 31))),), False, [])
    entry = {**ENTRY, "method": "-"}
    for kinds, cause in ((frozenset(), "day_moved"), (frozenset({("dossier_received", "-")}), "late_rows")):
        assert [told["cause"] for told in causes_of(between, entry, DATASETS, MEMBERS, kinds)] == [cause]


def test_only_loads_with_rows_of_the_figure_are_causes() -> None:
    feb = date(2023, 2, 10)
    assert causes(load(content(date(2023, 1, 31)))) == ["day_moved"]
    assert causes(load(content(feb, units=frozenset({"815"})))) == ["day_moved"]
    assert causes(load(content(feb)), entry={"scope": "own"}) == ["day_moved"]
    assert causes(load(content(feb), dataset="forms.paper_register")) == ["day_moved"]
    # the unit from which a correction took a row
    assert causes(load(content(feb, units=frozenset({"815", "823"}), is_known=True)), entry={"scope": "own"}) == [
        "correction"
    ]


def test_a_unit_counts_while_it_belongs() -> None:
    late = date(2025, 7, 3)
    period = {"period_start": date(2025, 7, 1)}
    after = publish(1, date(2025, 7, 30))
    assert causes(load(content(late)), entry=period, before=after) == ["day_moved"]


def test_what_happened_to_loads() -> None:
    feb = date(2023, 2, 10)
    assert causes(load(content(feb, is_known=True), is_added=False, reason="wrong file")) == ["revoked_load"]
    assert causes(load(content(feb), replay_of=3)) == ["quarantine_resolved"]
    assert causes(load(content(feb), resolved_units=frozenset({"28651"}))) == ["late_rows", "quarantine_resolved"]
    assert causes(load(content(feb), resolved_units=frozenset({"815"}))) == ["late_rows"]
    assert causes(load(content(feb), waived_rows=4)) == ["late_rows", "waiver"]


def test_what_happened_to_definitions_and_publishes() -> None:
    assert causes(entry={"kpi_version": 2}) == ["kpi_version"]
    assert causes(models_changed=True) == ["code_change"]
    assert causes(units_changed=True) == ["unit_merger"]
    assert causes(units_changed=True, models_changed=True) == ["unit_merger", "code_change"]
    assert causes(rollbacks=[{"reason": "wrong figures"}]) == ["rollback"]
    assert causes() == ["day_moved"]
    assert causes(publish=publish(2, DAY)) == ["unexplained"]


def test_a_merger_is_told_apart_from_a_change_of_code() -> None:
    old, new = {"units": "u", "rest": "r"}, {"units": "U", "rest": "r"}
    before, after = publish(1, DAY, "m:10"), publish(2, NEXT, "n:10")
    assert changed_parts(replace(after, parts=new), replace(before, parts=old)) == {
        "models_changed": False, "units_changed": True,
    }  # fmt: skip
    assert changed_parts(replace(after, parts={**old, "rest": "R"}), replace(before, parts=old)) == {
        "models_changed": True, "units_changed": False,
    }  # fmt: skip
    # a build from before the parts were told
    assert changed_parts(replace(after, parts=new), before) == {"models_changed": True, "units_changed": False}


def test_a_load_whose_content_is_not_known_is_still_a_cause() -> None:
    assert causes(load()) == ["day_moved"]
    assert causes(load(accepted=5)) == ["new_load"]
    assert causes(load(accepted=5, is_added=False)) == ["revoked_load"]
    assert causes(load(accepted=5, is_added=False, purge_event=9)) == ["purged"]
    assert causes(load(accepted=5, is_added=False, purge_event=9, reason="wrong file")) == ["revoked_load"]


def test_every_cause_has_words_in_both_languages() -> None:
    assert all(vi and en and vi != en for vi, en in CAUSES.values())
