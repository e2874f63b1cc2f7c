"""Rows put straight into raw with their ledger events, as loading would have left them: the models need no files."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import append
from egov_kpi.publish import dbt
from egov_kpi.publish.build import NOT_IN_A_BUILD, STANDING
from egov_kpi.publish.digest import mart_digest
from egov_kpi.publish.facts import DOMAIN_OF_TABLE
from egov_kpi.publish.months import KPI, all_months, touched_months
from egov_kpi.settings import Settings

PARTITIONED = {**DOMAIN_OF_TABLE, "fct_kpi_component": KPI}


def hashed(values: pd.Series) -> list[str]:
    """Stand-ins for pseudonyms: as long, and as silent."""
    return [hashlib.sha256(str(value).encode()).hexdigest() for value in values]


@dataclass
class World:
    """One warehouse under test. `load` adds a promoted load and gives its number; `build` runs dbt into a colour."""

    settings: Settings
    # What each colour was built for: its loads, and its day.
    built: dict[str, tuple[set[int], date]] = field(default_factory=dict)
    # What the models were told for each colour's last build.
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def load(
        self,
        dataset: str,
        rows: pd.DataFrame,
        business_date: str,
        window_from: str | None = None,
        snapshot_date: str | None = None,
    ) -> int:
        contract = get_contract(dataset)
        with connect("loader", self.settings) as conn:
            row = conn.execute("select nextval('ledger.load_seq')").fetchone()
            assert row is not None
            load_seq = int(row[0])
            digest = hashlib.sha256(f"{dataset}|{load_seq}".encode()).hexdigest()
            _insert(conn, contract, rows, load_seq, digest)
            _events(conn, contract, load_seq, digest, len(rows), business_date, window_from, snapshot_date)
        return load_seq

    def nothing_new(self, dataset: str, business_date: str, window_from: str) -> None:
        body = {
            "dataset": dataset, "business_date": business_date, "window_from": window_from, "window_to": business_date,
        }  # fmt: skip
        with connect("loader", self.settings) as conn:
            append(conn, "delivery_empty", body)

    def refuse(self, load_seq: int, agency_code: str, day: str, count: int = 1) -> None:
        """Rows that the gate set aside; only dossiers."""
        with connect("loader", self.settings) as conn:
            for row_no in range(count):
                conn.execute(
                    "insert into quarantine.one_stop__dossiers"
                    " (load_seq, file_digest, row_no, row_digest, rule_ids, agency_code, received_at)"
                    " values (%s, 'x', %s, sha256('x'), array['GATE-X-001'], %s, %s)",
                    (load_seq, row_no, agency_code, day),
                )

    def build(self, colour: str, counted: Iterable[int], as_of: str, rebuild: bool = False) -> None:
        """Bring a colour to exactly these loads, from where it is or from nothing; EGOV-PUB-002 when a node fails."""
        wanted, day = set(counted), date.fromisoformat(as_of)
        before, seen = (set[int](), ()) if rebuild else _seen(self.built.get(colour))
        touched = sorted(wanted ^ before)
        with connect("builder", self.settings) as conn:
            months = touched_months(conn, self.settings, colour, touched, day, seen)
            months = all_months(months, day) if rebuild else months
            conn.execute("delete from build.counted_load where colour = %s", (colour,))
            conn.execute("insert into build.counted_load select %s, unnest(%s::bigint[])", (colour, sorted(wanted)))
            for table, domain in PARTITIONED.items():
                conn.execute("select publish.ensure_partitions(%s, %s, %s::date[])", (colour, table, months[domain]))
        variables = {
            "colour": colour,
            "as_of": as_of,
            "touched_loads": touched,
            "rebuild": rebuild,
            "months": {domain: [month.isoformat() for month in days] for domain, days in months.items()},
        }
        left_standing = STANDING if self.built and not rebuild else ()
        results = dbt.run(self.settings, "build", *NOT_IN_A_BUILD, *left_standing, variables=variables)
        dbt.require_success(results, colour)
        self.built[colour], self.told[colour] = (wanted, day), variables

    def ask(self, colour: str, test: str) -> str:
        """Status of one data test of dbt on a colour as it stands."""
        results = dbt.run(self.settings, "test", "--select", test, variables=self.told[colour])
        return next(item.status for item in results if item.resource_type == "test")

    def unit_tests(self) -> dict[str, str]:
        """What each of dbt's unit tests of the models says, by name: pass, or why not; of a colour that was built."""
        results = dbt.run(self.settings, "test", "--select", "test_type:unit", variables=self.told["green"])
        return {
            item.node.rpartition(".")[2]: item.status if item.ok else f"{item.status}: {item.message}"
            for item in results
            if item.resource_type == "unit_test"
        }

    def digest(self, colour: str) -> str:
        with connect("builder", self.settings) as conn:
            return mart_digest(conn, colour)

    def kpi(
        self, colour: str, code: str, agency_code: str, grain: str, start: str, scope: str = "tree", by: str = ""
    ) -> pd.Series:
        """One row of kpi_value; `by` is method and due basis, as in C/date, where a KPI has several."""
        found = self.kpis(
            f"{colour}.kpi_value where kpi_code = '{code}' and agency_code = '{agency_code}'"
            f" and period_grain = '{grain}' and period_start = '{start}' and scope = '{scope}'"
            " and unit_basis = 'as_was'"
            f" and '{by}' in ('', method || '/' || due_basis)"
        )
        assert len(found) == 1
        return found.iloc[0]

    def kpis(self, relation: str) -> pd.DataFrame:
        """All columns of a relation of KPI values, numbers as floats."""
        found = self.query(f"select * from {relation}")
        for column in ("numerator", "denominator", "value", "target", "quarantined_share"):
            found[column] = found[column].astype(float)
        return found

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        with connect("superuser", self.settings) as conn:
            cursor = conn.execute(statement.encode(), parameters)
            assert cursor.description is not None
            return pd.DataFrame(cursor.fetchall(), columns=[item.name for item in cursor.description])


def _seen(state: tuple[set[int], date] | None) -> tuple[set[int], tuple[date, ...]]:
    return (set(), ()) if state is None else (state[0], (state[1],))


def _insert(conn: Any, contract: Contract, rows: pd.DataFrame, load_seq: int, digest: str) -> None:
    names = [column.name for column in contract.kept_columns]
    month = date(2026, 11, 1)
    conn.execute("select raw.ensure_partition(%s, %s)", (contract.table, month))
    own = "load_seq, file_digest, row_no, row_digest, is_unchanged, loaded_month"
    with conn.cursor().copy(f"copy raw.{contract.table} ({own}, {', '.join(names)}) from stdin") as copy:
        for row_no, values in enumerate(rows[names].astype(object).itertuples(index=False), start=1):
            plain = [_plain(value, contract, name) for value, name in zip(values, names, strict=True)]
            row_digest = hashlib.sha256(repr(plain).encode()).digest()
            copy.write_row([load_seq, digest, row_no, row_digest, False, month, *plain])


def _plain(value: Any, contract: Contract, name: str) -> Any:
    if value is None or value is pd.NaT or value != value:
        return None
    kind = contract.column(name).type
    if kind == "timestamp":
        return pd.Timestamp(value).isoformat() + "+07:00"
    if kind == "date":
        return pd.Timestamp(value).date()
    return int(value) if kind == "integer" else value


def _events(
    conn: Any,
    contract: Contract,
    load_seq: int,
    digest: str,
    row_count: int,
    business_date: str,
    window_from: str | None,
    snapshot_date: str | None,
) -> None:
    append(
        conn,
        "load_registered",
        {
            "load_seq": load_seq, "dataset": contract.id, "shape": contract.shape, "load_key": digest,
            "content_digest": digest, "snapshot_date": snapshot_date, "window_from": window_from,
            "window_to": business_date, "business_date": business_date, "landing_path": "-", "files": [],
            "key_id": "test", "code_version": "test", "run_id": "",
        },
    )  # fmt: skip
    account = {
        "received": row_count, "withheld": 0, "landed": row_count, "accepted": row_count, "unchanged": 0,
        "quarantined": 0, "duplicate": 0, "structural": 0,
    }  # fmt: skip
    append(conn, "load_promoted", {"load_seq": load_seq, "account": account})
    append(
        conn,
        "delivery_pulled",
        {
            "dataset": contract.id, "business_date": business_date, "window_from": window_from,
            "window_to": business_date, "loads": [load_seq],
        },
    )  # fmt: skip
