"""Claims beside the marts: of which unit and period a report speaks, and what the warehouse has of the same KPI.

The marts are read as `bi`; nothing is written and no server is started for it unless it is asked for.
"""

import re
import socket
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import psycopg

from egov_kpi.claims.check import Report
from egov_kpi.claims.model import Claim, Kind
from egov_kpi.claims.reasons import english, number
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError
from egov_kpi.platform import postgres
from egov_kpi.settings import Settings, get_settings

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
# What a total counts, by the words before its parts; the first that fits.
_COUNTS = tuple(
    (code, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for code, pattern in (
        ("doc_outgoing", r"văn bản (?:điện tử )?(?:đi|phát hành)(?!\w)|phát hành.*văn bản"),
        ("mail_issued", r"hộp thư|thư (?:điện tử )?công vụ"),
        ("dvc_full", r"toàn trình"),
        ("dvc_partial", r"một phần"),
        ("tthc_posted", r"(?:công khai|niêm yết).*(?:thủ tục|tthc)|(?:thủ tục|tthc).*(?:công khai|niêm yết)"),
        ("late_external", r"hồ sơ.*(?:trễ|quá) (?:hạn|hẹn)|(?:trễ|quá) (?:hạn|hẹn).*hồ sơ"),
        ("dossier_returned", r"trả (?:kết quả|được|cho).*hồ sơ|hồ sơ.*(?:đã trả|trả kết quả)"),
        ("dossier_received", r"(?:tiếp nhận|đã nhận).*hồ sơ|hồ sơ.*tiếp nhận"),
    )
)
_COUNTED = frozenset({Kind.SUM, Kind.INCREASE})
_PARTS = re.compile(r"\(|;|(?:bao )?gồm|trong (?:số )?đó|chia ra|tăng|giảm|so với", re.IGNORECASE)
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


@dataclass(frozen=True)
class Comparison:
    """A report with the warehouse's figures in its reasons, and what they were taken from."""

    report: Report
    known: list[Known | None]
    agency: str | None
    period: Period | None
    publish_no: int | None


def compare(
    report: Report, agency: str | None = None, period: str | None = None, settings: Settings | None = None
) -> Comparison:
    """The marts' own figure beside each claim whose KPI is known.

    Unit and period come from the caller or from the head of the text; without both there is nothing to compare with.
    Raises EGOV-CLAIMS-004 for a unit that the warehouse doesn't know.
    """
    span = parse_period(period) if period else period_of(report.text)
    with connect("bi", settings) as connection:
        unit = _checked(connection, agency) if agency else agency_of(connection, report.text)
        values = _known(connection, unit, span) if unit and span else {}
        publish_no = _publish_no(connection)
    known = [values.get(kpi_of(claim) or "") for claim in report.claims]
    claims = [_told(claim, value) for claim, value in zip(report.claims, known, strict=True)]
    return Comparison(replace(report, claims=claims), known, unit, span, publish_no)


def compared_if_reachable(report: Report, settings: Settings | None = None) -> Report:
    """The report beside the marts where a warehouse is up already; as it is where none is, or none of the period."""
    settings = settings or get_settings()
    if period_of(report.text) is None or not report.claims or not is_reachable(settings):
        return report
    try:
        return compare(report, settings=settings).report
    except (EgovError, psycopg.Error):
        return report


def is_reachable(settings: Settings) -> bool:
    """Whether a server answers at once; the embedded one is not started for it."""
    if not settings.database_url:
        return postgres.is_running(settings)
    parts = urlsplit(settings.database_url)
    try:
        socket.create_connection((parts.hostname or "localhost", parts.port or 5432), timeout=1).close()
    except OSError:
        return False
    return True


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
    """The KPI that a claim's words speak of, if they do: a rate by all of them, a total by those before its parts."""
    if claim.kind in _RATES:
        return next((code for code, pattern in _KPIS if pattern.search(claim.text)), None)
    if claim.kind not in _COUNTED or (claim.stated is None and claim.numerator is None):
        return None
    subject = _PARTS.split(claim.text)[0]
    return next((code for code, pattern in _COUNTS if pattern.search(subject)), None)


def _checked(connection: Connection, agency: str) -> str:
    row = connection.execute("select 1 from marts.dim_agency where agency_code = %s limit 1", (agency,)).fetchone()
    if row is None:
        raise EgovError("EGOV-CLAIMS-004", agency=agency)
    return agency


def _known(connection: Connection, agency: str, period: Period) -> dict[str, Known]:
    """The values of the current publish for a unit with all below it, one per KPI."""
    rows = connection.execute(
        "select distinct on (kpi_code) kpi_code, numerator, denominator, value from marts.kpi_value "
        "where agency_code = %s and scope = 'tree' and unit_basis = 'as_was' and period_grain = %s and "
        "period_start = %s "
        "order by kpi_code, method desc, due_basis, kpi_version desc",
        (agency, period.grain, period.start),
    ).fetchall()
    return {str(row[0]): Known(*row) for row in rows}


def _shown(claim: Claim, known: Known) -> str:
    """A rate with its pair; of a total only the count, also where the KPI is a rate of it."""
    if known.numerator is None:
        return ""
    if claim.kind in _COUNTED:
        return number(known.numerator)
    if known.value is None or known.denominator is None:
        return ""
    return f"{number(known.numerator)}/{number(known.denominator)} = {number(known.value)}%"


def _publish_no(connection: Connection) -> int | None:
    row = connection.execute("select publish_no from marts.last_publish").fetchone()
    return int(row[0]) if row else None


def _told(claim: Claim, known: Known | None) -> Claim:
    """The warehouse's figure beside the verdict. The verdict stays: it is about the report's own arithmetic."""
    shown = _shown(claim, known) if known is not None else ""
    if not shown:
        return claim
    return replace(
        claim,
        reason_vi=f"{claim.reason_vi}. Kho số liệu: {shown}",
        reason_en=f"{claim.reason_en}. Warehouse: {english(shown)}",
    )
