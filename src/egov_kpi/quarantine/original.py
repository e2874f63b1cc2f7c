"""One original row of a landed file, accepted or refused, as the custodian sees it: every cell as it was sent.

An auditor names the row (a trace tells file digest and row number) and asks the custodian. That the row is opened, by
whom and for what, is in the ledger before landing is read, and a login that may not write that event sees nothing.
"""

from typing import Any

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import Connection, append
from egov_kpi.ledger.purges import require_kept
from egov_kpi.quarantine.database import require
from egov_kpi.quarantine.workbook_landed import SentRow, landed_rows
from egov_kpi.quarantine.workbook_rows import vietnamese_header
from egov_kpi.settings import Settings

ROLE = "custodian"


def open_row(
    settings: Settings, dataset: str, file_digest: str, row_no: int, *, reason: str, by: str
) -> dict[str, Any]:
    """The cells of a row by header, `added` those that no contract knows; logged first.

    EGOV-TRACE-005 when no load brought the file, EGOV-PURGE-005 when it was purged, EGOV-QUAR-007 when it has no such
    row, EGOV-LEDGER-003 for a login that may not, EGOV-LAND-... when landing no longer holds what landed.
    """
    require(reason=reason, by=by)
    contract = get_contract(dataset, settings)
    place = {"dataset": dataset, "file_digest": file_digest, "row": row_no}
    with connect(ROLE, settings) as conn:
        load_seq, content_digest, name = _load(conn, dataset, file_digest, row_no)
        require_kept(conn, [load_seq])
        event_no = append(conn, "row_opened", {**place, "load_seq": load_seq, "reason": reason.strip(), "by": by})
    sent = _sent(settings, contract, content_digest, file_digest, row_no, f"row opened, ledger event {event_no}")
    if sent is None:
        raise EgovError("EGOV-QUAR-007", file=name, row=row_no, dataset=dataset, event_no=event_no)
    cells = {vietnamese_header(contract.column(column)): text for column, text in sent.known.items()}
    return {**place, "file": name, "load_seq": load_seq, "event_no": event_no, "cells": cells, "added": sent.added}


def _load(conn: Connection, dataset: str, file_digest: str, row_no: int) -> tuple[int, str, str]:
    """A load that brought the file, one that is kept if there is one: its number, content and the file's name."""
    row = conn.execute(
        "select f.load_seq, l.content_digest, f.name from ledger.load_file as f"
        " inner join ledger.load as l on l.load_seq = f.load_seq"
        " left join ledger.purged_load as p on p.load_seq = f.load_seq"
        " where l.dataset = %s and f.sha256_landed = %s order by p.event_no nulls first, f.load_seq limit 1",
        (dataset, file_digest),
    ).fetchone()
    if row is None:
        raise EgovError("EGOV-TRACE-005", dataset=dataset, digest=file_digest, row=row_no)
    return int(row[0]), str(row[1]), str(row[2])


def _sent(
    settings: Settings, contract: Contract, content_digest: str, file_digest: str, row_no: int, purpose: str
) -> SentRow | None:
    for file, rows in landed_rows(settings, contract, content_digest, purpose):
        if file.sha256_landed == file_digest:
            return next((row for row in rows if row.number == row_no), None)
    return None
