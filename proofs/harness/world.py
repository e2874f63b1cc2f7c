"""A world: one warehouse of its own and the simulated sources that it pulls from."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import pandas as pd
import psycopg

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.db.connect import connect, role_url
from egov_kpi.ledger.events import verify
from egov_kpi.night.nightly import run_in_process
from egov_kpi.night.progress import Progress
from egov_kpi.publish.digest import mart_digest, stored_digest
from egov_kpi.settings import PROVINCES_OF_PROFILE, Settings
from egov_kpi.simulator.faults import FaultServer
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.server import create_app
from egov_kpi.simulator.truth_units import compare_both
from proofs.harness.cluster import Cluster, Saved
from proofs.harness.environment import environment


class Silent(Progress):
    """Progress that tells nobody and remembers how each step ended."""

    def __init__(self) -> None:
        super().__init__(interactive=False)
        self.ended: dict[str, tuple[str, str]] = {}

    def step(self, name: str, state: str, detail: str = "") -> None:
        self.ended[name] = (state, detail)


@dataclass(frozen=True)
class World:
    """One warehouse: `settings` is what the environment says, `source` may be told to misbehave, `records` is true."""

    cluster: Cluster
    saved: Saved
    settings: Settings
    source: FaultServer
    records: Records

    def night(self, business_date: date) -> dict[str, Any]:
        """The night in this process: every dataset pulled, gated and promoted, then built, audited, published.

        The publish, verdict per dataset, and loads; `steps` has (state, detail) per dataset. A dataset that fails stops
        no other, but EGOV-NIGHT-001 or -002 is raised when it held the night.
        """
        progress = Silent()
        return {**run_in_process(business_date, progress, self.settings), "steps": progress.ended}

    def digest(self) -> str:
        """Digest of the marts that BI sees, computed from their rows; empty before the first publish."""
        colour = self._live_colour()
        with connect("publisher", self.settings) as conn:
            return mart_digest(conn, colour) if colour else ""

    def kept_digest(self) -> str:
        """The same as the builds noted it, without a look at the rows."""
        with connect("publisher", self.settings) as conn:
            return stored_digest(conn, self._live_colour())

    def figures_are_right(self, as_of: date) -> bool:
        """Whether every published figure is what the simulator's own records give."""
        actual = self.as_bi("select * from marts.kpi_value")
        return len(actual) > 0 and compare_both(self.records, pd.Timestamp(as_of), actual).empty

    def as_bi(self, query: str) -> pd.DataFrame:
        """A query as the BI role asks it."""
        return self.ask("bi", query)

    def ask(self, role: str, query: str, *values: Any) -> pd.DataFrame:
        """A query as one of the roles asks it, committed."""
        with psycopg.connect(role_url(role, self.settings)) as conn:
            cursor: psycopg.Cursor[Any] = conn.execute(query.encode(), values or None)
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])

    def ledger_holds(self) -> bool:
        with connect("auditor", self.settings) as conn:
            return verify(conn).ok

    def account_holds(self) -> bool:
        """Whether every load is decided, its account adds up, and the tables hold what the account says."""
        return not self.account_breaches()

    def account_breaches(self) -> list[str]:
        """What is wrong with the accounts, a line per load."""
        return _undecided(self) + _sums(self) + [line for name in _datasets(self) for line in _tables(self, name)]

    def save(self, name: str) -> Saved:
        """A copy of the world as it is now, from which others can be opened: `cluster.world(origin=saved)`."""
        return self.cluster.clone(self.saved, name)

    def _live_colour(self) -> str:
        found = self.ask("publisher", "select colour from ledger.live where publish_no > 0")
        return str(found["colour"].iloc[0]) if len(found) else ""


@contextmanager
def open_world(
    cluster: Cluster,
    profile: str = "calibrated",
    seed: int = 1,
    *,
    origin: Saved | None = None,
    source: FaultServer | None = None,
    source_url: str = "",
    key: str = "",
    records: Records | None = None,
    name: str = "",
    **options: Any,
) -> Iterator[World]:
    """A world cloned from `origin` (default: migrated and seeded), gone at the end of the block.

    `options` scale the profile (dossiers_per_night, history_months); `records` are used instead of a profile's. A
    `source` of the caller's, with its `key`, may serve several worlds one after another; the caller starts and ends it.
    `source_url` is the address of one that another process serves; there is no `world.source` then. `name` is the
    database's name.
    """
    # It tells of every temporary folder, on stderr.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    key = key or secrets.token_hex(16)
    records = records or generate(profile, seed, **options)
    # Whoever forks must not have a serving thread: of a source elsewhere there is nothing to tell here.
    elsewhere = source or cast(FaultServer, None)
    served = nullcontext(elsewhere) if source or source_url else FaultServer(create_app(records, key))
    provinces = ",".join(PROVINCES_OF_PROFILE[records.profile])
    saved = cluster.clone(origin or cluster.seeded(provinces), name)
    try:
        with served as started:
            variables = {
                "SOURCE_BASE_URL": source_url or started.url,
                "SOURCE_TOKEN": key,
                "PROVINCES": provinces,
                "NIGHT_TIMEOUT_SECONDS": "600",
            }
            with environment(cluster.url(saved.database), saved.folder, **variables) as settings:
                yield World(cluster, saved, settings, started, records)
    finally:
        cluster.discard(saved)


def _datasets(world: World) -> list[str]:
    return list(all_contracts(world.settings))


def _undecided(world: World) -> list[str]:
    found = world.ask(
        "auditor",
        "select l.load_seq, l.dataset from ledger.load as l left join ledger.account as a using (load_seq) "
        "where a.load_seq is null order by l.load_seq",
    )
    return [f"load {row.load_seq} of {row.dataset} is not decided" for row in found.itertuples()]


def _sums(world: World) -> list[str]:
    found = world.ask(
        "auditor",
        "select load_seq from ledger.account where received <> landed + withheld "
        "or landed <> accepted + unchanged + quarantined + duplicate + structural order by load_seq",
    )
    return [f"the account of load {row.load_seq} does not add up" for row in found.itertuples()]


def _tables(world: World, dataset: str) -> list[str]:
    """Loads whose rows in raw and quarantine are not those of their account."""
    table = all_contracts(world.settings)[dataset].table
    found = world.ask(
        "superuser",
        "select l.load_seq, a.accepted + a.unchanged as in_account, coalesce(r.rows, 0) as in_raw, "  # noqa: S608
        "a.quarantined, coalesce(q.rows, 0) as in_quarantine "
        "from ledger.load as l inner join ledger.account as a using (load_seq) "
        f'left join (select load_seq, count(*) as rows from raw."{table}" group by 1) as r using (load_seq) '
        f'left join (select load_seq, count(*) as rows from quarantine."{table}" group by 1) as q using (load_seq) '
        "where l.dataset = %s and (a.accepted + a.unchanged <> coalesce(r.rows, 0) "
        "or a.quarantined <> coalesce(q.rows, 0))",
        dataset,
    )
    return [f"load {row.load_seq} of {dataset}: tables and account differ ({row})" for row in found.itertuples()]
