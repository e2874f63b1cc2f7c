"""The exports that histories are made of: a sample of the simulated sources', with all their dirt, as files in hand.

Dossiers come in three overlapping windows, so that rows repeat, correct and move; mailboxes as one snapshot exported
twice, the second time without some of them; documents as a page with secret ones among them. The first export of
dossiers holds rows that no gate lets pass, and the second one brings them right; it holds some that nobody mends.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records

LAST = date(2023, 3, 6)
# One dossier, document or mailbox in so many.
SAMPLE = 23
SNAPSHOT = pd.Timestamp("2023-01-31")
NO_DATE = "31/02/2023"


@dataclass(frozen=True)
class Export:
    """One file of one dataset, delivered for the night of that business date"""

    name: str
    dataset: str
    path: Path
    business_date: date


def sample(records: Records) -> Records:
    """The same records, fewer of them, and none of those that never were true."""
    return replace(
        records,
        dossiers=_one_in(records.dossiers, "dossier_code"),
        documents=_one_in(records.documents, "document_id"),
        mailboxes=_one_in(records.mailboxes, "mailbox_no"),
        flaws=records.flaws.iloc[:0],
    )


def catalogue(records: Records, folder: Path) -> dict[str, Export]:
    """All exports by name, in the order in which they would usually arrive."""
    first, second, third = _dossiers(records)
    snapshot = exports.mailboxes(records, SNAPSHOT)
    again = snapshot.iloc[: len(snapshot) - 3].assign(**{"Thời điểm kết xuất": "03/02/2023 01:00"})
    made = [
        _csv(folder, "D1", "one_stop.dossiers", first, date(2023, 2, 15)),
        _pages(folder, "O1", exports.outgoing_documents(records, _window(None, "2023-03-06"))),
        _csv(folder, "M1", "mail.accounts", snapshot, date(2023, 2, 15)),
        _csv(folder, "D2", "one_stop.dossiers", second, date(2023, 2, 28)),
        _csv(folder, "M2", "mail.accounts", again, date(2023, 2, 28)),
        _csv(folder, "D3", "one_stop.dossiers", third, LAST),
    ]
    return {export.name: export for export in made}


def whole_delta(records: Records) -> pd.DataFrame:
    """A delta export to be split: all dossier versions of a month, none refused."""
    return exports.dossiers(records, _window("2023-02-01", "2023-03-06"))


def split(folder: Path, rows: pd.DataFrame, parts: Iterable[int], tag: str) -> list[Export]:
    """The rows in several files, each with its own total line, by the number that each row was given."""
    numbers = pd.Series(list(parts), index=rows.index)
    return [
        _csv(folder, f"{tag}{number}", "one_stop.dossiers", rows[numbers == number], LAST)
        for number in sorted(numbers.unique())
    ]


def version_days(rows: pd.DataFrame) -> pd.Series:
    """The day of each row's version, by which a source splits what it sends."""
    return pd.to_datetime(rows["Ngày cập nhật"], format="%d/%m/%Y %H:%M").dt.normalize()


def _dossiers(records: Records) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    first = exports.dossiers(records, _window(None, "2023-02-15"))
    second = exports.dossiers(records, _window("2023-02-10", "2023-02-28"))
    third = exports.dossiers(records, _window("2023-02-25", "2023-03-06"))
    codes = [set(rows["Mã hồ sơ"]) for rows in (first, second, third)]
    mended, never = min(codes[0] & codes[1]), min(codes[1] - codes[0] - codes[2])
    return _spoil(first, mended), _spoil(second, never), third


def _spoil(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    spoilt = rows.copy()
    spoilt.loc[spoilt["Mã hồ sơ"] == code, "Ngày hẹn trả"] = NO_DATE
    return spoilt


def _one_in(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    digests = pd.util.hash_pandas_object(rows[key].astype(str), index=False).to_numpy()
    chosen: pd.DataFrame = rows[digests % SAMPLE == 0]
    return chosen


def _window(first: str | None, last: str) -> Window:
    return Window(pd.Timestamp(first) if first else None, pd.Timestamp(last))


def _csv(folder: Path, name: str, dataset: str, rows: pd.DataFrame, day: date) -> Export:
    path = folder / f"{name}.csv"
    path.write_bytes(exports.csv_bytes(rows))
    return Export(name, dataset, path, day)


def _pages(folder: Path, name: str, rows: pd.DataFrame) -> Export:
    items = rows.astype(str).to_dict("records")
    path = folder / f"{name}.json"
    page = {"total": len(items), "page": 1, "size": len(items), "items": items}
    path.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    return Export(name, "ioffice.outgoing_documents", path, LAST)
