"""The custodian's workbook: refused rows for the unit that sent them, and the unit's corrected return.

The workbook is made anew from landing each time, with the custodian's login; it is the only thing outside landing that
shows a row in full, so it belongs to its owner alone (0600) and each opening of landing is logged. The return goes the
way of one load per dataset, like any delivery.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from egov_kpi.contracts.loader import all_contracts, get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.purges import purged
from egov_kpi.quarantine.workbook_cells import MAX_ROWS, Sheet, write_workbook
from egov_kpi.quarantine.workbook_return import GUIDE, take_return
from egov_kpi.quarantine.workbook_rows import (
    CODE_HEADER,
    NO_AGENCY,
    RefusedRow,
    Rules,
    open_rows,
    vietnamese_header,
    with_sent,
)
from egov_kpi.settings import Settings

__all__ = ["NO_AGENCY", "export_workbook", "load_return"]

ROLE = "custodian"
_OURS = (CODE_HEADER, "Quy tắc", "Lý do", "Cách khắc phục", "Giá trị sai")
_EMPTY = "(trống)"
_GUIDE_ROWS = (
    (
        "1",
        "Mỗi trang tính là một bộ dữ liệu; mỗi dòng là một dòng của đơn vị mà kho dữ liệu chưa nhận.",
        "One sheet per dataset; each row is a row of yours that the warehouse did not take in.",
    ),
    (
        "2",
        "Đọc «Lý do», «Cách khắc phục», «Giá trị sai»; sửa ngay trong các cột phía sau. Ô màu vàng là ô bị từ chối.",
        "Read reason, remedy and wrong value, then correct the columns behind them. Yellow cells were refused.",
    ),
    (
        "3",
        "Không sửa, không đổi chỗ «Mã dòng cách ly»; không thêm dòng. Dòng chưa sửa được: để nguyên hoặc xóa cả dòng.",
        "Don't change or move the codes, don't add rows. A row that you can't correct: leave it, or delete all of it.",
    ),
    (
        "4",
        "Ghi «Ngày cập nhật» theo lần sửa tại hệ thống nguồn, nếu có. Không dùng công thức: dán giá trị.",
        "Give the time of update as your system shows it after the correction. No formulas: paste values.",
    ),
    (
        "5",
        "Dấu nháy đơn ở đầu một ô (ví dụ '-5) là của kho dữ liệu, để nguyên hay xóa đều được.",
        "An apostrophe at the start of a cell (as in '-5) was put there by the warehouse; keep it or not.",
    ),
    (
        "6",
        "Lưu dạng .xlsx, gửi lại qua kênh bảo mật: tệp có dữ liệu cá nhân. Đồng thời sửa tại hệ thống nguồn.",
        "Save as .xlsx, return it over the protected channel: it holds personal data. Correct your system as well.",
    ),
)


def export_workbook(settings: Settings, agency_code: str, datasets: Sequence[str] | None, path: Path) -> dict[str, Any]:
    """Write the open rows of one unit to a new workbook; rows per dataset. Without a single row nothing is written.

    `agency_code` is the unit's own code or one that its source writes, or `NO_AGENCY` for rows whose unit nobody knows;
    no datasets means all. `purged` counts rows per load that can't be in it, since their originals are gone.
    EGOV-BOOK-001 (exit 2) when the file is there already, EGOV-BOOK-002 when a sheet can't hold the rows,
    EGOV-BOOK-022 and EGOV-LAND-... (exit 3) when landing no longer holds what was refused.
    """
    if path.exists():
        raise EgovError("EGOV-BOOK-001", file=path.name)
    chosen = [get_contract(name, settings) for name in datasets or sorted(all_contracts(settings))]
    opened = {contract.id: _of_agency(settings, contract, agency_code) for contract in chosen}
    with connect(ROLE, settings) as conn:
        gone = purged(conn)
    refused = {
        dataset: with_sent(settings, _kept(rows, gone), f"quarantine workbook of {agency_code}")
        for dataset, rows in opened.items()
    }
    sheets = [_sheet(settings, rows) for rows in refused.values() if rows]
    if sheets:
        write_workbook(path, [_guide(agency_code), *sheets])
    counts = {dataset: len(rows) for dataset, rows in refused.items() if rows}
    return {
        "agency_code": agency_code,
        "file": str(path) if sheets else None,
        "rows": sum(counts.values()),
        "datasets": counts,
        "purged": dict(Counter(row.load_seq for rows in opened.values() for row in rows if row.load_seq in gone)),
    }


def load_return(settings: Settings, path: Path, business_date: date | None = None) -> list[dict[str, Any]]:
    """Load a corrected return: one load per dataset in it, each told as `egov-kpi load` tells it.

    Beside verdict and account each result has `corrected` (rows closed by it), `untouched` (rows sent back as they
    were, not loaded) and `closed` (rows that had been settled before, not loaded). Everything in the workbook is
    checked before anything is loaded: EGOV-BOOK-010 to -019 name sheet and rows, and then nothing has happened.
    """
    return take_return(settings, path, business_date)


def _of_agency(settings: Settings, contract: Contract, agency_code: str) -> list[RefusedRow]:
    with connect(ROLE, settings) as conn:
        rows = open_rows(conn, contract, agency_code)
    if len(rows) > MAX_ROWS:
        raise EgovError("EGOV-BOOK-002", dataset=contract.id, count=len(rows), most=MAX_ROWS)
    return rows


def _kept(rows: Iterable[RefusedRow], gone: Container[int]) -> list[RefusedRow]:
    return [row for row in rows if row.load_seq not in gone]


def _sheet(settings: Settings, rows: Sequence[RefusedRow]) -> Sheet:
    contract = rows[0].contract
    rules = Rules(settings, contract)
    added = list(dict.fromkeys(name for row in rows for name in (row.sent.added if row.sent else ())))
    header = [*_OURS, *(vietnamese_header(column) for column in contract.columns), *added]
    marked = frozenset((number, place) for number, row in enumerate(rows) for place in _wrong_places(rules, row))
    return Sheet(contract.id, header, [_cells(rules, row, added) for row in rows], len(_OURS), marked)


def _cells(rules: Rules, row: RefusedRow, added: Iterable[str]) -> list[str]:
    sent = row.sent
    assert sent is not None
    data = [sent.known.get(column.name, "") for column in row.contract.columns]
    return [*_explained(rules, row), *data, *(sent.added.get(name, "") for name in added)]


def _explained(rules: Rules, row: RefusedRow) -> list[str]:
    wrong = [
        f"{vietnamese_header(column)} = {row.known.get(column.name) or _EMPTY}"
        for column in rules.columns(row.rule_ids)
    ]
    return [
        row.code,
        "\n".join(row.rule_ids),
        "\n".join(dict.fromkeys(rules.reason(rule_id) for rule_id in row.rule_ids)),
        "\n".join(dict.fromkeys(rules.remedy(rule_id) for rule_id in row.rule_ids)),
        "\n".join(wrong),
    ]


def _wrong_places(rules: Rules, row: RefusedRow) -> list[int]:
    wrong = rules.columns(row.rule_ids)
    return [len(_OURS) + place for place, column in enumerate(row.contract.columns) if column in wrong]


def _guide(agency_code: str) -> Sheet:
    title = ("", f"Dòng bị cách ly của đơn vị {agency_code}", f"Refused rows of unit {agency_code}")
    return Sheet(GUIDE, ("", "Tiếng Việt", "English"), [title, *_GUIDE_ROWS], ours=3)
