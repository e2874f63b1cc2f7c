"""The exports of An Giang 2023 as files, at any scale: what its systems would hand over for a backlog.

The dossiers are written as they are drawn, some ten thousand rows at a time, so that the full size needs no more memory
than its columns of numbers. Over HTTP, and in the tests, the profile is one in so many of it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from egov_kpi.simulator import an_giang, forms_exports, portal_exports
from egov_kpi.simulator.an_giang import Columns
from egov_kpi.simulator.exports import TOTAL, Window, csv_bytes, dossier_text
from egov_kpi.simulator.one_stop_exports import apologies
from egov_kpi.simulator.records import Records

ROWS_AT_ONCE = 50_000
BACKLOG = Window(None, pd.Timestamp(an_giang.LAST_DAY))
_BOM = "\ufeff"


def write(folder: Path, of: Columns, records: Records) -> dict[str, list[Path]]:
    """All files by dataset, the dossiers last.

    `records` tell what lies beside the dossiers; the dossiers themselves are made of the columns.
    """
    return {
        "portal.publications": [_page(folder / "publications.json", portal_exports.publications(records, BACKLOG))],
        "feedback.petitions": [_page(folder / "petitions.json", portal_exports.petitions(records, BACKLOG))],
        "forms.vertical_settlement": _forms(folder, records),
        "one_stop.apologies": [_put(folder / "apologies.csv", csv_bytes(apologies(records, BACKLOG)))],
        "one_stop.dossiers": [write_dossiers(folder / "dossiers.csv", of, records.seed)],
    }


def write_dossiers(path: Path, of: Columns, seed: int) -> Path:
    """One-stop's export: every version of every dossier, some rows twice, the flawed ones last, and the total line."""
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_BOM)
        for part in _parts(of, seed):
            file.write(part.to_csv(index=False, sep=";", lineterminator="\r\n", header=not rows))
            rows += len(part)
        file.write(";".join([TOTAL, str(rows), *[""] * (part.shape[1] - 2)]) + "\r\n")
    return path


def _parts(of: Columns, seed: int) -> Iterator[pd.DataFrame]:
    every = an_giang.versions(of)
    for begin in range(0, len(every), ROWS_AT_ONCE):
        yield dossier_text(an_giang.frame(of, every.part(begin, begin + ROWS_AT_ONCE)), seed)
    yield dossier_text(an_giang.flaws(of), seed)


def _forms(folder: Path, records: Records) -> list[Path]:
    found = []
    form = forms_exports.FORMS["vertical-settlement"]
    for name in form.names(records, BACKLOG):
        content = form.workbook(records, name)
        assert content is not None, name
        found.append(_put(folder / name, content))
    return found


def _page(path: Path, rows: pd.DataFrame) -> Path:
    """All rows as one page of an answer."""
    items = [{str(name): str(value) for name, value in row.items()} for row in rows.to_dict("records")]
    answer = {"total": len(items), "page": 1, "size": len(items), "items": items}
    return _put(path, json.dumps(answer, ensure_ascii=False).encode())


def _put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
