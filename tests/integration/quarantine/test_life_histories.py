"""Random histories of deliveries, replays, waivers, rejections and revocations: after every step the account adds up.

Three tellings of each refused row must agree: its row in quarantine, the ledger's events read one after another by
nothing but this file, and the ledger's own views. And no row waits although its key was brought right.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from life_rig import BAD_VERSION, DATASET, FINISHED_EARLY, NO_KEY, RETURNED_EARLY, Rig, Row, paper, rigged

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import verify
from egov_kpi.publish.revoke import revoke
from egov_kpi.quarantine import decision, review, waiver
from egov_kpi.quarantine.replay import replay
from egov_kpi.settings import Settings

KEYS, DAYS = 3, 9
TODAY = date.today()
# Later than any version that a history delivers.
RETURNED = date(2023, 3, 12)
WAIVABLE = (RETURNED_EARLY, FINISHED_EARLY)
# What a history may be refused, all of it with nothing changed: there is nothing to replay, reject or decide.
REFUSALS = ("EGOV-QUAR-", "EGOV-PUB-008")

rows = st.tuples(
    st.integers(0, KEYS - 1),
    st.integers(0, DAYS - 1),
    st.sampled_from([*[None] * 8, RETURNED_EARLY, FINISHED_EARLY, NO_KEY, BAD_VERSION]),
)
place = st.integers(0, 5)
deliveries = st.tuples(st.just("deliver"), st.lists(rows, min_size=2, max_size=5))
steps = st.one_of(
    deliveries,
    deliveries,
    deliveries,
    st.tuples(st.just("replay"), place),
    st.tuples(st.just("excuse"), place),
    st.tuples(st.just("revoke"), place),
    st.tuples(st.just("reject"), place),
    st.tuples(st.just("decide"), place),
    st.tuples(st.just("waive"), st.sampled_from(WAIVABLE)),
    st.tuples(st.just("mend"), st.sampled_from(WAIVABLE)),
    st.tuples(st.just("return"), place),
    st.tuples(st.just("lapse"), st.sampled_from(WAIVABLE)),
)
histories = st.builds(
    lambda first, rest: [*first, *rest],
    st.lists(deliveries, min_size=2, max_size=3),
    st.lists(steps, min_size=3, max_size=7),
)


@pytest.fixture
def rig(migrated_warehouse: Settings) -> Iterator[Rig]:
    with rigged(migrated_warehouse) as made:
        yield made


_examples = count()


class History:
    """One history, in keys of its own: the warehouse is shared by all examples."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.name = f"h{next(_examples)}"
        self.loads: list[int] = []
        rig.relaxed = set()
        for known in waiver.waivers(settings=rig.settings):
            if known["state"] != "withdrawn":
                waiver.withdraw(known["waiver_no"], "end of a history", "phụ trách", settings=rig.settings)

    def take(self, step: tuple[str, Any]) -> None:
        try:
            getattr(self, f"_{step[0]}")(step[1])
        except EgovError as error:
            assert error.code.startswith(REFUSALS), error

    def _deliver(self, wanted: list[tuple[int, int, str | None]]) -> None:
        self.loads.append(self.rig.deliver([self._row(*row) for row in wanted]))

    def _row(self, key: int, day: int, fault: str | None) -> Row:
        return paper(f"{self.name}-{key}", date(2023, 3, 1) + timedelta(days=day), *([fault] if fault else []))

    def _load(self, position: int) -> int:
        if not self.loads:
            raise EgovError("EGOV-QUAR-201", load_seq=0)
        return self.loads[position % len(self.loads)]

    def _replay(self, position: int) -> None:
        told = replay(self._load(position), "history", settings=self.rig.settings)
        self.loads.append(told["load_seq"])

    def _revoke(self, position: int) -> None:
        revoke(self._load(position), "history", settings=self.rig.settings)

    def _reject(self, position: int) -> None:
        review.reject_load(self._load(position), None, "history", "phụ trách", settings=self.rig.settings)

    def _decide(self, position: int) -> None:
        decision.record(self._load(position), "reject", "phụ trách", settings=self.rig.settings)

    def _waive(self, rule: str) -> None:
        told = waiver.propose(DATASET, rule, "history", TODAY, "phụ trách", settings=self.rig.settings)
        waiver.approve(told["waiver_no"], "lãnh đạo", settings=self.rig.settings)

    def _excuse(self, position: int) -> None:
        """Waive what can be waived, then hear a load again."""
        for rule in WAIVABLE:
            self._waive(rule)
        self._replay(position)

    def _mend(self, rule: str) -> None:
        self.rig.relaxed ^= {rule}

    def _return(self, position: int) -> None:
        """A corrected return: the open rows of a load, right, each closed by its number as a workbook's codes do."""
        load_seq = self._load(position)
        query = "select quarantine_id as id, register_number as key from quarantine.forms__paper_register"
        waiting = self.rig.ask(f"{query} where load_seq = %s and state = 'open' order by 1", load_seq, role="owner")
        if not waiting:
            raise EgovError("EGOV-QUAR-001", load_seq=load_seq, dataset=DATASET)
        rows = [paper(row["key"] or f"{self.name}-returned-{row['id']}", RETURNED) for row in waiting]
        self.loads.append(self.rig.deliver(rows))
        with connect("loader", self.rig.settings) as conn:
            answered = [row["id"] for row in waiting]
            conn.execute("select quarantine.correct_by_id(%s, %s, %s)", (DATASET, self.loads[-1], answered))
        assert set(self.rig.states(load_seq)) & {"open"} == set()

    def _lapse(self, rule: str) -> None:
        """A waiver on the day after its last one: the rule refuses again what it let in the day before."""
        self._waive(rule)
        number = f"{self.name}-lapse-{len(self.loads)}"
        for business_date, is_waived in ((TODAY, True), (TODAY + timedelta(days=1), False)):
            faulty, right = paper(f"{number}-{is_waived}", RETURNED, rule), paper(f"{number}-right", RETURNED)
            load_seq = self.rig.deliver([faulty, right], business_date)
            self.loads.append(load_seq)
            is_let_in = is_waived or rule in self.rig.relaxed
            assert self.rig.states(load_seq) == ([] if is_let_in else ["open"]), (rule, business_date)


def told_by_events(rig: Rig) -> tuple[dict[int, str], dict[int, int]]:
    """State and load of every refused row, from the bodies of events alone."""
    states: dict[int, str] = {}
    load_of: dict[int, int] = {}
    events = rig.ask(
        "select kind, body from ledger.event where kind ~ '^(load_(promoted|blocked)|quarantine_)' order by event_no"
    )
    for event in events:
        body = json.loads(event["body"])
        if event["kind"].startswith("load_"):
            born = _numbers(body.get("quarantine_rows", "{}"))
            assert len(born) == body["account"]["quarantined"]
            states |= dict.fromkeys(born, "open")
            load_of |= dict.fromkeys(born, body["load_seq"])
            continue
        state = event["kind"].removeprefix("quarantine_")
        closed = _numbers(body["rows"])
        assert len(closed) == body["row_count"] and {load_of[row] for row in closed} == {body["load_seq"]}
        expected = "corrected" if body.get("again") else "open"
        assert {states[row] for row in closed} == {expected}, "a final state is final"
        states |= dict.fromkeys(closed, state)
    return states, load_of


def _numbers(multirange: str) -> list[int]:
    """{[1,4),[7,8)} is 1, 2, 3, 7."""
    parts = [part for part in multirange.strip("{}").replace("),[", ") [").split() if part]
    bounds = [part.strip("[)").split(",") for part in parts]
    return [number for low, high in bounds for number in range(int(low), int(high))]


# Open rows whose key was brought right, by the texts themselves: a load decided later, or before and not revoked then.
OVERLOOKED = """
select q.quarantine_id
from quarantine.forms__paper_register as q
inner join ledger.account as mine on mine.load_seq = q.load_seq
inner join raw.forms__paper_register as r
    on (r.agency_code, r.register_year::text, r.register_number) = (q.agency_code, q.register_year, q.register_number)
inner join ledger.account as its on its.load_seq = r.load_seq
left join ledger.revoked_load as v on v.load_seq = r.load_seq
where q.state = 'open' and q.updated_at <> '31/02/2023' and r.updated_at >= to_date(q.updated_at, 'DD/MM/YYYY')
    and (its.event_no >= mine.event_no or (mine.is_promoted and coalesce(v.event_no > mine.event_no, true)))
"""
# Corrected rows, and the load that is said to have done it did not bring the key in such a version. A row without a
# key is closed by its number alone, and the step that does so looks at it.
UNFOUNDED = """
select q.quarantine_id
from quarantine.forms__paper_register as q
inner join ledger.quarantine_closing as c on c.event_no = q.closed_event_no
where q.state = 'corrected' and q.register_number is not null and not exists (
    select from raw.forms__paper_register as r
    where r.load_seq = c.by_load
        and (r.agency_code, r.register_year::text, r.register_number)
        = (q.agency_code, q.register_year, q.register_number)
        and r.updated_at
        >= case when q.updated_at = '31/02/2023' then date '2023-03-07' else to_date(q.updated_at, 'DD/MM/YYYY') end
)
"""


# Loads whose account, fixed when they were decided, doesn't add up.
UNBALANCED = """
select a.load_seq from ledger.account as a
where a.received <> a.landed + a.withheld
    or a.landed <> a.accepted + a.unchanged + a.quarantined + a.duplicate + a.structural
"""


def check(rig: Rig) -> None:
    states, load_of = told_by_events(rig)
    found = rig.ask("select quarantine_id, load_seq, state from quarantine.row")
    assert {row["quarantine_id"]: row["state"] for row in found} == states
    assert {row["quarantine_id"]: row["load_seq"] for row in found} == load_of
    counted = Counter((row["load_seq"], row["state"]) for row in found)
    for account in rig.ask("select * from ledger.quarantine_account"):
        parts = {state: account[state] for state in ("open", "corrected", "replayed", "waived", "rejected")}
        assert account["quarantined"] == sum(parts.values())
        assert parts == {state: counted[account["load_seq"], state] for state in parts}
    assert rig.ask("select * from quarantine.unexplained") == []
    assert rig.ask(UNBALANCED) == []
    assert rig.ask(OVERLOOKED, role="owner") == []
    assert rig.ask(UNFOUNDED, role="owner") == []


# Rows that are corrected by what came before, let in by a waiver, and corrected again.
EVERY_STATE = [
    ("deliver", [(0, 5, None), (1, 0, None)]),
    ("deliver", [(0, 1, RETURNED_EARLY), (1, 1, None)]),
    ("deliver", [(2, 3, RETURNED_EARLY), (1, 2, None)]),
    ("excuse", 2),
    ("revoke", 0),
    ("deliver", [(0, 8, None)]),
]
# What a unit sends back, a row without a key among it; a waiver's last day and the day after.
RETURNED_AND_LAPSED = [
    ("deliver", [(0, 1, NO_KEY), (1, 2, RETURNED_EARLY), (2, 3, None)]),
    ("return", 0),
    ("lapse", RETURNED_EARLY),
    ("revoke", 1),
    ("return", 3),
    ("lapse", FINISHED_EARLY),
]


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.long
@example(history=EVERY_STATE)
@example(history=RETURNED_AND_LAPSED)
@given(history=histories)
def test_the_account_adds_up_over_any_history(rig: Rig, history: list[tuple[str, Any]]) -> None:
    told = History(rig)
    for step in history:
        told.take(step)
        check(rig)
    with connect("auditor", rig.settings) as conn:
        verify(conn).require()
