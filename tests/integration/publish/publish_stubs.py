"""A warehouse in which a build takes no dbt: each load that counts becomes one figure of the colour.

What dbt and Great Expectations do is tested with them; here the turning of the pointer is, and everything around it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.gate.result import GateResult
from egov_kpi.ledger.events import append
from egov_kpi.publish import dbt, months
from egov_kpi.publish import publish as publishing
from egov_kpi.settings import Settings

NIGHT = date(2023, 3, 6)
NEXT_NIGHT = date(2023, 3, 7)
DEFINITION: dict[str, Any] = {
    "kpi_code": "load", "kpi_version": 1, "method": "-", "due_basis": "-", "theme": "digital_signature",
    "name_vi": "x", "name_en": "x", "formula_vi": "x", "formula_en": "x",
    "numerator_measure": "m", "numerator_time_rollup": "sum", "numerator_unit_rollup": "sum", "unit": "count",
    "legal_basis": "x", "valid_from": "2020-01-01", "is_confirmed": True, "owner": "x",
}  # fmt: skip


@dataclass
class Stubs:
    """What the stubbed dbt and audit shall do, and what they were asked."""

    settings: Settings
    verdict: str = "pass"
    runs: list[dict[str, Any]] = field(default_factory=list)
    # What else dbt was told on its command line, run by run.
    arguments: list[tuple[str, ...]] = field(default_factory=list)
    during_build: Callable[[], None] = lambda: None
    status: str = "success"
    # The only row of the colour's `dim_kpi`.
    definition: dict[str, Any] = field(default_factory=lambda: dict(DEFINITION))
    _loads: int = 0

    def promote(self, dataset: str = "one_stop.dossiers", promoted: bool = True) -> int:
        """A load without rows, registered and promoted."""
        self._loads += 1
        with connect("loader", self.settings) as conn:
            row = conn.execute("select nextval('ledger.load_seq')").fetchone()
            load_seq = int(row[0]) if row else 0
            body = {"load_seq": load_seq, "dataset": dataset, "load_key": f"key {load_seq}", "files": []}
            append(conn, "load_registered", body)
            conn.commit()
            if promoted:
                self.decide(load_seq)
        return load_seq

    def decide(self, load_seq: int) -> None:
        names = ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural")
        with connect("loader", self.settings) as conn:
            append(conn, "load_promoted", {"load_seq": load_seq, "account": dict.fromkeys(names, 0)})

    def run(self, settings: Settings, command: str, *arguments: str, variables: dict[str, Any]) -> list[dbt.NodeResult]:
        """In place of dbt: a figure per counted load in the colour and in a theme, by delete and insert."""
        self.runs.append(variables)
        self.arguments.append(arguments)
        self.during_build()
        with connect("builder", settings) as conn:
            colour = sql.Identifier(variables["colour"])
            for table in ("kpi_value", "dim_kpi"):
                conn.execute(sql.SQL("delete from {}.{}").format(colour, sql.Identifier(table)))
            conn.execute(
                sql.SQL(
                    "insert into {}.kpi_value (kpi_code, kpi_version, method, due_basis, agency_code, scope,"
                    " unit_basis, period_grain, period_start, numerator, value, unit, data_as_of, agencies_reporting,"
                    " agencies_expected, quarantined_share)"
                    " select 'load', 1, '-', '-', load_seq::text, 'own', 'as_was', 'month', date '2023-03-01',"
                    " (select sum(s.load_seq) from build.counted_load as s where s.colour = c.colour), 1,"
                    " 'count', %s::date, 1, 1, 0"
                    " from build.counted_load as c where colour = %s"
                ).format(colour),
                (variables["as_of"], variables["colour"]),
            )
            conn.execute(
                sql.SQL("insert into {}.dim_kpi ({}) values ({})").format(
                    colour,
                    sql.SQL(", ").join(map(sql.Identifier, self.definition)),
                    sql.SQL(", ").join(map(sql.Literal, self.definition.values())),
                )
            )
        return [dbt.NodeResult("model.egov_kpi.kpi_value", "model", self.status, 0.1, 1, None, "")]

    def audit(self, settings: Settings, colour: str) -> GateResult:
        return GateResult(verdict=self.verdict, receipt={"declared": 1, "evaluated": 1}, rules=[])  # type: ignore[arg-type]


@pytest.fixture
def stubs(migrated_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    root = tmp_path / "root"
    (root / "dbt_project" / "seeds").mkdir(parents=True)
    (root / "dbt_project" / "model.sql").write_text("select 1\n")
    for name in ("contracts", "sql"):
        (root / name).symlink_to(migrated_warehouse.project_root / name)
    stubbed = Stubs(migrated_warehouse.model_copy(update={"project_root": root}))
    monkeypatch.setattr(dbt, "run", stubbed.run)
    monkeypatch.setattr(dbt, "seed", lambda settings: False)
    monkeypatch.setattr(months, "_beside_rows", lambda *_: set())
    monkeypatch.setattr(publishing, "_audit_result", stubbed.audit)
    return stubbed


def shown(settings: Settings) -> dict[str, Any]:
    """What BI sees: publish number and the loads behind the figures."""
    with connect("bi", settings) as conn:
        publishes = conn.execute("select publish_no, business_date from marts.last_publish").fetchall()
        loads = conn.execute("select agency_code::int from marts.kpi_value order by 1").fetchall()
    number, day = publishes[0] if publishes else (0, None)
    return {"publish_no": number, "business_date": day, "loads": [row[0] for row in loads]}
