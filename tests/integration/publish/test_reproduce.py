"""A past publish made anew has the digest of then, and the night after it goes on; with dbt for real, and without."""

import json
from datetime import date

import pytest
from psycopg import sql
from publish_stubs import NEXT_NIGHT, NIGHT, Stubs, shown
from raw_rows import Export, deliver, dossier
from test_marts_of_loads import BACKLOG, CORRECTION, JANUARY, WRONG, audited, figure, night, rebuilt

from egov_kpi.cli import main
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.publish import build as building
from egov_kpi.publish import reproduce as reproducing
from egov_kpi.publish.publish import publish
from egov_kpi.publish.reproduce import reproduce
from egov_kpi.publish.revoke import revoke
from egov_kpi.publish.rollback import rollback
from egov_kpi.raw.purge import purge
from egov_kpi.settings import Settings

__all__ = ["audited"]

LATER = date(2023, 3, 8)


@pytest.mark.long
@pytest.mark.usefixtures("few_units")
def test_publishes_have_the_digest_of_then_after_corrections_and_revocations(warehouse: Settings) -> None:
    deliver(warehouse, BACKLOG)
    deliver(warehouse, JANUARY)
    first = night(warehouse)
    deliver(warehouse, CORRECTION)
    wrong = deliver(warehouse, WRONG)
    second = night(warehouse, NEXT_NIGHT)
    revoke(wrong, "sai tệp", warehouse)
    found = reproduce(warehouse, 1)
    assert found.equal and found.models_unchanged, found
    assert (found.mart_digest, found.as_of, len(found.loads)) == (first, NIGHT, 2)
    # readers saw nothing of it, and the night brings the colour to what counts
    assert figure(warehouse, "dossier_received", "823", "month", "2022-09-01") == 1
    assert night(warehouse, LATER) == rebuilt(warehouse, LATER)
    assert figure(warehouse, "dossier_received", "823", "month", "2022-09-01") is None
    assert reproduce(warehouse, 2).mart_digest == second


@pytest.mark.long
@pytest.mark.usefixtures("few_units")
def test_a_correction_of_a_purged_row_leaves_no_second_one(warehouse: Settings) -> None:
    deliver(warehouse, BACKLOG)
    # mailboxes of January: the series begins there, whatever becomes of the dossier
    deliver(warehouse, JANUARY)
    night(warehouse)
    building.build(warehouse, NEXT_NIGHT)
    publish(warehouse, NEXT_NIGHT)
    purge(warehouse, date(2023, 3, 1), "hết hạn lưu", "Giữ")
    assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 1
    # dossier 1 was received in February after all; raw does not know any more that it stood in January
    deliver(warehouse, Export("one_stop.dossiers", [dossier(1, "2023-02-02", "2023-03-01")]))
    for day in (LATER, date(2023, 3, 9)):
        night(warehouse, day)
        assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 0
        assert figure(warehouse, "dossier_received", "823", "quarter", "2023-01-01") == 3
    with pytest.raises(EgovError, match="EGOV-PUB-011"):
        reproduce(warehouse, 1)


def published(stubs: Stubs, day: date = NIGHT) -> None:
    stubs.promote()
    building.build(stubs.settings, day)
    publish(stubs.settings, day)


@pytest.fixture
def three(stubs: Stubs) -> Stubs:
    for day in (NIGHT, NEXT_NIGHT, LATER):
        published(stubs, day)
    return stubs


def test_the_colour_says_what_it_holds(three: Stubs) -> None:
    assert reproduce(three.settings, 1).equal
    with connect("auditor", three.settings) as conn:
        row = conn.execute(
            "select body_json from ledger.event where kind = 'colour_built' order by event_no desc limit 1"
        ).fetchone()
    assert row is not None
    assert (row[0]["reproduces"], row[0]["as_of"], row[0]["applied"]) == (1, NIGHT.isoformat(), [1])
    assert shown(three.settings)["publish_no"] == 3
    for work in (lambda: publish(three.settings, date(2023, 3, 9)), lambda: rollback("x", three.settings)):
        with pytest.raises(EgovError) as caught:
            work()
        assert caught.value.code in ("EGOV-PUB-006", "EGOV-PUB-007")
    published(three, date(2023, 3, 9))
    assert shown(three.settings)["loads"] == [1, 2, 3, 4]


def test_the_command_tells_by_its_exit_code(
    three: Stubs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egov_kpi.settings.get_settings", lambda: three.settings)
    assert main.run(["reproduce", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["equal"] and told["mart_digest"] == told["recorded_digest"]
    assert main.run(["reproduce", "9"]) == 2
    # other models give other figures, and it says so
    (three.settings.dbt_dir / "model.sql").write_text("select 2\n")
    carry_out = reproducing.carry_out

    def tampered(conn: object, settings: Settings, plan: object, said: object) -> int:
        nodes = carry_out(conn, settings, plan, said)  # type: ignore[arg-type]
        with connect("builder", settings) as other:
            other.execute(
                sql.SQL("delete from build.mart_leaf where relation = 'kpi_value' and colour = {}").format(
                    sql.Literal(plan.colour)  # type: ignore[attr-defined]
                )
            )
        return nodes

    monkeypatch.setattr(reproducing, "carry_out", tampered)
    assert main.run(["reproduce", "2"]) == 1
    out = capsys.readouterr().out
    assert "KHÁC" in out and "kpi_value 2023-03-01" in out and "models are others" in out
