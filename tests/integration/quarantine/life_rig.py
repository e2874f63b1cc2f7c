"""Loads of the paper register without files and without Great Expectations: everything between is the real thing.

Rows are put where loading puts them, and the rules that matter here are asked of Postgres in one line each. Gate,
receipt, quarantine, promotion, account, ledger and life run as they do in a night, in a tenth of the time.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from psycopg.rows import dict_row

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.sql import inbound_columns, inbound_name
from egov_kpi.db.connect import connect
from egov_kpi.gate.gx import Outcome
from egov_kpi.gate.result import GateResult
from egov_kpi.gate.suite import Rule
from egov_kpi.ledger.loads import register_load
from egov_kpi.night import ingest
from egov_kpi.settings import Settings

DATASET = "forms.paper_register"
BUSINESS_DATE = date(2023, 3, 6)
# Rules of the register, each as the condition on a checked row that breaks it.
RETURNED_EARLY, FINISHED_EARLY, NO_KEY, BAD_VERSION, BAD_DATE = (
    "GATE-PAP-505", "GATE-PAP-504", "required:register_number", "type:updated_at", "type:received_date",
)  # fmt: skip
CONDITIONS = {
    RETURNED_EARLY: "returned_date < received_date",
    FINISHED_EARLY: "finished_date < received_date",
    NO_KEY: "register_number is null",
    BAD_VERSION: "not updated_at__valid",
    BAD_DATE: "not received_date__valid",
}
FAULTS: dict[str, dict[str, str | None]] = {
    RETURNED_EARLY: {"returned_date": "01/10/2022"},
    FINISHED_EARLY: {"finished_date": "01/10/2022"},
    NO_KEY: {"register_number": None},
    BAD_VERSION: {"updated_at": "31/02/2023"},
    BAD_DATE: {"received_date": "31/02/2023"},
}
Row = dict[str, str | None]


def paper(number: str, version: date = date(2023, 1, 1), *faults: str, **changes: str | None) -> Row:
    """A row that is right, of one key and version, with the faults asked for."""
    row: Row = {
        "agency_code": "01846",
        "register_year": "2022",
        "register_number": number,
        "procedure_code": "1.005129",
        "channel": "Trực tiếp",
        "received_date": "10/10/2022",
        "finished_date": "12/10/2022",
        "returned_date": "12/10/2022",
        "return_method": "Trực tiếp",
        "updated_at": f"{version:%d/%m/%Y}",
        **changes,
    }
    for name in faults:
        row.update(FAULTS[name])
    return row


@dataclass(frozen=True)
class _File:
    sha256_landed: str
    name: str = "so-giay.xlsx"
    bytes: int = 1

    @property
    def sha256_received(self) -> str:
        return self.sha256_landed


@dataclass(frozen=True)
class _Delivery:
    content_digest: str
    files: Sequence[_File]
    snapshot_date: date | None = None
    window_from: date | None = None
    window_to: date | None = None
    landing_path: str = "forms/paper_register"


@dataclass
class Rig:
    """A warehouse that takes rows from memory. `relaxed` are rules that don't fire any more, as after a mended rule."""

    settings: Settings
    contents: dict[str, list[Row]] = field(default_factory=dict)
    relaxed: set[str] = field(default_factory=set)

    @property
    def contract(self) -> Contract:
        return get_contract(DATASET)

    def deliver(self, rows: Sequence[Row], business_date: date = BUSINESS_DATE) -> int:
        """Register and decide a load of these rows; its number. What came before is a load of its own all the same."""
        text = json.dumps([len(self.contents), rows], ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.contents[digest] = list(rows)
        delivery = _Delivery(digest, [_File(digest)])
        with connect("loader", self.settings) as conn:
            number, is_new = register_load(
                conn, DATASET, delivery, shape="delta", business_date=business_date, key_id="k", code_version="test"
            )
        assert is_new
        ingest.decide_waiting(self.settings, self.contract, number)
        return number

    def ask(self, query: str, *values: Any, role: str = "auditor") -> list[dict[str, Any]]:
        with connect(role, self.settings) as conn, conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), values or None).fetchall()

    def states(self, load_seq: int) -> list[str]:
        """States of the refused rows of a load, in the order of the file."""
        rows = self.ask("select state from quarantine.row where load_seq = %s order by row_no", load_seq)
        return [row["state"] for row in rows]

    def ids(self, load_seq: int) -> list[int]:
        query = "select quarantine_id as id from quarantine.row where load_seq = %s order by row_no"
        return [row["id"] for row in self.ask(query, load_seq)]

    def account(self, load_seq: int) -> dict[str, Any]:
        return self.ask("select * from ledger.account where load_seq = %s", load_seq)[0]

    def rule_id(self, name: str) -> str:
        """The rule's identifier, from its purpose where it is one of the structural half."""
        if ":" not in name:
            return name
        from egov_kpi.gate.suite import load_suite, suite_path

        suite = load_suite(suite_path(self.settings, self.contract))
        return next(rule.rule_id for rule in suite.rules if _purpose(rule) == name)

    # ---------------------------------------------------------------------------------------------------------- doubles

    def staged(self, _settings: Settings, contract: Contract, load_seq: int) -> dict[str, int]:
        """Stands for `ensure_staged`."""
        digest = self.ask("select content_digest from ledger.load where load_seq = %s", load_seq)[0]["content_digest"]
        rows = self.contents[digest]
        names = [name for name, _ in inbound_columns(contract)]
        columns = ", ".join(f"{name} {kind}" for name, kind in inbound_columns(contract))
        table = f'inbound."{inbound_name(contract, load_seq)}"'
        with connect("loader", self.settings) as conn:
            conn.execute(f"drop table if exists {table}".encode())
            conn.execute(f"create unlogged table {table} ({columns})".encode())
            with conn.cursor().copy(f"copy {table} ({', '.join(names)}) from stdin".encode()) as copy:
                for number, row in enumerate(rows, start=1):
                    own = {"_row_no": number, "_file": 0, "_kind": "data"}
                    copy.write_row([{**row, **own}.get(name) for name in names])
        return {"received": len(rows), "withheld": 0, "landed": len(rows), "structural": 0}

    def evaluate(
        self, _url: str, schema: str, table: str, rules: Sequence[Rule], _parameters: dict[str, Any]
    ) -> tuple[list[Outcome], str]:
        """Stands for Great Expectations."""
        with connect("loader", self.settings) as conn:
            return [self._outcome(conn, f'{schema}."{table}"', rule) for rule in rules], "0"

    def _outcome(self, conn: Any, table: str, rule: Rule) -> Outcome:
        condition = CONDITIONS.get(rule.rule_id) or CONDITIONS.get(_purpose(rule))
        if condition is None or rule.rule_id in self.relaxed:
            return Outcome(rule.rule_id, True, None, 0, None, {})
        query = f"select _row_id from {table} where {condition}"
        failed = conn.execute(f"select count(*) from ({query}) as q".encode()).fetchone()[0]
        return Outcome(rule.rule_id, failed == 0, None, failed, query if failed else None, {})


def _purpose(rule: Rule) -> str:
    return f"{rule.meta.get('check')}:{rule.meta.get('column', '')}"


def _undocumented(_settings: Settings, _order: Any, _suite: Any, _outcomes: Any, result: GateResult) -> GateResult:
    return result


@contextmanager
def rigged(settings: Settings) -> Iterator[Rig]:
    """The rig, with its doubles in place. The warehouse needs the list of units that waivers are compared with."""
    rig = Rig(settings)
    with connect("builder", settings) as conn:
        conn.execute(
            "create table if not exists ref.agency_alias (source_code text, agency_code text, valid_from date)"
        )
        conn.execute("insert into ref.agency_alias values ('H06.58.46', '01846', '1900-01-01')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egov_kpi.night.decide.ensure_staged", rig.staged)
        patch.setattr("egov_kpi.gate.check.evaluate", rig.evaluate)
        patch.setattr("egov_kpi.gate.check._documented", _undocumented)
        yield rig
