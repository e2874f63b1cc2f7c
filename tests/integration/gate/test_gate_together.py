"""Loads that wait together: what is asked once of all of them changes no answer about any of them."""

import dataclasses

import gate_fixtures as fx
import pytest

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.gate import together
from egov_kpi.gate.check import GateResult, check
from egov_kpi.gate.together import ROW_BY_ROW, Known, Waiting, ask_together
from egov_kpi.settings import Settings

DOSSIERS = "one_stop.dossiers"
CONTENTS = {1: "a" * 64, 2: "b" * 64, 3: "c" * 64}


def _staged(settings: Settings) -> list[Waiting]:
    """Three loads: the second has a row without a channel and one of a unit that nobody knows; the third two of a
    channel that does not exist."""
    contract = get_contract(DOSSIERS)
    rows = {number: [fx.RIGHT[DOSSIERS](place) for place in range(1, 101)] for number in CONTENTS}
    rows[2][0]["channel"], rows[2][1]["agency_code"] = "", "99999"
    rows[3][4]["channel"] = rows[3][5]["channel"] = "thư bồ câu"
    waiting = []
    for number, content in CONTENTS.items():
        fx.register(settings, contract, number, content_digest=content)
        landed = fx.stage_rows(settings, contract, number, rows[number])
        waiting.append(Waiting(number, content, landed, fx.BUSINESS_DATE, None))
    return waiting


def _checked(settings: Settings, loads: list[Waiting], known: Known | None) -> dict[int, GateResult]:
    contract = get_contract(DOSSIERS)
    return {
        load.load_seq: check(settings, contract, load.load_seq, load.landed, load.content_digest, known=known)
        for load in loads
    }


def test_answers_are_those_of_each_load_alone(warehouse: Settings) -> None:
    loads = _staged(warehouse)
    alone = _checked(warehouse, loads, None)
    known = ask_together(warehouse, get_contract(DOSSIERS), loads)
    assert known is not None
    told = _checked(warehouse, loads, known)
    assert [told[number].verdict for number in CONTENTS] == ["pass", "quarantine", "quarantine"]
    for number in CONTENTS:
        assert [rule.as_event() for rule in told[number].rules] == [rule.as_event() for rule in alone[number].rules]
        assert {rule.rule_id for rule in told[number].failed}.isdisjoint(out.rule_id for out in known.outcomes)
        receipt = told[number].receipt
        assert receipt["evaluated"] == receipt["declared"] == alone[number].receipt["declared"]
        assert receipt["asked_together"] == len(known.outcomes) > 10 and alone[number].receipt["asked_together"] == 0


def test_only_rules_about_a_row_by_itself_are_asked_together(warehouse: Settings) -> None:
    known = ask_together(warehouse, get_contract(DOSSIERS), _staged(warehouse))
    assert known is not None
    suite = fx.suite_of(warehouse, DOSSIERS)
    assert {suite.rule(outcome.rule_id).type for outcome in known.outcomes} <= set(ROW_BY_ROW)
    with connect("superuser", warehouse) as conn:
        left = conn.execute("select count(*) from pg_tables where tablename like '%\\_\\_together'").fetchone()
    assert left == (0,)


def test_a_share_that_may_fail_is_a_matter_of_each_load(warehouse: Settings) -> None:
    """Ninety rows in a hundred of all loads may be right while a load is wrong throughout."""
    rule = next(rule for rule in fx.suite_of(warehouse, DOSSIERS).rules if rule.type in ROW_BY_ROW)
    assert together._is_row_by_row(rule)
    assert not together._is_row_by_row(dataclasses.replace(rule, kwargs={**rule.kwargs, "mostly": 0.9}))
    of_the_night = {**rule.kwargs, "min_value": {"$PARAMETER": "volume_floor"}}
    assert not together._is_row_by_row(dataclasses.replace(rule, kwargs=of_the_night))


def test_what_was_asked_of_other_rows_says_nothing(warehouse: Settings) -> None:
    known = ask_together(warehouse, get_contract(DOSSIERS), _staged(warehouse))
    assert known is not None
    asked = (1, CONTENTS[1], 100, known.suite_digest)
    assert known.of(*asked) == known.outcomes
    for other in ((4, *asked[1:]), (1, CONTENTS[2], *asked[2:]), (*asked[:2], 99, asked[3]), (*asked[:3], "0" * 64)):
        assert known.of(*other) == ()


def test_a_step_that_fails_leaves_each_load_to_itself(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = _staged(warehouse)
    with connect("loader", warehouse) as conn:
        conn.execute(f'drop table inbound."{fx.inbound_name(get_contract(DOSSIERS), 3)}"')
    assert ask_together(warehouse, get_contract(DOSSIERS), loads) is None
    assert ask_together(warehouse, get_contract(DOSSIERS), loads[:1]) is None
    monkeypatch.setattr(together, "MOST_ROWS", 150)
    assert ask_together(warehouse, get_contract(DOSSIERS), loads[:2]) is None
    results = _checked(warehouse, loads, None)
    assert [results[number].verdict for number in CONTENTS] == ["pass", "quarantine", "could_not_check"]
