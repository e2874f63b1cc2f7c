"""A source that answers every question with one export in hand: as CSV, as a workbook or as JSON pages."""

import hashlib
import io
import zipfile
from datetime import date
from typing import Any

import pandas as pd
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from egov_kpi.simulator.exports import TOTAL
from egov_kpi.simulator.workbooks import workbook_bytes
from proofs.mutation.datasets import TITLES, Export

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class OneAnswer:
    """Holds the export that is asked for next; whatever the question, that is the answer."""

    def __init__(self) -> None:
        self.export: Export | None = None

    async def answer(self, request: Request) -> Response:
        path, export = request.url.path, self.export
        assert export is not None
        if path.endswith("/token"):
            return JSONResponse({"access_token": "x", "expires_in": 3600, "token_type": "Bearer"})
        if path.endswith("/snapshots"):
            return JSONResponse({"dates": [_day(export.snapshot_date)]})
        if path == export.dataset.path and path.startswith("/forms/"):
            digest = hashlib.sha256(written(export)).hexdigest()
            book: dict[str, Any] = {"name": export.name, "sha256": digest, "rows": declared(export)}
            if export.snapshot_date is not None:
                book["snapshot"] = _day(export.snapshot_date)
            return JSONResponse({"files": [book]})
        if export.dataset.shape == "json":
            return _page(export, request)
        media = CSV_TYPE if export.dataset.shape == "csv" else XLSX_TYPE
        return Response(written(export), media_type=media, headers={"X-Total-Rows": str(declared(export))})


def source_app(answers: OneAnswer) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", answers.answer, methods=["GET", "POST"])])


def declared(export: Export) -> int:
    """Rows as the interface declares them."""
    return len(export.rows) if export.declared is None else export.declared


def written(export: Export) -> bytes:
    """The export as one file: body, else rows and total line in the form of its dataset."""
    if export.body is not None:
        return export.body
    return csv_bytes(export) if export.dataset.shape == "csv" else xlsx_bytes(export)


def csv_bytes(export: Export) -> bytes:
    rows = export.rows
    body = rows.to_csv(index=False, sep=";", lineterminator="\r\n")
    total = ";".join([TOTAL, str(_total(export)), *[""] * (rows.shape[1] - 2)])
    return ("\ufeff" + body + total + "\r\n").encode("utf-8")


def xlsx_bytes(export: Export) -> bytes:
    """The workbook; a total that differs from the rows is written over afterwards, as a clerk would."""
    dataset, empty = export.dataset, export.rows.replace("", None)
    book = workbook_bytes(empty, dataset.sheet, TITLES[dataset.id], TOTAL)
    if _total(export) == len(export.rows):
        return book
    return _with_total(book, len(export.rows), _total(export))


def _total(export: Export) -> int:
    return len(export.rows) if export.total is None else export.total


def _with_total(book: bytes, before: int, after: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                head, _, tail = data.rpartition(f"<v>{before}</v>".encode())
                data = head + f"<v>{after}</v>".encode() + tail
            new.writestr(entry, data)
    return packed.getvalue()


def _page(export: Export, request: Request) -> Response:
    if export.body is not None:
        return Response(export.body, media_type="application/json")
    number, size = int(request.query_params.get("page", 1)), int(request.query_params.get("size", 500))
    total = len(export.rows) if export.total is None else export.total
    items = _items(export.rows, number, size)
    return JSONResponse({"total": total, "page": number, "size": size, "items": items})


def _items(rows: pd.DataFrame, number: int, size: int) -> list[dict[str, Any]]:
    part = rows.iloc[(number - 1) * size : number * size]
    return [{str(name): value for name, value in row.items()} for row in part.to_dict("records")]


def _day(day: date | None) -> str:
    assert day is not None
    return day.isoformat()
