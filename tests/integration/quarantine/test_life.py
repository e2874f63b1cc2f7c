"""What becomes of a refused row, case by case; the histories that nobody thought of are in test_life_histories.py."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from killed import killed_at
from life_rig import BAD_DATE, BAD_VERSION, DATASET, FINISHED_EARLY, NO_KEY, RETURNED_EARLY, Rig, paper

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.platform import doctor
from egov_kpi.publish.revoke import revoke
from egov_kpi.quarantine import decision, review, waiver
from egov_kpi.quarantine.replay import replay

EARLY, MIDDLE, LATE = date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1)
TODAY = date.today()
GOOD = [paper(f"right {number}") for number in range(3)]


def _waived(rig: Rig, rule: str, expires_on: date = TODAY, **scope: Any) -> int:
    number = waiver.propose(DATASET, rig.rule_id(rule), "thử", expires_on, "phụ trách", settings=rig.settings, **scope)
    waiver.approve(number["waiver_no"], "lãnh đạo", settings=rig.settings)
    return int(number["waiver_no"])


# ------------------------------------------------------------------------------------------------------------ corrected


def test_a_later_export_corrects(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    assert rig.states(first) == ["open"]
    second = rig.deliver([paper("7", LATE)])
    assert rig.states(first) == ["corrected"]
    life = rig.ask("select * from quarantine.row_life where load_seq = %s order by event_no", first)
    assert [step["state"] for step in life] == ["open", "corrected"]
    assert (life[1]["by_load"], life[1]["cause"], life[1]["actor"]) == (second, "later_export", "egov_loader")


def test_an_older_version_corrects_nothing(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    rig.deliver([paper("7", EARLY)])
    rig.deliver([paper("8", LATE)])
    assert rig.states(first) == ["open"]


def test_the_order_of_arrival_does_not_matter(rig: Rig) -> None:
    newer = rig.deliver([paper("7", LATE)])
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    assert rig.states(first) == ["corrected"]
    (closing,) = rig.ask("select * from ledger.quarantine_closing where load_seq = %s", first)
    assert (closing["by_load"], closing["cause"]) == (newer, "earlier_export")


def test_a_version_that_nobody_can_read_is_corrected_by_a_certainly_later_one(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", LATE, BAD_VERSION)])
    rig.deliver([paper("7", date(2023, 3, 6))])
    assert rig.states(first) == ["open"]
    rig.deliver([paper("7", date(2023, 3, 7))], business_date=date(2023, 3, 8))
    assert rig.states(first) == ["corrected"]


def test_without_a_key_nothing_corrects_but_an_answer_by_number(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, NO_KEY)])
    second = rig.deliver([paper("7", LATE)])
    assert rig.states(first) == ["open"]
    with connect("loader", rig.settings) as conn:
        for expected in (1, 0):
            row = conn.execute(
                "select quarantine.correct_by_id(%s, %s, %s)", (DATASET, second, rig.ids(first))
            ).fetchone()
            assert row == (expected,)
    assert rig.states(first) == ["corrected"]


def test_a_correction_that_is_revoked_may_be_made_again(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    missing = "select count(*) as n from build.quarantined_row where load_seq = %s"
    second = rig.deliver([paper("7", LATE)])
    assert rig.ask(missing, first)[0]["n"] == 0
    revoke(second, "sai", settings=rig.settings)
    assert rig.ask(missing, first)[0]["n"] == 1, "what the revoked load had brought is missing again"
    rig.deliver([paper("7", LATE + timedelta(days=1))])
    assert rig.ask(missing, first)[0]["n"] == 0
    (account,) = rig.ask("select * from ledger.quarantine_account where load_seq = %s", first)
    assert (account["quarantined"], account["corrected"], account["open"]) == (1, 1, 0)


# --------------------------------------------------------------------------------------------------------------- replay


def test_a_replay_takes_in_what_a_mended_rule_lets_pass_and_doubles_nothing(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    rig.relaxed = {RETURNED_EARLY}
    told = replay(first, "quy tắc đã sửa", settings=rig.settings)
    account = rig.account(told["load_seq"])
    assert (account["accepted"], account["unchanged"], account["quarantined"]) == (1, 3, 0)
    assert rig.states(first) == ["replayed"]
    with pytest.raises(EgovError, match="EGOV-QUAR-001"):
        replay(first, "lần nữa", settings=rig.settings)


def test_what_a_replay_refuses_again_is_an_open_row_of_the_replay(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    told = replay(first, "thử", settings=rig.settings)
    assert (rig.states(first), rig.states(told["load_seq"])) == (["replayed"], ["open"])
    again = replay(told["load_seq"], "thử", settings=rig.settings)
    assert (rig.states(told["load_seq"]), rig.states(again["load_seq"])) == (["replayed"], ["open"])


def test_a_blocked_load_is_heard_again(rig: Rig) -> None:
    bad = [paper(str(number), MIDDLE, RETURNED_EARLY) for number in range(4)]
    first = rig.deliver([*GOOD, *bad])
    assert rig.states(first) == ["open"] * 7
    rig.relaxed = {RETURNED_EARLY}
    told = replay(first, "quy tắc đã sửa", settings=rig.settings)
    assert told["verdict"] == "accepted" and rig.states(first) == ["replayed"] * 7


def test_a_replay_that_was_broken_off_is_finished(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    with killed_at("egov_kpi.quarantine.life.close"):
        replay(first, "thử", settings=rig.settings)
    assert rig.states(first) == ["open"]
    told = replay(first, "thử", settings=rig.settings)
    assert rig.states(first) == ["replayed"]
    loads = rig.ask("select load_seq from ledger.load where replay_of = %s", first)
    assert [load["load_seq"] for load in loads] == [told["load_seq"]]


def test_a_replay_killed_after_its_decision_leaves_nothing_to_whoever_asks_for_it_again(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    rig.relaxed = {RETURNED_EARLY}
    with killed_at("egov_kpi.night.decide._drop_inbound"):
        replay(first, "thử", settings=rig.settings)
    inbound = "select relname from pg_class where relnamespace = 'inbound'::regnamespace"
    assert rig.states(first) == ["replayed"] and rig.ask(inbound)
    with pytest.raises(EgovError) as caught:
        replay(first, "thử", settings=rig.settings)
    assert caught.value.code == "EGOV-QUAR-001"
    assert rig.ask(inbound) == []


def test_a_revoked_load_is_not_replayed(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    revoke(first, "sai", settings=rig.settings)
    with pytest.raises(EgovError, match="EGOV-QUAR-002"):
        replay(first, "thử", settings=rig.settings)


# -------------------------------------------------------------------------------------------------------------- waivers


def test_a_waiver_lets_in_what_comes_after_it(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    number = _waived(rig, RETURNED_EARLY)
    assert rig.states(first) == ["open"]
    told = replay(first, "miễn trừ", settings=rig.settings)
    assert (told["verdict"], rig.states(first)) == ("accepted", ["waived"])
    rule = next(rule for rule in told["rules"] if rule["rule_id"] == RETURNED_EARLY)
    assert (rule["success"], rule["failed_rows"], rule["waived_rows"], rule["waivers"]) == (False, 1, 1, [number])
    later = rig.deliver([*GOOD, paper("8", MIDDLE, RETURNED_EARLY)])
    assert rig.account(later)["quarantined"] == 0


def test_a_row_that_another_rule_refuses_too_stays_out(rig: Rig) -> None:
    _waived(rig, RETURNED_EARLY)
    rows = [paper("7", MIDDLE, RETURNED_EARLY), paper("8", MIDDLE, RETURNED_EARLY, FINISHED_EARLY)]
    load = rig.deliver([*GOOD, *rows])
    assert rig.account(load)["quarantined"] == 1
    (row,) = rig.ask("select row_no, rule_ids from quarantine.row where load_seq = %s", load)
    assert (row["row_no"], row["rule_ids"]) == (5, [FINISHED_EARLY, RETURNED_EARLY])


def test_a_waiver_is_for_its_unit(rig: Rig) -> None:
    _waived(rig, RETURNED_EARLY, agency_code="01846")
    rows = [paper("7", MIDDLE, RETURNED_EARLY, agency_code=code) for code in ("01846", "H06.58.46", "01837")]
    load = rig.deliver([*GOOD, *rows])
    refused = rig.ask("select agency_code from quarantine.row where load_seq = %s", load)
    assert [row["agency_code"] for row in refused] == ["01837"], "under the code that its source writes as well"


def test_a_waiver_lapses_by_business_date_and_blocks_again(rig: Rig) -> None:
    _waived(rig, RETURNED_EARLY, expires_on=date(2023, 3, 10))
    rows = [paper(f"a{number}", MIDDLE, RETURNED_EARLY) for number in range(4)]
    assert rig.states(rig.deliver(rows, business_date=date(2023, 3, 10))) == []
    assert rig.states(rig.deliver(rows, business_date=date(2023, 3, 11))) == ["open"] * 4
    states = [item["state"] for item in waiver.waivers(date(2023, 3, 11), settings=rig.settings)]
    assert states == ["lapsed"]


def test_a_withdrawn_waiver_lets_in_nothing(rig: Rig) -> None:
    number = _waived(rig, RETURNED_EARLY)
    waiver.withdraw(number, "thôi", "phụ trách", settings=rig.settings)
    assert rig.states(rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])) == ["open"]
    with pytest.raises(EgovError, match="EGOV-QUAR-106"):
        waiver.withdraw(number, "thôi", "phụ trách", settings=rig.settings)


def test_a_waiver_of_the_ceiling_lets_the_rest_of_the_load_in(rig: Rig) -> None:
    bad = [paper(str(number), MIDDLE, RETURNED_EARLY) for number in range(4)]
    first = rig.deliver([*GOOD, *bad])
    _waived(rig, "GATE-PAP-000")
    told = replay(first, "miễn trừ", settings=rig.settings)
    assert (told["verdict"], told["account"]["quarantined"]) == ("quarantined", 4)
    assert rig.states(first) == ["waived"] * 3 + ["replayed"] * 4


def test_nothing_but_refused_rows_is_never_let_in(rig: Rig) -> None:
    _waived(rig, "GATE-PAP-000")
    load = rig.deliver([paper(str(number), MIDDLE, RETURNED_EARLY) for number in range(3)])
    assert rig.states(load) == ["open"] * 3 and not rig.account(load)["is_promoted"]


@pytest.mark.parametrize("rule", [NO_KEY, BAD_VERSION, BAD_DATE, "rows:", "identity:"])
def test_what_raw_cannot_hold_cannot_be_waived(rig: Rig, rule: str) -> None:
    with pytest.raises(EgovError, match="EGOV-QUAR-102"):
        waiver.propose(DATASET, rig.rule_id(rule), "thử", TODAY, "phụ trách", settings=rig.settings)


def test_the_gate_does_not_believe_in_a_waiver_of_such_a_rule(rig: Rig) -> None:
    rule = rig.rule_id(BAD_DATE)
    with connect("custodian", rig.settings) as conn:
        values = (rule, DATASET, None, "thử", TODAY, "phụ trách")
        conn.execute("select quarantine.propose_waiver(%s, %s, %s, %s, %s, %s)", values)
    waiver.approve(1, "lãnh đạo", settings=rig.settings)
    assert rig.states(rig.deliver([*GOOD, paper("7", MIDDLE, BAD_DATE)])) == ["open"]


def test_two_hands_and_ninety_days(rig: Rig) -> None:
    with pytest.raises(EgovError, match="EGOV-QUAR-104"):
        waiver.propose(DATASET, RETURNED_EARLY, "thử", TODAY + timedelta(days=92), "phụ trách", settings=rig.settings)
    number = waiver.propose(DATASET, RETURNED_EARLY, "thử", TODAY, "phụ trách", settings=rig.settings)["waiver_no"]
    with pytest.raises(EgovError, match="EGOV-QUAR-105"):
        waiver.approve(number, " Phụ Trách ", settings=rig.settings)
    with connect("custodian", rig.settings) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select quarantine.approve_waiver(%s, 'lãnh đạo')", (number,))
    with connect("custodian", rig.settings) as conn, pytest.raises(EgovError, match="EGOV-LEDGER-003"):
        append(conn, "waiver_approved", {"waiver_no": number})
    approved = waiver.approve(number, "lãnh đạo", settings=rig.settings)
    assert (approved["proposed_by"], approved["approved_by"]) == ("egov_custodian", "egov_approver")
    with pytest.raises(EgovError, match="EGOV-QUAR-106"):
        waiver.approve(number, "lãnh đạo khác", settings=rig.settings)


def test_one_login_in_both_roles_approves_nothing_of_its_own(rig: Rig) -> None:
    with connect("superuser", rig.settings) as conn:
        values = (RETURNED_EARLY, DATASET, None, "thử", TODAY, "phụ trách")
        conn.execute("select quarantine.propose_waiver(%s, %s, %s, %s, %s, %s)", values)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="same hand"):
            conn.execute("select quarantine.approve_waiver(1, 'lãnh đạo')")


# --------------------------------------------------------------------------------------------- rejection and decisions


def test_rejected_rows_are_out_for_good(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    (number,) = rig.ids(first)
    assert review.reject_rows([f"{DATASET}:{number}"], "hồ sơ ảo", "phụ trách", settings=rig.settings) == {DATASET: 1}
    rig.deliver([paper("7", LATE)])
    assert rig.states(first) == ["rejected"]
    with pytest.raises(EgovError, match="EGOV-QUAR-005"):
        review.reject_rows([f"{DATASET}:{number}"], "lần nữa", "phụ trách", settings=rig.settings)
    with pytest.raises(EgovError, match="EGOV-QUAR-003"):
        review.reject_rows([f"{DATASET}:{number + 1}"], "x", "phụ trách", settings=rig.settings)
    shown = review.show(f"{DATASET}:{number}", settings=rig.settings)
    assert [step["state"] for step in shown["history"]] == ["open", "rejected"]
    assert shown["history"][1]["by_name"] == "phụ trách" and shown["rules"][0]["remediation_vi"]


def test_rows_of_one_rule_of_a_load_are_rejected(rig: Rig) -> None:
    bad = [paper("7", MIDDLE, RETURNED_EARLY), paper("8", MIDDLE, FINISHED_EARLY), paper("9", MIDDLE, RETURNED_EARLY)]
    first = rig.deliver([*GOOD, *bad])
    assert review.reject_load(first, FINISHED_EARLY, "x", "phụ trách", settings=rig.settings) == {DATASET: 1}
    assert rig.states(first).count("rejected") == 1
    listed = review.overview(state="open", rule=RETURNED_EARLY, settings=rig.settings)
    assert [(row["agency_code"], row["rows"]) for row in listed] == [("01846", 2)]
    assert listed[0]["remediation_vi"]


@pytest.fixture
def blocked(rig: Rig) -> int:
    return rig.deliver([*GOOD, *(paper(str(number), MIDDLE, RETURNED_EARLY) for number in range(4))])


def test_a_decision_to_reject_closes_the_load_once(rig: Rig, blocked: int) -> None:
    told = decision.record(blocked, "reject", "airflow:an", {}, settings=rig.settings)
    assert (told["choice"], told["rejected_rows"]) == ("reject", 7)
    assert rig.states(blocked) == ["rejected"] * 7
    assert decision.record(blocked, "reject", "airflow:an", {}, settings=rig.settings) == told


def test_a_decision_to_wait_changes_no_row(rig: Rig, blocked: int) -> None:
    decision.record(blocked, "wait", "phụ trách", settings=rig.settings)
    assert rig.states(blocked) == ["open"] * 7
    decision.record(blocked, "reject", "phụ trách", settings=rig.settings)
    choices = [item["choice"] for item in decision.decisions(blocked, settings=rig.settings)]
    assert choices == ["wait", "reject"]


def test_a_decision_proposes_one_waiver_however_often_it_is_run(rig: Rig, blocked: int) -> None:
    params = {"rule": RETURNED_EARLY, "reason": "hệ thống cũ", "expiry": TODAY.isoformat()}
    first, again = (
        decision.record(blocked, "propose-waiver", "phụ trách", params, settings=rig.settings) for _ in range(2)
    )
    assert first == again and first["waiver_no"] == 1
    waiver.approve(1, "lãnh đạo", settings=rig.settings)
    assert replay(blocked, "miễn trừ", settings=rig.settings)["verdict"] == "accepted"
    assert rig.states(blocked) == ["replayed"] * 3 + ["waived"] * 4


def test_decisions_that_cannot_be(rig: Rig, blocked: int) -> None:
    promoted = rig.deliver(GOOD)
    cases: list[tuple[int, str, dict[str, Any], str]] = [
        (promoted, "reject", {}, "EGOV-QUAR-201"),
        (blocked, "shrug", {}, "EGOV-QUAR-202"),
        (blocked, "propose-waiver", {"rule": RETURNED_EARLY, "reason": "x"}, "EGOV-QUAR-006"),
        (blocked, "propose-waiver", {"rule": "GATE-PAP-999", "reason": "x", "expiry": TODAY}, "EGOV-QUAR-101"),
    ]
    for load_seq, choice, params, code in cases:
        with pytest.raises(EgovError, match=code):
            decision.record(load_seq, choice, "phụ trách", params, settings=rig.settings)
    assert decision.decisions(blocked, settings=rig.settings) == []
    assert waiver.waivers(settings=rig.settings) == [], "a decision that fails proposes nothing"


# ------------------------------------------------------------------------------------------------- nobody goes round it


def test_no_state_without_its_event_and_no_event_without_the_state(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    (number,) = rig.ids(first)
    for change in ("state = 'rejected'", "state = 'rejected', closed_event_no = 1"):
        with connect("owner", rig.settings) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"update quarantine.forms__paper_register set {change}".encode())
    with connect("owner", rig.settings) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(
            "insert into quarantine.forms__paper_register (load_seq, file_digest, row_no, row_digest, rule_ids, state)"
            " values (1, 'x', 9, '\\x00', '{R}', 'waived')"
        )
    body = {
        "dataset": DATASET, "load_seq": first, "rows": f"{{[{number},{number + 1})}}", "row_count": 1,
        "by": "x", "cause": "x",
    }  # fmt: skip
    with pytest.raises(psycopg.errors.CheckViolation), connect("custodian", rig.settings) as conn:
        append(conn, "quarantine_rejected", body)
    assert rig.states(first) == ["open"]


def test_the_key_is_nobody_s_to_read(rig: Rig) -> None:
    for role in ("custodian", "auditor", "publisher", "builder", "approver", "bi"):
        with connect(role, rig.settings) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select key_digest from quarantine.forms__paper_register")


def test_the_doctor_finds_a_state_that_nobody_wrote_down(rig: Rig) -> None:
    first = rig.deliver([*GOOD, paper("7", MIDDLE, RETURNED_EARLY)])
    assert doctor._quarantine(rig.settings).status == "OK"
    with connect("superuser", rig.settings) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute("update quarantine.forms__paper_register set state = 'rejected' where load_seq = %s", (first,))
    found = doctor._quarantine(rig.settings)
    assert found.status == "FAIL" and f"forms.paper_register {first}" in found.detail_en
