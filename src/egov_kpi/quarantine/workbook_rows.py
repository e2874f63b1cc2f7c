"""Refused rows as the custodian sees them: which unit they belong to, why they were refused, and what was sent.

Read with the login of the custodian and nothing else: public columns from quarantine, the rest from landing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from egov_kpi.contracts.model import Column, Contract
from egov_kpi.contracts.rules import STRFTIME
from egov_kpi.errors import EgovError
from egov_kpi.gate.suite import Rule, load_suite, suite_path
from egov_kpi.load.text import clean
from egov_kpi.quarantine.workbook_landed import SentRow, landed_rows
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

# Rows whose unit no agency map knows: somebody has to work on them too.
NO_AGENCY = "-"
# The column that names a row in the workbook, and in the file that its return becomes.
CODE_HEADER = "Mã dòng cách ly"


@dataclass(frozen=True)
class RefusedRow:
    """One row of quarantine. `public` holds its public columns, `sent` the whole row once landing was opened."""

    contract: Contract
    quarantine_id: int
    load_seq: int
    content_digest: str
    file_digest: str
    sheet: str | None
    row_no: int
    rule_ids: tuple[str, ...]
    state: str
    agency_code: str
    public: Mapping[str, str | None]
    sent: SentRow | None = None

    @property
    def code(self) -> str:
        """What names the row outside the database: dataset:quarantine_id."""
        return f"{self.contract.id}:{self.quarantine_id}"

    @property
    def known(self) -> Mapping[str, str]:
        return self.sent.known if self.sent else {}

    def is_of(self, agency_code: str) -> bool:
        """Whether the row is that unit's, by the unit's own code or by the one that the source wrote."""
        return agency_code in (self.agency_code, self.public.get(self.contract.agency_column.name))


@dataclass(frozen=True)
class Alias:
    """A code under which sources write a unit, and the days on which it means that unit."""

    agency_code: str
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Rules:
    """The rules of a dataset, for the texts that go to the unit."""

    settings: Settings
    contract: Contract

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        return {rule.rule_id: rule for rule in load_suite(suite_path(self.settings, self.contract)).rules}

    def reason(self, rule_id: str) -> str:
        return self._text(rule_id, "reason_vi") or self._about_the_load(rule_id).text("vi")

    def remedy(self, rule_id: str) -> str:
        return self._text(rule_id, "remediation_vi") or self._about_the_load(rule_id).remedy("vi")

    def about_rows(self, rule_ids: Iterable[str]) -> list[Rule]:
        """Those of the rules that found fault with the row itself, not with its load."""
        found = (self.by_id.get(rule_id) for rule_id in rule_ids)
        return [rule for rule in found if rule is not None and rule.is_row_level]

    def columns(self, rule_ids: Iterable[str]) -> list[Column]:
        """Columns that the rules found fault with, each once."""
        names = {str(rule.meta.get("column") or ""): None for rule in self.about_rows(rule_ids)}
        return [column for column in self.contract.columns if column.name in names]

    def _text(self, rule_id: str, name: str) -> str | None:
        rule = self.by_id.get(rule_id)
        return str(rule.meta[name]) if rule else None

    def _about_the_load(self, rule_id: str) -> EgovError:
        """The contract's ceiling, or a rule that is no longer there."""
        known = rule_id.endswith("-000")
        ceiling = self.contract.quarantine_ceiling_pct
        return EgovError("EGOV-BOOK-020" if known else "EGOV-BOOK-021", rule=rule_id, ceiling=ceiling)


def open_rows(conn: Connection, contract: Contract, agency_code: str) -> list[RefusedRow]:
    """The open rows of one unit in a dataset, in the order in which loads brought them."""
    aliases = _aliases(conn)
    codes = {code for code, known in aliases.items() if agency_code in {alias.agency_code for alias in known}}
    # A blocked load has as many open rows as rows: those of other units are never fetched.
    condition = sql.SQL("q.state = 'open' and (q.{code} = any(%s) or (%s and q.{code} = any(%s) is not true))").format(
        code=sql.Identifier(contract.agency_column.name)
    )
    values = ([*codes, agency_code], agency_code == NO_AGENCY, list(aliases))
    return [row for row in _rows(conn, contract, condition, values, aliases) if row.is_of(agency_code)]


def rows_by_id(conn: Connection, contract: Contract, ids: Sequence[int]) -> dict[int, RefusedRow]:
    """The named rows in whatever state; a number that quarantine doesn't know is left out."""
    rows = _rows(conn, contract, sql.SQL("q.quarantine_id = any(%s)"), (list(ids),), _aliases(conn))
    return {row.quarantine_id: row for row in rows}


def with_sent(settings: Settings, rows: Iterable[RefusedRow], purpose: str) -> list[RefusedRow]:
    """The same rows with what their source sent, in their order. Each load's landing is opened once, and logged.

    EGOV-BOOK-022 when landing doesn't hold the row, or holds another one in its place.
    """
    ordered = list(rows)
    by_load: dict[tuple[str, str], list[RefusedRow]] = defaultdict(list)
    for row in ordered:
        by_load[row.contract.id, row.content_digest].append(row)
    sent: dict[str, SentRow] = {}
    for (_, digest), members in by_load.items():
        sent |= _sent_of_load(settings, members[0].contract, digest, members, purpose)
    return [replace(row, sent=_same(row, sent.get(row.code))) for row in ordered]


def vietnamese_header(column: Column) -> str:
    """The header under which a unit knows the column: its title if that is one, else the first in Vietnamese."""
    if column.title_vi in column.headers:
        return column.title_vi
    return next((header for header in column.headers if not header.isascii()), column.headers[0])


def parse_day(column: Column, text: str | None) -> date | None:
    """The day of a date or moment as the contract writes it; None for any other text."""
    try:
        return datetime.strptime(clean(text or "") or "", STRFTIME[column.format or ""]).date()
    except (ValueError, KeyError):
        return None


def _sent_of_load(
    settings: Settings, contract: Contract, digest: str, rows: Sequence[RefusedRow], purpose: str
) -> dict[str, SentRow]:
    # Two files of a load may be equal to the byte: then one place names two rows, and both were sent.
    wanted: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in rows:
        wanted[row.file_digest, row.row_no].append(row.code)
    found: dict[str, SentRow] = {}
    for file, sent in landed_rows(settings, contract, digest, purpose):
        for item in sent:
            found |= dict.fromkeys(wanted.get((file.sha256_landed, item.number), ()), item)
    return found


def _same(row: RefusedRow, sent: SentRow | None) -> SentRow:
    """The row as sent, provided that its public columns are those that quarantine kept."""
    differs = sent is None or any(
        clean(sent.known.get(name, "")) != (value or None) for name, value in row.public.items()
    )
    if sent is None or differs:
        raise EgovError("EGOV-BOOK-022", codes=row.code, row=row.row_no, dataset=row.contract.id)
    return sent


def _rows(
    conn: Connection,
    contract: Contract,
    condition: sql.Composable,
    values: tuple[Any, ...],
    aliases: Mapping[str, Sequence[Alias]],
) -> list[RefusedRow]:
    public = [column.name for column in contract.public_columns]
    query = sql.SQL(
        """
        select q.quarantine_id, q.load_seq, q.file_digest, q.sheet, q.row_no, q.rule_ids, q.state,
            l.content_digest, l.business_date, {public}
        from quarantine.{table} as q
        inner join ledger.load as l on l.load_seq = q.load_seq
        where {condition}
        order by q.load_seq, q.file_digest, q.row_no, q.quarantine_id
        """
    ).format(
        public=sql.SQL(", ").join(_aliased(name) for name in public),
        table=sql.Identifier(contract.table),
        condition=condition,
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query, values).fetchall()
    return [_row(contract, row, public, aliases) for row in found]


def _aliased(name: str) -> sql.Composed:
    """A column of the contract under a name that none of our own can have."""
    return sql.SQL("q.{0} as {1}").format(sql.Identifier(name), sql.Identifier(f"c_{name}"))


def _row(
    contract: Contract, row: Mapping[str, Any], public: Sequence[str], aliases: Mapping[str, Sequence[Alias]]
) -> RefusedRow:
    values = {name: row[f"c_{name}"] for name in public}
    day = parse_day(contract.business_date_column, values.get(contract.business_date_column.name))
    return RefusedRow(
        contract=contract,
        quarantine_id=row["quarantine_id"],
        load_seq=row["load_seq"],
        content_digest=row["content_digest"],
        file_digest=row["file_digest"],
        sheet=row["sheet"],
        row_no=row["row_no"],
        rule_ids=tuple(row["rule_ids"]),
        state=row["state"],
        agency_code=_agency(aliases, values.get(contract.agency_column.name), day or row["business_date"]),
        public=values,
    )


def _aliases(conn: Connection) -> dict[str, list[Alias]]:
    aliases: dict[str, list[Alias]] = defaultdict(list)
    query = "select source_code, agency_code, valid_from, valid_to from ref.agency_alias order by valid_from desc"
    for source_code, *alias in conn.execute(query):
        aliases[source_code].append(Alias(*alias))
    return aliases


def _agency(aliases: Mapping[str, Sequence[Alias]], source_code: str | None, day: date) -> str:
    """The unit behind a source's code on that day; else the youngest that ever had the code: somebody must answer."""
    known = aliases.get(source_code or "", ())
    on_day = next((alias.agency_code for alias in known if alias.holds_on(day)), None)
    return on_day or (known[0].agency_code if known else NO_AGENCY)
