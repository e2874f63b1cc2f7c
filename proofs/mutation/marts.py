"""Defects of figures, planted into a candidate colour: what the audit before a publish must not let through."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from psycopg import sql

from egov_kpi.db.connect import connect
from egov_kpi.gate.marts import audit
from egov_kpi.gate.parameters import Connection
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings
from proofs.harness.cluster import Cluster
from proofs.harness.environment import environment
from proofs.mutation.gatehouse import Seen
from proofs.mutation.key import Answer
from proofs.mutation.run import Case

COLOUR, DATASET = "green", "marts.kpi_value"
Figure = dict[str, Any]
Plant = Callable[[list[Figure]], None]
_PERIODS = (
    ("month", "2023-01-01", 1),
    ("month", "2023-02-01", 1),
    ("quarter", "2023-01-01", 2),
    ("year", "2023-01-01", 2),
)
_THEMES = {
    "doc": "digital_signature",
    "mail": "official_mail",
    "dossier": "online_service",
    "iso": "iso_compliance",
    "settled": "settlement",
}


def clean_figures() -> list[Figure]:
    """Figures of one unit over two months: counts that add up, and two ratios."""
    counts = {"doc_signed_exchanged": 5, "doc_signed_interlinked": 2, "doc_signed_internal": 3, "dossier_received": 100}
    figures = []
    for scope in ("own", "tree"):
        for grain, start, months in _PERIODS:
            figures += [_figure(code, scope, grain, start, number * months) for code, number in counts.items()]
            figures += [_figure(code, scope, grain, start, 30, 40) for code in ("mail_issued", "iso_compliance")]
    return figures


def _figure(code: str, scope: str, grain: str, start: str, numerator: int, denominator: int | None = None) -> Figure:
    names = {"kpi_code": code, "kpi_version": 1, "method": "-", "due_basis": "-", "agency_code": "823", "scope": scope}
    period = {"unit_basis": "as_was", "period_grain": grain, "period_start": start}
    value = numerator if denominator is None else 100 * numerator / denominator
    return {
        **names, **period, "numerator": numerator, "denominator": denominator, "value": value,
        "unit": "count" if denominator is None else "percent", "value_reason": None,
        "agencies_reporting": 1, "agencies_expected": 1, "quarantined_share": 0,
    }  # fmt: skip


def _changed(code: str, **changes: Any) -> Plant:
    """The year of one KPI at tree scope, changed."""

    def plant(figures: list[Figure]) -> None:
        for figure in figures:
            if (figure["kpi_code"], figure["scope"], figure["period_grain"]) == (code, "tree", "year"):
                figure.update(changes)

    return plant


def _copied_month(figures: list[Figure]) -> None:
    """January's received dossiers again in February: the quarter is no longer the sum of its months."""
    for figure in figures:
        if figure["kpi_code"] == "dossier_received" and figure["period_start"] == "2023-02-01":
            figure.update(numerator=200, value=200)


_MOVED = ("GATE-MART-008", "GATE-MART-007")
# Kind, what is done in both languages, the plant, and the rules that may catch it.
DEFECTS: tuple[tuple[str, str, Plant, tuple[str, ...]], ...] = (
    (
        "rate_above_100",
        "tỷ lệ vượt 100% · rate above 100%",
        _changed("mail_issued", numerator=50, value=125),
        ("GATE-MART-002",),
    ),
    (
        "negative",
        "tử số âm · negative numerator",
        _changed("dossier_received", numerator=-1, value=-1),
        ("GATE-MART-003", *_MOVED),
    ),
    (
        "share_as_percent",
        "phần mười ghi thành phần trăm · share in place of percent",
        _changed("mail_issued", value=0.75),
        ("GATE-MART-004",),
    ),
    (
        "zero_as_hundred",
        "mẫu số 0 thành 100% · zero denominator as 100%",
        _changed("iso_compliance", numerator=0, denominator=0, value=100),
        ("GATE-MART-005",),
    ),
    (
        "emptied",
        "giá trị trống không lý do · value empty without reason",
        _changed("mail_issued", numerator=None, denominator=None, value=None),
        ("GATE-MART-006",),
    ),
    ("copied_month", "chép lại tháng trước · a month copied", _copied_month, _MOVED),
    ("times_ten", "gấp 10 · times ten", _changed("dossier_received", numerator=2000, value=2000), _MOVED),
    ("unknown_agency", "mã đơn vị lạ · unknown unit", _changed("mail_issued", agency_code="99999"), ("GATE-MART-010",)),
    (
        "unknown_version",
        "phiên bản KPI lạ · unknown KPI version",
        _changed("mail_issued", kpi_version=9),
        ("GATE-MART-011",),
    ),
    (
        "shifted_period",
        "kỳ lệch một ngày · period off by a day",
        _changed("mail_issued", period_start="2023-01-02"),
        ("GATE-MART-012",),
    ),
    (
        "beyond_expected",
        "đơn vị báo cáo nhiều hơn số đơn vị · more units than exist",
        _changed("mail_issued", agencies_reporting=2),
        ("GATE-MART-013",),
    ),
    ("emptied_table", "không còn số liệu · no figure at all", list.clear, ("GATE-MART-001",)),
)


def judge_figures(cluster: Cluster) -> Iterator[Case]:
    """The clean candidate, which must pass, then every defect."""
    saved = cluster.clone(cluster.migrated)
    try:
        with environment(cluster.url(saved.database), saved.folder) as settings:
            _make_candidate(settings)
            clean = _audited(settings, clean_figures())
            if clean.verdict != "pass":
                raise RuntimeError(f"the clean candidate does not pass: {clean}")
            for kind, done, plant, rules in DEFECTS:
                started = time.monotonic()
                figures = clean_figures()
                plant(figures)
                answer = Answer(f"{DATASET} {kind}", DATASET, kind, 1, True, rules)
                yield Case(answer, done, _audited(settings, figures), time.monotonic() - started)
    finally:
        cluster.discard(saved)


def _audited(settings: Settings, figures: list[Figure]) -> Seen:
    with connect("superuser", settings) as conn:
        # the themes are views of it
        conn.execute(sql.SQL("delete from {}").format(sql.Identifier(COLOUR, "kpi_value")))
        for figure in figures:
            _insert(conn, "kpi_value", figure)
    result = audit(settings, COLOUR)
    return Seen(result.verdict, tuple(rule.rule_id for rule in result.failed))


def _make_candidate(settings: Settings) -> None:
    """A colour that the ledger says was built, with the dimensions that its figures need."""
    with connect("superuser", settings) as conn:
        conn.execute(
            f"insert into {COLOUR}.dim_agency values ('823', '2020-01-01', null, 'Gò Công Tây', 'Go Cong Tay',"  # noqa: S608
            " 'district', '82', '82', true)"
        )
        for figure in clean_figures()[:6]:
            _insert(conn, "dim_kpi", _definition(figure))
    with connect("builder", settings) as conn:
        append(conn, "colour_built", {"colour": COLOUR, "applied": [1], "revoked": []})


def _definition(figure: Figure) -> Figure:
    rollup = "sum" if figure["unit"] == "count" else "last"
    texts = dict.fromkeys(("name_vi", "name_en", "formula_vi", "formula_en", "legal_basis", "owner"), "x")
    keys = {name: figure[name] for name in ("kpi_code", "kpi_version", "method", "due_basis", "unit")}
    rollups = {"numerator_measure": "m", "numerator_time_rollup": rollup, "numerator_unit_rollup": "sum"}
    theme = _THEMES[figure["kpi_code"].split("_")[0]]
    return {**keys, **texts, **rollups, "theme": theme, "valid_from": "2020-01-01", "is_confirmed": True}


def _insert(conn: Connection, table: str, row: Figure) -> None:
    query = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(COLOUR, table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
    )
    conn.execute(query, list(row.values()))
