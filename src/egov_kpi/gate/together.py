"""Rules that look at one row at a time, asked once of all the loads of a dataset that wait.

Asking costs Great Expectations the same for ten rows as for ten thousand, and a backlog is many small loads. A rule
that holds for the rows of several loads together holds for those of each. One that doesn't is asked of each load alone,
as are all rules about a load as a whole; so is everything when this step fails.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect, role_url
from egov_kpi.gate.gx import Outcome, holding
from egov_kpi.gate.parameters import Connection
from egov_kpi.gate.relation import Night, checked_query, create, drop, together_name
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.settings import Settings

# What they say of a row depends on no other row; a share of rows that may fail (`mostly`) would.
ROW_BY_ROW = (
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_between",
    "expect_column_values_to_match_regex",
    "expect_column_pair_values_a_to_be_greater_than_b",
)
# Beyond it, writing the rows down a second time costs more than asking again.
MOST_ROWS = 50_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """A staged load whose gate is still to come; `landed` counts structural rows too."""

    load_seq: int
    content_digest: str
    landed: int
    business_date: date
    snapshot_date: date | None


@dataclass(frozen=True)
class Known:
    """Outcomes of rules that hold for every row of these loads, as they were: content and data rows by load."""

    suite_digest: str
    contents: dict[int, str]
    data_rows: dict[int, int]
    outcomes: tuple[Outcome, ...]

    def of(self, load_seq: int, content_digest: str, data_rows: int, suite_digest: str) -> tuple[Outcome, ...]:
        """The outcomes, for a load that still is what was asked about, by the same suite."""
        asked = (self.suite_digest, self.contents.get(load_seq), self.data_rows.get(load_seq))
        return self.outcomes if asked == (suite_digest, content_digest, data_rows) else ()


def ask_together(settings: Settings, contract: Contract, loads: Sequence[Waiting]) -> Known | None:
    """What holds for all of these loads; None when there is nothing to gain, or something went wrong."""
    if len(loads) < 2 or sum(load.landed for load in loads) > MOST_ROWS:
        return None
    try:
        return _asked(settings, contract, loads)
    except Exception as error:  # noqa: BLE001 -- each load is asked alone then, and what is wrong ends in its receipt
        # The message may hold a value of a row: only its class leaves the process.
        _log.warning("gate %s: not asked together (%s)", contract.id, type(error).__name__)
        return None


def _asked(settings: Settings, contract: Contract, loads: Sequence[Waiting]) -> Known:
    suite = load_suite(suite_path(settings, contract))
    rules = [rule for rule in suite.rules if _is_row_by_row(rule)]
    name = together_name(contract, loads[0].load_seq)
    with connect("loader", settings, autocommit=True) as conn:
        try:
            create(conn, name, _rows_of_all(contract, loads))
            data_rows = _data_rows(conn, name)
            outcomes = holding(role_url("loader", settings), "inbound", name, rules)
        finally:
            drop(conn, name)
    contents = {load.load_seq: load.content_digest for load in loads}
    return Known(suite.digest, contents, data_rows, tuple(outcomes))


def _is_row_by_row(rule: Rule) -> bool:
    has_parameter = any(isinstance(value, dict) for value in rule.kwargs.values())
    return rule.type in ROW_BY_ROW and "mostly" not in rule.kwargs and not has_parameter


def _rows_of_all(contract: Contract, loads: Sequence[Waiting]) -> str:
    queries = [checked_query(contract, load.load_seq, Night(load.business_date, load.snapshot_date)) for load in loads]
    return "\nunion all\n".join(queries)


def _data_rows(conn: Connection, name: str) -> dict[int, int]:
    query = sql.SQL("select _load_seq, count(*) from {} group by 1").format(sql.Identifier("inbound", name))
    return dict(conn.execute(query).fetchall())
