"""A corrected return: read, held against what was refused, and turned into one delivery per dataset.

A row of the return is the row that was sent, with the cells that the unit changed; so nothing depends on how a
spreadsheet shows a value that nobody touched. Whatever doesn't fit (a code that nobody gave out, a key that belongs to
another row) refuses the whole workbook before anything is loaded.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Column, Contract, header_key
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.landing.identify import identify
from egov_kpi.landing.store import file_digest, safe_name
from egov_kpi.ledger import events
from egov_kpi.ledger.purges import require_kept
from egov_kpi.load.text import clean
from egov_kpi.quarantine.workbook_cells import ReadRow, plain_text, read_workbook, safe_text, value_text
from egov_kpi.quarantine.workbook_deliver import Correction, Received, deliver, known_load, take_in
from egov_kpi.quarantine.workbook_rows import CODE_HEADER, RefusedRow, Rules, rows_by_id, with_sent
from egov_kpi.settings import Settings

ROLE = "custodian"
GUIDE = "Hướng dẫn"
_HEADER_WITHIN_ROWS = 30
_PLACES_TOLD = 20


@dataclass(frozen=True)
class ReturnedRow:
    """One row of the return: where it stands, the code it carries, and its cells by header."""

    sheet: str
    number: int
    code: str
    cells: Mapping[str, Any]
    formulas: frozenset[str]

    @property
    def place(self) -> str:
        return f"{self.sheet}!{self.number}"


@dataclass(frozen=True)
class _Pair:
    """A returned row and the refused row that its code names."""

    returned: ReturnedRow
    refused: RefusedRow


@dataclass(frozen=True)
class _Plan:
    """What one dataset's part of the return asks for."""

    contract: Contract
    corrections: list[Correction]
    untouched: list[str]
    closed: list[str]

    def told(self, result: dict[str, Any]) -> dict[str, Any]:
        notices = [*result.get("notices", []), *self._notices()]
        return {**result, "notices": notices, "untouched": self.untouched, "closed": self.closed}

    def _notices(self) -> list[str]:
        told = [
            (self.untouched, "dòng gửi lại nguyên như cũ, vẫn chờ · rows sent back as they were, still open"),
            (self.closed, "dòng đã xử lý xong từ trước, không nạp · rows settled before, not loaded"),
        ]
        return [f"{len(codes)} {text}: {_listed(codes)}" for codes, text in told if codes]


def take_return(settings: Settings, path: Path, business_date: date | None) -> list[dict[str, Any]]:
    """Load the return; see `egov_kpi.quarantine.workbook.load_return`."""
    received = _received(path)
    by_dataset = _by_dataset(settings, path.name, _returned_rows(path))
    day = business_date or datetime.now(ZoneInfo(settings.timezone)).date()
    results, plans = [], []
    for contract, rows in by_dataset:
        known = known_load(settings, contract, received, day)
        if known is not None:
            results.append({**known, "untouched": [], "closed": []})
        else:
            plans.append(_plan(settings, path.name, contract, rows))
    # Nothing is loaded before every dataset's rows have been checked.
    _refuse_secret(settings, path.name, plans)
    return results + [_load(settings, received, plan, day) for plan in plans]


def _received(path: Path) -> Received:
    if not path.is_file():
        raise EgovError("EGOV-LAND-011", file=path.name)
    found = identify(path)
    if found != "xlsx":
        raise EgovError("EGOV-BOOK-010", file=path.name, found=found.upper())
    return Received(path, safe_name(path.name), file_digest(path))


def _load(settings: Settings, received: Received, plan: _Plan, day: date) -> dict[str, Any]:
    if not plan.corrections:
        return plan.told({**_NOTHING, "dataset": plan.contract.id})
    delivery = deliver(settings, plan.contract, received, plan.corrections)
    return plan.told(take_in(settings, plan.contract, delivery, day))


_NOTHING: dict[str, Any] = {"load_seq": None, "verdict": "no_op", "account": None, "rules": [], "corrected": 0}


# ------------------------------------------------------------------------------------------------------------- reading


def _returned_rows(path: Path) -> list[ReturnedRow]:
    """Rows below the header of every sheet but the guide; EGOV-BOOK-011 for a sheet without a column of codes."""
    sheets: dict[str, list[ReadRow]] = defaultdict(list)
    for row in read_workbook(path):
        if header_key(row.sheet) != header_key(GUIDE):
            sheets[row.sheet].append(row)
    return [row for sheet, rows in sheets.items() for row in _of_sheet(path.name, sheet, rows)]


def _of_sheet(file: str, sheet: str, rows: Sequence[ReadRow]) -> list[ReturnedRow]:
    place = next((at for at, row in enumerate(rows[:_HEADER_WITHIN_ROWS]) if CODE_KEY in _keys(row)), None)
    if place is None:
        raise EgovError("EGOV-BOOK-011", file=file, sheet=sheet, column=CODE_HEADER)
    headers = [plain_text(str(value)) if value is not None else "" for value in rows[place].values]
    repeated = [header for header, times in Counter(map(header_key, headers)).items() if header and times > 1]
    if repeated:
        raise EgovError("EGOV-BOOK-018", file=file, sheet=sheet, column=", ".join(repeated))
    return [_returned(headers, row) for row in rows[place + 1 :]]


def _returned(headers: Sequence[str], row: ReadRow) -> ReturnedRow:
    cells = {header: value for header, value in zip(headers, row.values, strict=False) if header}
    code = next((str(value).strip() for header, value in cells.items() if header_key(header) == CODE_KEY and value), "")
    formulas = frozenset(headers[place] for place in row.formulas if place < len(headers))
    return ReturnedRow(row.sheet, row.number, code, cells, formulas)


CODE_KEY = header_key(CODE_HEADER)


def _keys(row: ReadRow) -> set[str]:
    return {header_key(value) for value in row.values if isinstance(value, str)}


def _by_dataset(settings: Settings, file: str, rows: Sequence[ReturnedRow]) -> list[tuple[Contract, list[ReturnedRow]]]:
    """Rows of each dataset; EGOV-BOOK-012 to -014 for a row without a code, with a foreign code, or told twice."""
    _refuse(file, "EGOV-BOOK-012", [row for row in rows if not row.code])
    contracts = all_contracts(settings)
    _refuse(file, "EGOV-BOOK-013", [row for row in rows if row.code.partition(":")[0] not in contracts or _id(row) < 1])
    times = Counter(row.code for row in rows)
    _refuse(file, "EGOV-BOOK-014", [row for row in rows if times[row.code] > 1])
    grouped: dict[str, list[ReturnedRow]] = defaultdict(list)
    for row in rows:
        grouped[row.code.partition(":")[0]].append(row)
    return [(contracts[dataset], grouped[dataset]) for dataset in sorted(grouped)]


def _id(row: ReturnedRow) -> int:
    number = row.code.partition(":")[2]
    # Postgres' bigint: a longer number names no row.
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else 0


# ------------------------------------------------------------------------------------------------------------ checking


def _plan(settings: Settings, file: str, contract: Contract, rows: Sequence[ReturnedRow]) -> _Plan:
    """What is to be loaded of a dataset; EGOV-BOOK-013 to -018 when a row is not what its code says,
    EGOV-PURGE-005 when the original that it would be compared with is gone."""
    with connect(ROLE, settings) as conn:
        refused = rows_by_id(conn, contract, [_id(row) for row in rows])
    _refuse(file, "EGOV-BOOK-013", [row for row in rows if _id(row) not in refused])
    closed = [row.code for row in rows if refused[_id(row)].state != "open"]
    open_now = [row for row in rows if row.code not in set(closed)]
    _check_columns(file, contract, open_now)
    with connect(ROLE, settings) as conn:
        require_kept(conn, [refused[_id(row)].load_seq for row in open_now])
    sent = with_sent(settings, [refused[_id(row)] for row in open_now], f"corrected return {file}")
    pairs = [_Pair(row, was) for row, was in zip(open_now, sent, strict=True)]
    rules = Rules(settings, contract)
    _check_keys(file, rules, pairs)
    corrections = [_correction(pair) for pair in pairs]
    wanted = [item for item in corrections if _is_worth_loading(rules, item)]
    left = {item.refused.code for item in corrections} - {item.refused.code for item in wanted}
    return _Plan(contract, wanted, sorted(left), sorted(closed))


def _is_worth_loading(rules: Rules, correction: Correction) -> bool:
    """Whether the row may pass now: something was mended in it, or only its load was at fault."""
    return correction.is_changed or not rules.about_rows(correction.refused.rule_ids)


def _check_columns(file: str, contract: Contract, rows: Sequence[ReturnedRow]) -> None:
    """EGOV-BOOK-018 when a column was taken away, -017 for formulas in the data, -015 for a row that was emptied."""
    for row in rows:
        found = {column.name for column in map(contract.column_of_header, row.cells) if column is not None}
        missing = [column.headers[0] for column in contract.columns if column.name not in found]
        if missing:
            raise EgovError("EGOV-BOOK-018", file=file, sheet=row.sheet, column=", ".join(missing))
    _refuse(file, "EGOV-BOOK-017", [row for row in rows if any(map(contract.column_of_header, row.formulas))])
    _refuse(file, "EGOV-BOOK-015", [row for row in rows if not any(_texts(contract, row).values())])


def _check_keys(file: str, rules: Rules, pairs: Sequence[_Pair]) -> None:
    """EGOV-BOOK-016 when a row's key is not that of its code: codes were moved, or the wrong row was corrected.

    A key may change where the key itself was at fault: a part was empty, or a rule had refused it. Not into the key of
    another row of the same return, though.
    """
    keys = Counter(_key(pair.refused.known, pair.refused.contract) for pair in pairs)
    moved = []
    for pair in pairs:
        before = _key(pair.refused.known, pair.refused.contract)
        after = _key(_corrected(pair), pair.refused.contract)
        faulty = {column.name for column in _faulty_key(rules, pair.refused)}
        names = [column.name for column in pair.refused.contract.key_columns]
        changed = {name for name, old, new in zip(names, before, after, strict=True) if old != new}
        if changed - faulty or (changed and keys[after]):
            moved.append(pair.returned)
    _refuse(file, "EGOV-BOOK-016", moved)


def _faulty_key(rules: Rules, row: RefusedRow) -> list[Column]:
    """Columns of the key that the unit may have had to correct."""
    about = rules.about_rows(row.rule_ids)
    named = {str(rule.meta.get("column") or "") for rule in about}
    # A rule that names no column judged the row as a whole, its key included: two rows under one key.
    return [
        column
        for column in row.contract.key_columns
        if not clean(row.known.get(column.name, "")) or column.name in named or "" in named
    ]


def _key(texts: Mapping[str, str], contract: Contract) -> tuple[str | None, ...]:
    return tuple(clean(texts.get(column.name, "")) for column in contract.key_columns)


def _correction(pair: _Pair) -> Correction:
    texts = _corrected(pair)
    kept = [column.name for column in pair.refused.contract.columns if column.is_kept or column.is_secret_marker]
    changed = any(clean(texts[name]) != clean(pair.refused.known.get(name, "")) for name in kept)
    return Correction(pair.refused, texts, changed)


def _corrected(pair: _Pair) -> dict[str, str]:
    """The row as sent, with the cells that the unit changed."""
    texts = _texts(pair.refused.contract, pair.returned)
    return {name: _restored(pair.refused.known.get(name, ""), text) for name, text in texts.items()}


def _restored(sent: str, returned: str) -> str:
    """What was sent, when the cell still shows it: a sheet can't hold every text as it was."""
    return sent if _shown(plain_text(safe_text(sent))) == _shown(returned) else returned


def _shown(text: str) -> str | None:
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def _texts(contract: Contract, row: ReturnedRow) -> dict[str, str]:
    """Text per column of the contract."""
    columns = {header: contract.column_of_header(header) for header in row.cells}
    return {column.name: value_text(row.cells[header], column) for header, column in columns.items() if column}


def _refuse_secret(settings: Settings, file: str, plans: Iterable[_Plan]) -> None:
    """EGOV-LAND-008 and an incident: no row may turn into a secret one on its way back. The workbook is not kept."""
    for plan in plans:
        marker = plan.contract.secret_column
        if marker is None:
            continue
        count = sum(marker.is_secret(item.texts.get(marker.name)) for item in plan.corrections)
        if count:
            body = {
                "kind": "secret_file",
                "dataset": plan.contract.id,
                "count": count,
                "detail": f"EGOV-LAND-008 {file}",
            }
            with connect(ROLE, settings) as conn:
                events.append(conn, "incident", body)
            raise EgovError("EGOV-LAND-008", file=file, dataset=plan.contract.id, count=count)


def _refuse(file: str, code: str, rows: Sequence[ReturnedRow]) -> None:
    if rows:
        raise EgovError(code, file=file, row=_listed([row.place for row in rows]), count=len(rows), **_codes(rows))


def _codes(rows: Sequence[ReturnedRow]) -> dict[str, str]:
    return {"codes": _listed([row.code or "?" for row in rows])}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_PLACES_TOLD]) + (" …" if len(names) > _PLACES_TOLD else "")
