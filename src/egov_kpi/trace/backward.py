"""`egov-kpi trace KPI AGENCY PERIOD`: a published figure with everything that it rests on.

The rows are asked for anew, from the facts of the colour that still holds the publish. Of an older publish the figure,
its definition and its loads are told, and where the trace ends.
"""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import psycopg

from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.publish.code import model_digest
from egov_kpi.settings import Settings
from egov_kpi.trace import origin
from egov_kpi.trace.figure import Asked, Figure, Publish, find_figure, find_publish, one_state
from egov_kpi.trace.restatement import restatements_since
from egov_kpi.trace.rows import Side, sides

Connection = psycopg.Connection[tuple[Any, ...]]

_KPI = (
    "kpi_code", "kpi_version", "method", "due_basis", "name_vi", "name_en", "formula_vi", "formula_en", "legal_basis",
    "is_confirmed", "valid_from", "valid_to", "owner", "numerator_measure", "numerator_time_rollup",
    "numerator_unit_rollup", "denominator_measure", "denominator_time_rollup", "denominator_unit_rollup",
)  # fmt: skip
_ENDS_AT_ROWS = {
    "vi": "Dấu vết đi đến từng dòng của tệp nguồn; muốn mở dòng gốc, đề nghị người giữ dữ liệu "
    "cách ly (custodian) chạy egov-kpi open-row",
    "en": "The trace ends at lines of landed files; to open an original row, ask the custodian (egov-kpi open-row)",
}
_ENDS_AT_HISTORY = {
    "vi": "Số liệu lấy từ lịch sử đã lưu; không màu nào còn giữ bản công bố này, nên dấu vết dừng ở các lô đã tính. "
    "Muốn đến từng dòng: dựng lại từ raw bằng phiên bản mã nêu trên (egov-kpi reproduce)",
    "en": "The figure is from the kept history; neither colour holds this publish any more, so the trace ends at the "
    "loads that it counted. To reach single rows, rebuild from raw with the code version above (egov-kpi reproduce)",
}
_ENDS_AT_CERTIFICATE = {
    "vi": "Dấu vết dừng ở chứng nhận hủy (sự kiện {events} của sổ cái): dữ liệu gốc của lô {loads} đã hủy vì hết hạn "
    "lưu; chứng nhận còn giữ mã băm của từng tệp và số dòng. {rest}",
    "en": "The trace ends at the purge certificate (event {events} of the ledger): source data of loads {loads} are "
    "gone, past their retention; the certificate keeps the digest of each file and the rows. {rest}",
}


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """A trace makes a million objects and no cycle among them; looking for one again and again was a fifth of its
    time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_search_for_cycles()
def trace(settings: Settings, asked: Asked, *, by: str, publish_no: int | None = None) -> dict[str, Any]:
    """One figure, traced and logged; EGOV-TRACE-004 when its rows don't add up to it, logged as well."""
    with one_state(settings) as conn:
        publish = find_publish(conn, publish_no)
        figure = find_figure(conn, publish, asked)
        found = sides(conn, settings, publish, figure) if publish.colour else {}
        result = _told(conn, settings, publish, figure, found)
    result["event_no"] = _log(settings, publish, figure, found, by)
    wrong = [name for name, side in found.items() if not side.adds_up]
    if wrong:
        raise EgovError("EGOV-TRACE-004", **_difference(publish, figure, wrong[0], found[wrong[0]]))
    return result


def _told(
    conn: Connection, settings: Settings, publish: Publish, figure: Figure, found: dict[str, Side]
) -> dict[str, Any]:
    numbers = (
        {row.load_seq for side in found.values() for row in side.rows}
        if found
        else _counted_loads(conn, publish, figure)
    )
    loads = origin.loads(conn, numbers)
    return {
        "figure": {**figure.values, "period": str(figure.asked.period), "period_end": figure.asked.period.end},
        "kpi": {name: figure.definition.get(name) for name in _KPI},
        "publish": _publish(settings, publish, loads),
        **{name: _side(conn, side, loads) for name, side in found.items()},
        "loads": loads,
        "restatements_since": restatements_since(conn, figure, publish),
        "ends_at": {"stored": bool(publish.colour), **_ends_at(publish, loads)},
    }


def _ends_at(publish: Publish, loads: list[dict[str, Any]]) -> dict[str, str]:
    """Where the trace ends, in both languages: at rows, at loads, and at a certificate for those that were purged."""
    gone = {load["load_seq"]: load["purged"]["event_no"] for load in loads if load["purged"]}
    kept = _ENDS_AT_ROWS if publish.colour else _ENDS_AT_HISTORY
    if not gone:
        return kept
    rest = kept if len(gone) < len(loads) else dict.fromkeys(kept, "")
    events, numbers = (", ".join(map(str, sorted(found))) for found in (set(gone.values()), gone))
    return {
        language: text.format(events=events, loads=numbers, rest=rest[language]).strip()
        for language, text in _ENDS_AT_CERTIFICATE.items()
    }


def _publish(settings: Settings, publish: Publish, loads: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "publish_no": publish.publish_no,
        "published_at": publish.published_at,
        "published_by": publish.published_by,
        "business_date": publish.business_date,
        "code_version": publish.code_version,
        "mart_digest": publish.mart_digest,
        "colour": publish.colour or None,
        "is_live": publish.is_live,
        "event_no": publish.event_no,
        "build_event_no": publish.build_event_no,
        "audit_event_no": publish.audit_event_no,
        "run_id": publish.run_id or None,
        "dbt_invocation_id": publish.dbt_invocation_id or None,
        "run_ids": sorted({load["run_id"] for load in loads if load["run_id"]}),
        # The rows are asked for by today's models; that they still add up says that these count as those did.
        "models_unchanged": publish.models.split(":")[0] == model_digest(settings),
    }


def _side(conn: Connection, side: Side, loads: list[dict[str, Any]]) -> dict[str, Any]:
    listed = origin.references(conn, side.rows, loads)
    return {
        "measure": side.measure.code,
        "time_rollup": side.measure.time_rollup,
        "unit_rollup": side.measure.unit_rollup,
        "stated": side.stated,
        "from_rows": side.total,
        "row_count": len(listed),
        "files": _by_file(listed),
        "rows": listed,
    }


def _by_file(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("dataset", "load_seq", "file", "sheet", "file_digest")
    counts = Counter(map(itemgetter(*names), listed))
    return [{**dict(zip(names, place, strict=True)), "rows": count} for place, count in counts.items()]


def _counted_loads(conn: Connection, publish: Publish, figure: Figure) -> set[int]:
    """The loads that a past publish counted, of the datasets that the figure needs."""
    rows = conn.execute(
        """
        select l.load_seq
        from ledger.loads_of_publish(%(publish_no)s) as l (load_seq)
        inner join ledger.load as known using (load_seq)
        where known.dataset in (
            select unnest(string_to_array(m.datasets, ';')) from ref.kpi_measure as m
            where m.measure_code in (%(numerator)s, %(denominator)s)
        )
        """,
        {
            "publish_no": publish.publish_no,
            "numerator": figure.definition.get("numerator_measure"),
            "denominator": figure.definition.get("denominator_measure"),
        },
    ).fetchall()
    return {int(row[0]) for row in rows}


def _difference(publish: Publish, figure: Figure, name: str, side: Side) -> dict[str, Any]:
    return {
        "kpi": figure.asked.kpi_code,
        "agency": figure.asked.agency_code,
        "period": figure.asked.period,
        "publish_no": publish.publish_no,
        "side": name,
        "stated": side.stated,
        "found": side.total,
        "detail": "; ".join(side.mismatches[:5]),
    }


def _log(settings: Settings, publish: Publish, figure: Figure, found: dict[str, Side], by: str) -> int:
    """The event of this trace, in a transaction of its own: the one that read is bound to an older head."""
    values = figure.values
    body = {
        "publish_no": publish.publish_no,
        **{name: values[name] for name in ("kpi_code", "kpi_version", "method", "due_basis", "agency_code", "scope")},
        "unit_basis": values["unit_basis"],
        "period": str(figure.asked.period),
        "numerator": str(values["numerator"]),
        "denominator": None if values["denominator"] is None else str(values["denominator"]),
        "rows": {name: len(side.rows) for name, side in found.items()},
        "adds_up": all(side.adds_up for side in found.values()) if found else None,
        "by": by,
    }
    with connect("auditor", settings) as conn:
        return append(conn, "traced", body)
