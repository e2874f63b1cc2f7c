"""Marts depend on the loads that count and on nothing else: not on their order, not on what was there before.

With dbt for real. The measure is the mart digest of a rebuild from nothing.
"""

from datetime import date

import pytest
from publish_stubs import NEXT_NIGHT, NIGHT
from raw_rows import Export, deliver, dossier, mailbox, paper, promote, register

from egov_kpi.db.connect import connect
from egov_kpi.gate.result import GateResult
from egov_kpi.publish import build as building
from egov_kpi.publish import digest
from egov_kpi.publish import publish as publishing
from egov_kpi.publish.publish import publish
from egov_kpi.publish.revoke import revoke
from egov_kpi.publish.rollback import rollback
from egov_kpi.settings import Settings

pytestmark = pytest.mark.usefixtures("few_units")

BACKLOG = Export(
    "one_stop.dossiers",
    [
        dossier(1, "2023-01-30", "2023-02-01"),
        dossier(2, "2023-02-10", "2023-02-12"),
        dossier(3, "2023-02-11", "2023-02-12", return_method="direct"),
        # twice in one export, the later version counts
        dossier(3, "2023-02-11", "2023-02-20", channel="post"),
    ],
)
# Dossier 1 was received in February after all, 4 is new.
CORRECTION = Export(
    "one_stop.dossiers",
    [dossier(1, "2023-02-02", "2023-03-01"), dossier(4, "2023-03-01", "2023-03-02", finished_at=None, returned_at=None,
                                                     dossier_status="processing")],
)  # fmt: skip
# Opens the series four months earlier, and claims to know dossier 2 better.
WRONG = Export(
    "one_stop.dossiers",
    [dossier(9, "2022-09-05", "2023-03-05"), dossier(2, "2022-10-10", "2023-03-05")],
)
LATE = Export(
    "forms.paper_register", [paper("12", "2022-12-30", "2023-01-02"), paper("13", "2023-01-03", "2023-01-03")]
)
JANUARY = Export(
    "mail.accounts",
    [mailbox(number, "2023-01-31", "2023-02-01") for number in range(4)],
    snapshot_date=date(2023, 1, 31),
    shape="snapshot",
)
# The same date exported again: mailbox 3 is gone.
JANUARY_AGAIN = Export(
    "mail.accounts",
    [mailbox(number, "2023-01-31", "2023-02-03") for number in range(3)],
    snapshot_date=date(2023, 1, 31),
    shape="snapshot",
)


@pytest.fixture(autouse=True)
def audited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations has tests of its own."""
    passed = GateResult(verdict="pass", receipt={"declared": 1, "evaluated": 1}, rules=[])
    monkeypatch.setattr(publishing, "_audit_result", lambda *_: passed)


def night(settings: Settings, day: date = NIGHT) -> str:
    """Digest of what a night published."""
    building.build(settings, day)
    result = publish(settings, day)
    assert result.published
    with connect("publisher", settings) as conn:
        # what the builds kept per month is what the rows give
        assert digest.mart_digest(conn, result.colour) == result.mart_digest
    return result.mart_digest


def digest_of_live_rows(settings: Settings) -> str:
    """Digest of what readers see, from its rows."""
    with connect("publisher", settings) as conn:
        row = conn.execute("select colour from ledger.live").fetchone()
        assert row is not None
        return digest.mart_digest(conn, row[0])


def rebuilt(settings: Settings, day: date = NIGHT) -> str:
    """Digest of a rebuild from nothing, in the colour that is not live."""
    colour = building.rebuild(settings, day).colour
    with connect("publisher", settings) as conn:
        return digest.mart_digest(conn, colour)


def figure(settings: Settings, kpi: str, agency: str, grain: str, start: str) -> object:
    with connect("bi", settings) as conn:
        row = conn.execute(
            "select numerator::int from marts.kpi_value where kpi_code = %s and agency_code = %s and scope = 'tree'"
            " and unit_basis = 'as_was' and period_grain = %s and period_start = %s",
            (kpi, agency, grain, start),
        ).fetchone()
    return row[0] if row else None


@pytest.mark.long
def test_corrections_late_loads_and_revocations_end_where_a_rebuild_ends(warehouse: Settings) -> None:
    late = register(warehouse, LATE)
    deliver(warehouse, BACKLOG)
    deliver(warehouse, JANUARY)
    first = night(warehouse)
    assert first == rebuilt(warehouse)
    assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 1
    assert figure(warehouse, "dossier_received", "823", "quarter", "2023-01-01") == 3
    assert figure(warehouse, "mail_issued", "823", "quarter", "2023-01-01") == 4

    with connect("bi", warehouse) as reader:
        reader.execute("select count(*) from marts.kpi_value")
        correction = deliver(warehouse, CORRECTION)
        wrong = deliver(warehouse, WRONG)
        deliver(warehouse, JANUARY_AGAIN)
        second = night(warehouse)
        # a key that changed month is in one of them
        assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 0
        assert figure(warehouse, "dossier_received", "823", "month", "2022-09-01") == 1
        assert figure(warehouse, "mail_issued", "823", "quarter", "2023-01-01") == 3
        rollback("lô sai", warehouse)
        assert digest_of_live_rows(warehouse) == first
        assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 1

        assert revoke(wrong, "sai tệp", warehouse).hold_lifted
        promote(warehouse, late, len(LATE.rows))
        third = night(warehouse, NEXT_NIGHT)
        assert third == rebuilt(warehouse, NEXT_NIGHT)
        assert len({first, second, third}) == 3
        # the months that only the wrong load had opened are gone, those of the late one are there
        assert figure(warehouse, "dossier_received", "823", "month", "2022-09-01") is None
        assert figure(warehouse, "dossier_received", "01846", "month", "2022-12-01") == 1
        assert figure(warehouse, "dossier_received", "823", "month", "2023-02-01") == 3
        reader.execute("select count(*) from marts.kpi_value")

    revoke(correction, "và tệp này", warehouse)
    fourth = night(warehouse, NEXT_NIGHT)
    assert fourth == rebuilt(warehouse, NEXT_NIGHT)
    assert figure(warehouse, "dossier_received", "823", "month", "2023-01-01") == 1


@pytest.mark.long
def test_any_order_of_delivery_gives_the_same_marts(warehouse: Settings) -> None:
    exports = [BACKLOG, CORRECTION, LATE, JANUARY, JANUARY_AGAIN]
    loads = [deliver(warehouse, export) for export in exports[:3]]
    night(warehouse)
    loads += [deliver(warehouse, export) for export in exports[3:]]
    forwards = night(warehouse, NEXT_NIGHT)
    for load in loads:
        revoke(load, "nạp lại theo thứ tự khác", warehouse)
    for export in reversed(exports):
        deliver(warehouse, export, salt=" again")
    assert night(warehouse, NEXT_NIGHT) == forwards
