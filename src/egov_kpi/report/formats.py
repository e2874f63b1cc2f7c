"""Numbers and days as people write them: 1.234,5 in Vietnamese, 1,234.5 in English, dd/mm/yyyy in both."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NOTHING = "–"


def number(value: Decimal | int | float | None, language: str, digits: int = 2) -> str:
    """At most so many decimals, rounded half up; trailing zeros are left out."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text = f"{exact:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def day(value: date | None) -> str:
    return f"{value:%d/%m/%Y}" if value else NOTHING


def moment(value: datetime | None) -> str:
    """Day and time of the zone that the value carries: the warehouse's sessions are in Asia/Ho_Chi_Minh."""
    return f"{value:%d/%m/%Y %H:%M}" if value else NOTHING


def period(grain: str, start: date, language: str) -> str:
    """03/2023; Quý I/2023; 2023."""
    if grain == "month":
        return f"{start:%m/%Y}"
    if grain == "quarter":
        number_of = (start.month + 2) // 3
        return (
            f"Quý {('I', 'II', 'III', 'IV')[number_of - 1]}/{start.year}"
            if language == "vi"
            else (f"Q{number_of}/{start.year}")
        )
    return str(start.year)
