"""Claims against the warehouse: what the marts say of the same unit, period and KPI; and the kept results.

The marts are read as `bi`, the results are written as `auditor`: rows of `ledger.reported_claim` and the event
`report_checked` in one transaction.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import psycopg

from egov_kpi.claims.check import Report
from egov_kpi.claims.model import Claim, Kind
from egov_kpi.claims.reasons import english, number
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
HEAD = 3000  # characters in which a report says of whom and when it speaks

# What a claim's own words say of its KPI; the first that fits.
_KPIS = tuple(
    (code, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for code, pattern in (
        (
            "doc_signed_dual",
            r"ký số.*cá nhân.*(?:cơ quan|tổ chức|đơn vị)|cá nhân và (?:ký số |chữ ký số )?(?:cơ quan|tổ chức)",
        ),
        ("doc_signed", r"văn bản.*ký số|ký số.*văn bản"),
        ("bcci_returned", r"trả.*(?:bcci|bưu (?:chính|điện))|(?:bcci|bưu (?:chính|điện)).*trả"),
        (
            "bcci_received",
            r"(?:tiếp nhận|nộp|nhận).*(?:bcci|bưu (?:chính|điện))|(?:bcci|bưu (?:chính|điện)).*tiếp nhận",
        ),
        ("dvc_full_active", r"toàn trình.*phát sinh"),
        ("dvc_partial_active", r"một phần.*phát sinh"),
        ("dossier_in_software", r"hồ sơ.*phần mềm"),
        ("ontime_settled", r"(?:đúng|trước) (?:hạn|hẹn)"),
        ("online_dossier", r"hồ sơ.*trực tuyến|trực tuyến.*hồ sơ"),
        ("mail_used", r"sử dụng.*(?:thư|mail)|(?:thư|mail).*sử dụng"),
        ("mail_issued", r"(?:hộp thư|thư (?:điện tử )?công vụ)"),
    )
)
_RATES = frozenset({Kind.RATIO, Kind.SHARE, Kind.COUNT_AS_RATE})
_QUARTER = re.compile(r"quý\s+(IV|I{1,3}|[1-4])\s*(?:/|-|,)?\s*(?:năm\s+)?(20\d\d)", re.IGNORECASE)
_MONTH = re.compile(r"tháng\s+(\d{1,2})\s*(?:/|năm\s+)\s*(20\d\d)", re.IGNORECASE)
_YEAR = re.compile(r"năm\s+(20\d\d)", re.IGNORECASE)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}


@dataclass(frozen=True)
class Period:
    """A period as the marts know it: month, quarter or year by its first day."""

    grain: str
    start: date


@dataclass(frozen=True)
class Known:
    """One value of the marts that a claim can be held against."""

    kpi_code: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None


def compare_and_keep(
    report: Report, agency: str | None = None, period: str | None = None, settings: Settings | None = None
) -> Report:
    """The report with the warehouse's own figure in the reasons, its claims kept in the ledger.

    Unit and period come from the caller or from the head of the text; without both there is nothing to compare with.
    Raises EGOV-CLAIMS-004 for a unit that the warehouse doesn't know.
    """
    span = parse_period(period) if period else period_of(report.text)
    with connect("bi", settings) as connection:
        unit = _checked(connection, agency) if agency else agency_of(connection, report.text)
        known = _known(connection, unit, span) if unit and span else {}
        publish_no = _publish_no(connection)
    pairs = [(claim, known.get(kpi_of(claim) or "")) for claim in report.claims]
    told = replace(report, claims=[_told(claim, value) for claim, value in pairs])
    _keep(told, [value for _, value in pairs], unit, span, publish_no, settings)
    return told


def parse_period(text: str) -> Period:
    """2023, 2023Q1, 2023M09. Raises ValueError for anything else."""
    found = re.fullmatch(r"(20\d\d)(?:Q([1-4])|M(0[1-9]|1[0-2]))?", text)
    if found is None:
        raise ValueError(f"{text!r}: 2023, 2023Q1, 2023M09")
    year, quarter, month = int(found[1]), found[2], found[3]
    if quarter:
        return Period("quarter", date(year, int(quarter) * 3 - 2, 1))
    return Period("month", date(year, int(month), 1)) if month else Period("year", date(year, 1, 1))


def period_of(text: str) -> Period | None:
    """The period that the head of a report names: a quarter before a month before a year."""
    head = text[:HEAD]
    if found := _QUARTER.search(head):
        quarter = _ROMAN.get(found[1].upper()) or int(found[1])
        return Period("quarter", date(int(found[2]), quarter * 3 - 2, 1))
    cumulated = re.search(r"\d{1,2} tháng (?:đầu )?năm (20\d\d)", head)
    if cumulated:
        return Period("year", date(int(cumulated[1]), 1, 1))
    found = _MONTH.search(re.sub(r"ngày\s+\d+\s+tháng\s+\d+\s+năm", "", head))
    if found and 1 <= int(found[1]) <= 12:
        return Period("month", date(int(found[2]), int(found[1]), 1))
    found = _YEAR.search(re.sub(r"ngày\s+\d+\s+tháng\s+\d+\s+năm\s+20\d\d", "", head))
    return Period("year", date(int(found[1]), 1, 1)) if found else None


def agency_of(connection: Connection, text: str) -> str | None:
    """The unit that the head of a report names most often, by its full name; None when two are named as often."""
    head = text[:HEAD].lower()
    rows = connection.execute("select distinct agency_code, name_vi from marts.dim_agency").fetchall()
    counts = sorted(((head.count(str(name).lower()), len(str(name)), str(code)) for code, name in rows), reverse=True)
    named = [entry for entry in counts if entry[0]]
    if not named or (len(named) > 1 and named[0][:2] == named[1][:2]):
        return None
    return named[0][2]


def kpi_of(claim: Claim) -> str | None:
    """The KPI that a claim's words speak of, if they do."""
    if claim.kind not in _RATES:
        return None
    return next((code for code, pattern in _KPIS if pattern.search(claim.text)), None)


def _checked(connection: Connection, agency: str) -> str:
    row = connection.execute("select 1 from marts.dim_agency where agency_code = %s limit 1", (agency,)).fetchone()
    if row is None:
        raise EgovError("EGOV-CLAIMS-004", agency=agency)
    return agency


def _known(connection: Connection, agency: str, period: Period) -> dict[str, Known]:
    """The percents of the current publish for a unit with all below it, one per KPI."""
    rows = connection.execute(
        "select distinct on (kpi_code) kpi_code, numerator, denominator, value from marts.kpi_value "
        "where agency_code = %s and scope = 'tree' and unit_basis = 'as_was' and period_grain = %s and "
        "period_start = %s "
        "and unit = 'percent' order by kpi_code, method desc, due_basis, kpi_version desc",
        (agency, period.grain, period.start),
    ).fetchall()
    return {str(row[0]): Known(*row) for row in rows}


def _publish_no(connection: Connection) -> int | None:
    row = connection.execute("select publish_no from marts.last_publish").fetchone()
    return int(row[0]) if row else None


def _told(claim: Claim, known: Known | None) -> Claim:
    """The warehouse's figure beside the verdict. The verdict stays: it is about the report's own arithmetic."""
    if known is None or known.value is None or known.numerator is None or known.denominator is None:
        return claim
    shown = f"{number(known.numerator)}/{number(known.denominator)} = {number(known.value)}%"
    return replace(
        claim,
        reason_vi=f"{claim.reason_vi}. Kho số liệu: {shown}",
        reason_en=f"{claim.reason_en}. Warehouse: {english(shown)}",
    )


def _keep(
    report: Report,
    known: list[Known | None],
    agency: str | None,
    period: Period | None,
    publish_no: int | None,
    settings: Settings | None,
) -> None:
    name = PurePath(report.file).name
    with connect("auditor", settings) as connection, connection.transaction():
        row = connection.execute("select nextval('ledger.report_check_no')").fetchone()
        assert row is not None
        check_no = int(row[0])
        connection.cursor().executemany(
            "insert into ledger.reported_claim (check_no, claim_no, file_name, file_digest, claim_text, "
            "span_start, span_end, "
            "kind, numerator, denominator, stated, recomputed, verdict, reason_vi, reason_en, agency_code, "
            "period_grain, "
            "period_start, kpi_code, kpi_numerator, kpi_denominator, kpi_value, publish_no) values "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    check_no, claim_no, name, report.digest, claim.text, claim.start, claim.end, claim.kind.value,
                    claim.numerator, claim.denominator, claim.stated, claim.recomputed, claim.verdict.value,
                    claim.reason_vi, claim.reason_en, agency, period.grain if period else None,
                    period.start if period else None, value.kpi_code if value else kpi_of(claim),
                    value.numerator if value else None, value.denominator if value else None,
                    value.value if value else None, publish_no,
                )
                for claim_no, (claim, value) in enumerate(zip(report.claims, known, strict=True), start=1)
            ],
        )  # fmt: skip
        append(connection, "report_checked", _event(report, name, check_no))


def _event(report: Report, name: str, check_no: int) -> dict[str, Any]:
    verdicts = sorted({claim.verdict.value for claim in report.claims})
    return {
        "check_no": check_no,
        "file": name,
        "file_digest": report.digest,
        "claims": len(report.claims),
        "verdicts": {verdict: sum(claim.verdict == verdict for claim in report.claims) for verdict in verdicts},
    }
