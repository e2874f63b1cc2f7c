"""What the ledger knows of a load before its gate: business date, digest, and how many rows are usual."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from egov_kpi.contracts.model import Contract
from egov_kpi.gate.suite import Suite

Connection = psycopg.Connection[tuple[Any, ...]]
VOLUME_PARAMETER = "volume_floor"


@dataclass(frozen=True)
class LoadFacts:
    """A registered load, dates in Asia/Ho_Chi_Minh."""

    dataset: str
    business_date: date | None
    snapshot_date: date | None
    window_from: date | None
    window_to: date | None
    content_digest: str


def load_facts(conn: Connection, load_seq: int) -> LoadFacts | None:
    """What the ledger registered under this number; None when it knows no such load."""
    row = conn.execute(
        "select dataset, business_date, snapshot_date, window_from, window_to, content_digest"
        " from ledger.load where load_seq = %s",
        (load_seq,),
    ).fetchone()
    return LoadFacts(*row) if row else None


def suite_parameters(conn: Connection, contract: Contract, suite: Suite, facts: LoadFacts) -> dict[str, Any]:
    """Values of the `$PARAMETER`s of a suite. Only a suite that asks for the usual volume pays for reading it."""
    rule = next((rule for rule in suite.rules if _uses_volume(rule.kwargs)), None)
    if rule is None:
        return {}
    usual = usual_rows(conn, contract, facts)
    share = float(rule.meta["min_share_of_usual"])
    return {VOLUME_PARAMETER: int(usual * share) if usual is not None else 0}


def _uses_volume(kwargs: dict[str, Any]) -> bool:
    return {"$PARAMETER": VOLUME_PARAMETER} in kwargs.values()


def usual_rows(conn: Connection, contract: Contract, facts: LoadFacts) -> float | None:
    """Data rows to expect; None when nothing comparable came before, and then no load can be too small."""
    if contract.shape == "snapshot":
        return _one(conn, _PREVIOUS_SNAPSHOT, {"dataset": contract.id, "snapshot_date": facts.snapshot_date})
    if facts.window_from is None or facts.window_to is None:
        return None
    window = {"dataset": contract.id, "window_from": facts.window_from, "window_to": facts.window_to}
    return _one(conn, _USUAL_DELTA, window)


def _one(conn: Connection, query: str, values: dict[str, Any]) -> float | None:
    row = conn.execute(query.encode(), values).fetchone()
    return float(row[0]) if row and row[0] is not None else None


_PREVIOUS_SNAPSHOT = """
select a.landed - a.structural
from ledger.promoted_load as p
inner join ledger.account as a using (load_seq)
where p.dataset = %(dataset)s and p.snapshot_date < %(snapshot_date)s
    and not exists (select from ledger.revoked_load as r where r.load_seq = p.load_seq)
order by p.snapshot_date desc, p.load_seq desc
limit 1
"""

# Rows per working day of the last eight windows, times the working days of this one. The first night has no beginning
# and is not comparable; neither is a window of holidays only; three windows are the least that make a habit.
_USUAL_DELTA = """
with
earlier as (
    select p.window_from, p.window_to, sum(a.landed - a.structural) as row_count
    from ledger.promoted_load as p
    inner join ledger.account as a using (load_seq)
    where p.dataset = %(dataset)s and p.window_from is not null and p.window_to < %(window_to)s
        and not exists (select from ledger.revoked_load as r where r.load_seq = p.load_seq)
        -- what was heard twice came once
        and not exists (
            select from ledger.load as again
            inner join ledger.promoted_load as heard on heard.load_seq = again.load_seq
            where again.replay_of = p.load_seq
                and not exists (select from ledger.revoked_load as r where r.load_seq = again.load_seq)
        )
    group by p.window_from, p.window_to
),

paced as (
    select e.row_count / d.working_days as pace
    from earlier as e
    cross join lateral (
        select count(*)::numeric as working_days from ref.calendar_day as c
        where c.calendar_date > e.window_from and c.calendar_date <= e.window_to and c.is_working
    ) as d
    where d.working_days > 0
    order by e.window_to desc
    limit 8
),

usual as (select percentile_cont(0.5) within group (order by pace) as pace, count(*) as windows from paced)

select u.pace * (
    select count(*) from ref.calendar_day as c
    where c.calendar_date > %(window_from)s and c.calendar_date <= %(window_to)s and c.is_working
)
from usual as u
where u.windows >= 3
"""
