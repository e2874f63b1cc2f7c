"""From corrected rows to a load: a CSV file by the dataset's contract, landed together with the workbook it came from.

The manifest's digest received is that of the workbook, its digest landed that of the file made of it, and each line of
that file ends in the code of the refused row that it answers; so a row in `raw` leads to both, and to the workbook
itself, which is kept beside its file.

A correction of a snapshot is a whole snapshot again, because a snapshot wins as a whole: the rows that count of that
date, with the corrected ones in their place, one unit of time later than the export that it corrects.
"""

import csv
import io
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from egov_kpi.contracts.model import Contract
from egov_kpi.contracts.rules import STRFTIME
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.landing.model import Delivery
from egov_kpi.landing.store import Incoming, read_delivery, safe_name, with_rows
from egov_kpi.load.text import clean
from egov_kpi.night import books, ingest
from egov_kpi.quarantine.workbook_landed import landed_rows, sent_rows
from egov_kpi.quarantine.workbook_rows import CODE_HEADER, RefusedRow, rows_by_id, vietnamese_header
from egov_kpi.settings import Settings

ROLE = "loader"


@dataclass(frozen=True)
class Received:
    """The workbook as it came."""

    path: Path
    name: str
    sha256: str


@dataclass(frozen=True)
class Correction:
    """A refused row and what its unit made of it: text per column of the contract."""

    refused: RefusedRow
    texts: Mapping[str, str]
    is_changed: bool


@dataclass(frozen=True)
class _Line:
    """A row of the file to land; `code` names the refused row that it answers: none in the rest of a snapshot."""

    code: str
    texts: Mapping[str, str]


def known_load(settings: Settings, contract: Contract, received: Received, day: date) -> dict[str, Any] | None:
    """The load that this very workbook became earlier, finished now if a kill had left it; None where there is none.

    One that was blocked is looked at anew: rules may have changed since.
    """
    with connect(ROLE, settings) as conn:
        rows = conn.execute(
            "select f.load_seq from ledger.load_file as f inner join ledger.load as l on l.load_seq = f.load_seq "
            "where l.dataset = %s and f.sha256_received = %s order by f.load_seq desc limit 1",
            (contract.id, received.sha256),
        ).fetchall()
        found = books.loads(conn, [row[0] for row in rows])
    if not found or found[0]["verdict"] == "blocked":
        return None
    return take_in(settings, contract, read_delivery(settings, contract.id, found[0]["content_digest"]), day)


def take_in(settings: Settings, contract: Contract, delivery: Delivery, day: date) -> dict[str, Any]:
    """Register and decide the load, close the rows that it brought right: its report, and how many are corrected now.

    A row whose key was sound is closed by its key, in the transaction that decides; the others by their number. Can be
    killed anywhere and run again: a load is decided once, and closing a closed row changes nothing.
    """
    with ingest.loading(settings, contract):
        report = ingest.take_in(settings, contract, delivery, day)
        ids = _ids_by_row(contract, delivery)
        _close(settings, contract, report["load_seq"], ids)
    with connect("custodian", settings) as conn:
        rows = rows_by_id(conn, contract, list(ids.values()))
    notices = [notice for notice in report.get("notices", []) if f"«{CODE_HEADER}»" not in notice]
    return {**report, "notices": notices, "corrected": sum(row.state == "corrected" for row in rows.values())}


def _ids_by_row(contract: Contract, delivery: Delivery) -> dict[int, int]:
    """Number of each line of the landed file that answers a refused row, and the number of that row."""
    rows = (row for file in delivery.files for row in sent_rows(contract, file))
    codes = ((row.number, row.added.get(CODE_HEADER, "")) for row in rows)
    return {number: int(code.rpartition(":")[2]) for number, code in codes if code}


def _close(settings: Settings, contract: Contract, load_seq: int, ids: Mapping[int, int]) -> None:
    """Close by number the refused rows whose line counts: to one whose key was missing or wrong, no key leads."""
    query = sql.SQL(
        "select row_no from raw.{} where load_seq = %(load_seq)s and row_no = any(%(rows)s) "
        "and not exists (select from ledger.revoked_load as v where v.load_seq = %(load_seq)s)"
    ).format(sql.Identifier(contract.table))
    with connect(ROLE, settings) as conn:
        taken = conn.execute(query, {"load_seq": load_seq, "rows": list(ids)}).fetchall()
        if taken:
            answered = sorted(ids[row] for (row,) in taken)
            conn.execute("select quarantine.correct_by_id(%s, %s, %s)", (contract.id, load_seq, answered))


def deliver(settings: Settings, contract: Contract, received: Received, corrections: Sequence[Correction]) -> Delivery:
    """Land the corrections of one dataset; EGOV-BOOK-019 when they correct a snapshot of which nothing was taken in."""
    lines = [_Line(item.refused.code, item.texts) for item in corrections]
    snapshot_date = None
    if contract.shape == "snapshot":
        snapshot_date = _snapshot_date(settings, contract, corrections)
        lines = _whole_snapshot(settings, contract, snapshot_date, lines, corrections)
    return _land(settings, contract, received, lines, snapshot_date)


def _land(
    settings: Settings, contract: Contract, received: Received, lines: Sequence[_Line], snapshot_date: date | None
) -> Delivery:
    with Incoming(settings, contract) as incoming:
        name = safe_name(f"{Path(received.name).stem}.{contract.id}.csv")
        with incoming.sink(name, "csv") as sink:
            sink.write(_csv(contract, lines))
            landed = with_rows(sink.finish(), len(lines))
        # What came is the workbook: kept beside the file that it became.
        copy = incoming.folder / received.name
        with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            with received.path.open("rb") as source:
                shutil.copyfileobj(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
        landed = replace(landed, sha256_received=received.sha256)
        return incoming.commit([landed], source=f"corrected return {received.name}", snapshot_date=snapshot_date)


def _csv(contract: Contract, lines: Sequence[_Line]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    # The code comes last: a total is looked for in the first cells of a line.
    writer.writerow([*(vietnamese_header(column) for column in contract.columns), CODE_HEADER])
    for line in lines:
        writer.writerow([*(line.texts.get(column.name, "") for column in contract.columns), line.code])
    return text.getvalue().encode()


# ------------------------------------------------------------------------------------------------------------ snapshots


def _snapshot_date(settings: Settings, contract: Contract, corrections: Sequence[Correction]) -> date:
    """The one snapshot date that the corrected rows belong to, by the loads that brought them."""
    column = contract.snapshot_column
    assert column is not None
    load_seqs = sorted({item.refused.load_seq for item in corrections})
    query = sql.SQL(
        "select coalesce(l.snapshot_date, (select max(r.{}) from raw.{} as r where r.load_seq = l.load_seq)) "
        "from ledger.load as l where l.load_seq = any(%s)"
    ).format(sql.Identifier(column.name), sql.Identifier(contract.table))
    with connect(ROLE, settings) as conn:
        days = {row[0] for row in conn.execute(query, (load_seqs,))}
    if len(days) != 1 or None in days:
        told = ", ".join(sorted(str(day) for day in days))
        raise EgovError("EGOV-BOOK-019", dataset=contract.id, load_seq=", ".join(map(str, load_seqs)), date=told)
    found: date = days.pop()
    return found


def _whole_snapshot(
    settings: Settings, contract: Contract, day: date, lines: Sequence[_Line], corrections: Sequence[Correction]
) -> list[_Line]:
    """The snapshot that counts now, with the corrected rows in it, one unit of time after it.

    Where every unit sends its own, that is done for each of the books that the rows belong to.
    """
    corrected = {_key(contract, line.texts) for line in lines}
    kept: list[_Line] = []
    for part in sorted({_part(contract, line.texts) for line in lines}):
        base = _base(settings, contract, day, part)
        if base is None:
            load_seqs = sorted({item.refused.load_seq for item in corrections})
            raise EgovError("EGOV-BOOK-019", dataset=contract.id, load_seq=", ".join(map(str, load_seqs)), date=day)
        of_part = (line for line in _base_lines(settings, contract, *base) if _part(contract, line.texts) == part)
        kept += [line for line in of_part if _key(contract, line.texts) not in corrected]
    version = contract.version_column
    latest = max((clean(line.texts[version.name]) or "" for line in kept), key=_moment(version.format), default=None)
    if latest is None:
        return list(lines)
    later = _later(latest, version.format or "")
    return [replace(line, texts={**line.texts, version.name: later}) for line in [*kept, *lines]]


def _base(settings: Settings, contract: Contract, day: date, part: tuple[str, ...]) -> tuple[int, str] | None:
    """The load whose rows count for that date, chosen as the models choose: by time of export, then by digest."""
    of_part = sql.SQL("").join(
        sql.SQL(" and r.{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in zip(contract.snapshot_parts, part, strict=True)
    )
    names = {
        "table": contract.table,
        "day": contract.business_date_column.name,
        "version": contract.version_column.name,
    }
    query = sql.SQL(
        """
        select p.load_seq, p.content_digest
        from ledger.promoted_load as p
        inner join raw.{table} as r on r.load_seq = p.load_seq and r.{day} = %(day)s{of_part}
        where p.dataset = %(dataset)s
            and not exists (select from ledger.revoked_load as v where v.load_seq = p.load_seq)
        group by p.load_seq, p.content_digest
        order by max(r.{version}) desc, p.content_digest desc
        limit 1
        """
    ).format(of_part=of_part, **{name: sql.Identifier(value) for name, value in names.items()})
    with connect(ROLE, settings) as conn:
        row = conn.execute(query, {"dataset": contract.id, "day": day}).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def _base_lines(settings: Settings, contract: Contract, load_seq: int, digest: str) -> Iterator[_Line]:
    """The rows that were taken in of a load, as they were sent."""
    query = sql.SQL("select file_digest, row_no from raw.{} where load_seq = %s").format(sql.Identifier(contract.table))
    with connect(ROLE, settings) as conn:
        accepted = set(conn.execute(query, (load_seq,)).fetchall())
    for file, rows in landed_rows(settings, contract, digest, "snapshot under a corrected return"):
        for row in rows:
            if (file.sha256_landed, row.number) in accepted:
                yield _Line("", row.known)


def _key(contract: Contract, texts: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(clean(texts.get(column.name, "")) for column in contract.key_columns)


def _part(contract: Contract, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Which book of a date a row belongs to; no words where one export holds everything."""
    return tuple(clean(texts.get(name, "")) or "" for name in contract.snapshot_parts)


def _moment(pattern: str | None) -> Any:
    return lambda text: datetime.strptime(text, STRFTIME[pattern or ""])


def _later(text: str, pattern: str) -> str:
    """The next moment that the column's form can tell from this one."""
    units = {"s": timedelta(seconds=1), "m": timedelta(minutes=1)}
    step = next((unit for mark, unit in units.items() if mark in pattern), timedelta(days=1))
    return (datetime.strptime(text, STRFTIME[pattern]) + step).strftime(STRFTIME[pattern])
