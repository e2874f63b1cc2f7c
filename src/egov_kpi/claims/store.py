"""The results of checked reports, kept: rows of `ledger.reported_claim` and the event `report_checked`.

The marts are read as `bi`, the results are written as `auditor`, in one transaction.
"""

from pathlib import PurePath
from typing import Any

from egov_kpi.claims.check import Report
from egov_kpi.claims.marts import Known, Period, compare, kpi_of
from egov_kpi.db.connect import connect
from egov_kpi.ledger.events import append
from egov_kpi.settings import Settings


def compare_and_keep(
    report: Report, agency: str | None = None, period: str | None = None, settings: Settings | None = None
) -> Report:
    """The report with the warehouse's own figure in the reasons, its claims kept in the ledger.

    Raises EGOV-CLAIMS-004 for a unit that the warehouse doesn't know.
    """
    told = compare(report, agency, period, settings)
    _keep(told.report, told.known, told.agency, told.period, told.publish_no, settings)
    return told.report


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
