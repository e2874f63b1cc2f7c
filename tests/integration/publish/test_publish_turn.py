"""Publish and rollback: one row turns, in one transaction, and no reader waits or sees half of it."""

import threading
import time
from datetime import date
from typing import Any

import psycopg
import pytest
from publish_stubs import NEXT_NIGHT, NIGHT, Stubs, shown

from egov_kpi.db.connect import connect
from egov_kpi.db.fence import fence
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.ledger.events import append, verify
from egov_kpi.publish import build as building
from egov_kpi.publish import colours, digest
from egov_kpi.publish import publish as publishing
from egov_kpi.publish.publish import publish
from egov_kpi.publish.revoke import revoke
from egov_kpi.publish.rollback import resume, rollback
from egov_kpi.settings import Settings


def night(stubs: Stubs, day: date = NIGHT) -> publishing.PublishResult:
    building.build(stubs.settings, day)
    return publish(stubs.settings, day)


def refusal(code: str, work: Any, *arguments: Any) -> EgovError:
    with pytest.raises(EgovError) as caught:
        work(*arguments)
    assert caught.value.code == code
    return caught.value


def history(settings: Settings, publish_no: int) -> list[tuple[Any, ...]]:
    with connect("bi", settings) as conn:
        return conn.execute(
            "select agency_code::int, numerator::int, data_as_of from marts.kpi_value_history"
            " where publish_no = %s order by 1",
            (publish_no,),
        ).fetchall()


def now_shown(settings: Settings) -> list[tuple[Any, ...]]:
    with connect("bi", settings) as conn:
        return conn.execute(
            "select agency_code::int, numerator::int, data_as_of from marts.kpi_value order by 1"
        ).fetchall()


def test_nothing_is_shown_before_the_first_publish_and_all_of_it_after(stubs: Stubs) -> None:
    load = stubs.promote()
    building.build(stubs.settings, NIGHT)
    assert shown(stubs.settings) == {"publish_no": 0, "business_date": None, "loads": []}
    result = publish(stubs.settings, NIGHT)
    assert (result.publish_no, result.published, result.changed_values) == (1, True, 1)
    assert shown(stubs.settings) == {"publish_no": 1, "business_date": NIGHT, "loads": [load]}


def test_a_second_run_of_a_night_changes_nothing(stubs: Stubs) -> None:
    stubs.promote()
    first = night(stubs)
    with connect("auditor", stubs.settings) as conn:
        before = verify(conn)
    again = night(stubs)
    with connect("auditor", stubs.settings) as conn:
        assert verify(conn) == before
    assert (again.publish_no, again.published, len(stubs.runs)) == (first.publish_no, False, 1)


def test_an_earlier_night_run_late_never_takes_the_marts_back(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs, NEXT_NIGHT)
    assert night(stubs, NIGHT).published is False
    stubs.promote()
    assert night(stubs, NIGHT).business_date == NEXT_NIGHT


def test_colours_alternate_and_every_publish_can_be_read_back(stubs: Stubs) -> None:
    seen = {}
    for number in range(1, 5):
        stubs.promote()
        result = night(stubs)
        assert result.publish_no == number
        seen[number] = now_shown(stubs.settings)
    for number, figures in seen.items():
        assert history(stubs.settings, number) == figures
    with connect("auditor", stubs.settings) as conn:
        rows = conn.execute("select colour from ledger.publish order by publish_no").fetchall()
    assert [row[0] for row in rows] == ["green", "blue", "green", "blue"]


def test_a_load_that_commits_late_is_not_skipped(stubs: Stubs) -> None:
    late = stubs.promote(promoted=False)
    early = stubs.promote()
    night(stubs)
    night(stubs, NEXT_NIGHT)
    assert shown(stubs.settings)["loads"] == [early]
    stubs.decide(late)
    night(stubs, NEXT_NIGHT)
    assert shown(stubs.settings)["loads"] == [late, early]
    assert stubs.runs[-1]["touched_loads"] == [late]
    stubs.promote()
    night(stubs, NEXT_NIGHT)
    # the other colour is two publishes behind, and gets both
    assert late in stubs.runs[-1]["touched_loads"]


def test_a_reader_at_repeatable_read_never_sees_two_publishes(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs)
    stop = threading.Event()
    torn: list[Any] = []
    reads = [0, 0]

    def read(index: int) -> None:
        with connect("bi", stubs.settings) as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                number = conn.execute("select publish_no from marts.last_publish").fetchone()
                count = conn.execute("select count(*) from marts.kpi_value").fetchone()
                theme = conn.execute("select count(*) from marts.kpi_digital_signature").fetchone()
                conn.commit()
                reads[index] += 1
                # each publish adds one load, hence one row
                if not number == count == theme:
                    torn.append((number, count, theme))

    threads = [threading.Thread(target=read, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        stubs.promote()
        night(stubs)
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert torn == []
    assert min(reads) > 20


def test_a_reader_held_open_neither_waits_nor_makes_anybody_wait(stubs: Stubs) -> None:
    """Through two nights, a rebuild and a rollback."""
    stubs.promote()
    night(stubs)
    with connect("bi", stubs.settings) as reader, connect("bi", stubs.settings) as snapshot:
        snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for conn in (reader, snapshot):
            assert conn.execute("select count(*) from marts.kpi_value").fetchone() == (1,)
        started = time.monotonic()
        for _ in range(2):
            stubs.promote()
            night(stubs)
        building.rebuild(stubs.settings, NIGHT)
        publish_started = time.monotonic()
        stubs.promote()
        building.build(stubs.settings, NIGHT)
        assert publish(stubs.settings, NIGHT).publish_no == 4
        assert time.monotonic() - publish_started < 5
        rollback("số liệu sai", stubs.settings)
        assert time.monotonic() - started < 20
        assert reader.execute("select count(*) from marts.kpi_value").fetchone() == (3,)
        assert snapshot.execute("select count(*) from marts.kpi_value").fetchone() == (1,)


@pytest.mark.parametrize(
    ("verdict", "code", "exit_code"),
    [
        ("block", "EGOV-PUB-004", ExitCode.BAD_DATA),
        ("quarantine", "EGOV-PUB-004", ExitCode.BAD_DATA),
        ("could_not_check", "EGOV-PUB-005", ExitCode.COULD_NOT_CHECK),
    ],
)
def test_an_audit_that_does_not_pass_leaves_the_last_publish(
    stubs: Stubs, verdict: str, code: str, exit_code: ExitCode
) -> None:
    stubs.promote()
    night(stubs)
    before = shown(stubs.settings)
    stubs.promote()
    stubs.verdict = verdict
    assert refusal(code, night, stubs).exit_code == exit_code
    assert shown(stubs.settings) == before
    with connect("auditor", stubs.settings) as conn:
        row = conn.execute(
            "select body_json ->> 'verdict' from ledger.event"
            " where kind = 'audit_checked' order by event_no desc limit 1"
        ).fetchone()
    assert row == (verdict,)
    stubs.verdict = "pass"
    assert night(stubs).publish_no == 2


def test_a_failure_in_the_transaction_of_a_publish_leaves_nothing(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs.promote()
    building.build(stubs.settings, NIGHT)

    def fail(conn: Any, kind: str, body: dict[str, Any]) -> int:
        if kind == "published":
            raise OSError("disk full")
        return append(conn, kind, body)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "append", fail)
        with pytest.raises(OSError, match="disk full"):
            publish(stubs.settings, NIGHT)
    assert shown(stubs.settings)["publish_no"] == 0
    with connect("auditor", stubs.settings) as conn:
        assert conn.execute("select count(*) from ledger.kpi_value_log").fetchone() == (0,)
    assert publish(stubs.settings, NIGHT).publish_no == 1


def test_only_a_whole_and_newer_candidate_is_published(stubs: Stubs) -> None:
    refusal("EGOV-PUB-006", publish, stubs.settings, NIGHT)
    stubs.promote()
    night(stubs)
    load = stubs.promote()
    # never built
    assert refusal("EGOV-PUB-006", publish, stubs.settings, NIGHT).exit_code == ExitCode.REFUSED
    building.build(stubs.settings, NIGHT)
    revoke(load, "sai", stubs.settings)
    stubs.promote()
    assert "revoked" in str(refusal("EGOV-PUB-006", publish, stubs.settings, NIGHT))
    night(stubs)
    stubs.promote()
    # blue holds an older night
    assert "lacks" in str(refusal("EGOV-PUB-006", publish, stubs.settings, NIGHT))


def test_a_build_that_fails_is_done_again_with_all_it_touched(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs)
    stubs.promote()
    night(stubs)
    bad = stubs.promote()
    stubs.status = "error"
    refusal("EGOV-PUB-002", building.build, stubs.settings, NEXT_NIGHT)
    refusal("EGOV-PUB-006", publish, stubs.settings, NEXT_NIGHT)
    stubs.status = "success"
    # the load is revoked before it was ever known to be in the colour: its rows may be there all the same
    revoke(bad, "sai", stubs.settings)
    assert building.build(stubs.settings, NIGHT).is_live_current
    stubs.promote()
    building.build(stubs.settings, NIGHT)
    assert bad in stubs.runs[-1]["touched_loads"]
    assert "2023-03-01" in stubs.runs[-1]["months"]["kpi"]
    with connect("builder", stubs.settings) as conn:
        assert colours.state(conn, "green").is_broken_off is False
        assert conn.execute("select status from build.node_result order by build_event_no").fetchall()[-2:] == [
            ("error",),
            ("success",),
        ]


def test_a_rebuild_that_was_broken_off_is_begun_again_from_nothing(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs)
    stubs.status = "error"
    refusal("EGOV-PUB-002", building.rebuild, stubs.settings, NIGHT)
    stubs.status = "success"
    stubs.promote()
    building.build(stubs.settings, NIGHT)
    assert stubs.runs[-1]["rebuild"] is True


def test_changed_models_rebuild_the_idle_colour(stubs: Stubs) -> None:
    stubs.promote()
    for day in (NIGHT, NEXT_NIGHT):
        night(stubs, day)
    assert night(stubs, NEXT_NIGHT).published is False
    (stubs.settings.dbt_dir / "model.sql").write_text("select 2\n")
    assert night(stubs, NEXT_NIGHT).publish_no == 3
    assert stubs.runs[-1]["rebuild"] is True


def test_views_of_the_same_models_are_left_standing_after_a_build_that_ended(stubs: Stubs) -> None:
    def left_standing() -> list[bool]:
        return [set(building.STANDING) <= set(arguments) for arguments in stubs.arguments]

    for day in (NIGHT, NEXT_NIGHT, NEXT_NIGHT):
        stubs.promote()
        night(stubs, day)
    # the first two builds are of empty colours
    assert left_standing() == [False, False, True]

    stubs.promote()
    stubs.status = "error"
    refusal("EGOV-PUB-002", building.build, stubs.settings, NEXT_NIGHT)
    stubs.status = "success"
    # nobody knows what the one that broke off has replaced
    night(stubs, NEXT_NIGHT)
    assert left_standing()[3:] == [True, False]

    (stubs.settings.dbt_dir / "model.sql").write_text("select 2\n")
    building.build(stubs.settings, NEXT_NIGHT)
    building.rebuild(stubs.settings, NEXT_NIGHT)
    assert left_standing()[5:] == [False, False]


def test_rollback_shows_the_publish_before_and_holds(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs)
    good = shown(stubs.settings)
    bad = stubs.promote()
    night(stubs, NEXT_NIGHT)
    result = rollback("số liệu sai", stubs.settings)
    assert (result.publish_no, result.from_publish_no, result.on_hold) == (1, 2, True)
    assert shown(stubs.settings) == good
    for work in (building.build, building.rebuild, publish):
        assert refusal("EGOV-PUB-001", work, stubs.settings, NEXT_NIGHT).exit_code == ExitCode.REFUSED
    refusal("EGOV-PUB-007", rollback, "again", stubs.settings)
    lifted = revoke(bad, "sai tệp", stubs.settings)
    assert lifted.hold_lifted
    after = night(stubs, NEXT_NIGHT)
    assert after.publish_no == 3
    assert shown(stubs.settings)["loads"] == good["loads"]
    assert history(stubs.settings, 3) == now_shown(stubs.settings)
    assert [row[0] for row in history(stubs.settings, 2)] == [*good["loads"], bad]
    assert revoke(bad, "sai tệp", stubs.settings).revoked is False


def test_resume_publishes_all_that_counts_again(stubs: Stubs) -> None:
    stubs.promote()
    night(stubs)
    stubs.promote()
    night(stubs)
    both = shown(stubs.settings)["loads"]
    rollback("nhầm", stubs.settings)
    resume(stubs.settings)
    refusal("EGOV-PUB-010", resume, stubs.settings)
    runs = len(stubs.runs)
    assert night(stubs).publish_no == 3
    assert shown(stubs.settings)["loads"] == both
    # the other colour held it already
    assert len(stubs.runs) == runs
    assert history(stubs.settings, 3) == now_shown(stubs.settings)


def test_rollback_is_refused_where_the_publish_before_is_gone(stubs: Stubs) -> None:
    refusal("EGOV-PUB-007", rollback, "none yet", stubs.settings)
    stubs.promote()
    night(stubs)
    refusal("EGOV-PUB-007", rollback, "only one", stubs.settings)
    stubs.promote()
    night(stubs)
    refusal("EGOV-PUB-009", rollback, "  ", stubs.settings)
    stubs.promote()
    building.build(stubs.settings, NIGHT)
    refusal("EGOV-PUB-007", rollback, "built over", stubs.settings)


def test_rollback_never_crosses_a_change_of_structure(stubs: Stubs) -> None:
    for _ in range(2):
        stubs.promote()
        night(stubs)
    with connect("superuser", stubs.settings) as conn:
        conn.execute("insert into public.schema_migration (number, name, checksum) values (9000, 'x', 'x')")
    refusal("EGOV-PUB-007", rollback, "old structure", stubs.settings)


def test_builds_publishes_and_rollbacks_exclude_one_another(stubs: Stubs) -> None:
    stubs.promote()
    with fence(building.FENCE, settings=stubs.settings):
        for work in (building.build, publish):
            refusal("EGOV-DB-001", work, stubs.settings, NIGHT)
        refusal("EGOV-DB-001", rollback, "now", stubs.settings)


def test_the_pointer_moves_only_as_its_event_says(stubs: Stubs) -> None:
    stubs.promote()
    building.build(stubs.settings, NIGHT)
    body = {"publish_no": 1, "colour": "green", "business_date": NIGHT}
    for change in ("colour = 'blue', publish_no = 1", "colour = 'green', publish_no = 2", "on_hold = true"):
        with connect("publisher", stubs.settings) as conn:
            event_no = append(conn, "published", body)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"update ledger.live set {change}, event_no = %s".encode(), (event_no,))
            conn.rollback()
    with connect("publisher", stubs.settings) as conn:
        event_no = append(conn, "published", body)
        conn.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("update ledger.live set colour = 'green', publish_no = 1, event_no = %s", (event_no,))
    assert shown(stubs.settings)["publish_no"] == 0


def test_revoke_takes_promoted_loads_only(stubs: Stubs) -> None:
    waiting = stubs.promote(promoted=False)
    refusal("EGOV-PUB-008", revoke, waiting, "sai", stubs.settings)
    refusal("EGOV-LEDGER-002", revoke, 999, "sai", stubs.settings)
    refusal("EGOV-PUB-009", revoke, waiting, "", stubs.settings)


def test_an_edit_of_a_published_row_shows_against_the_ledger(stubs: Stubs) -> None:
    stubs.promote()
    result = night(stubs)
    with connect("publisher", stubs.settings) as conn:
        assert digest.mart_digest(conn, result.colour) == result.mart_digest
    with connect("owner", stubs.settings) as conn:
        conn.execute("update green.kpi_value set numerator = numerator + 1")
    with connect("publisher", stubs.settings) as conn:
        assert digest.mart_digest(conn, result.colour) != result.mart_digest


def test_what_was_edited_while_published_is_replaced_by_a_rebuild(stubs: Stubs) -> None:
    """The same loads, the same night: nothing is new but that the rows are right again."""
    stubs.promote()
    edited = night(stubs)
    building.rebuild(stubs.settings, NIGHT)
    assert publish(stubs.settings, NIGHT).publish_no == edited.publish_no
    with connect("owner", stubs.settings) as conn:
        conn.execute(f"update {edited.colour}.kpi_value set numerator = numerator + 1".encode())
    replaced = publish(stubs.settings, NIGHT)
    assert (replaced.publish_no, replaced.mart_digest) == (edited.publish_no + 1, edited.mart_digest)
    assert replaced.colour != edited.colour
    assert not publish(stubs.settings, NIGHT).published
