"""Numbers of Vietnamese report text, with their units, and what only looks like a quantity.

`1.234,5`, `1 234`, `3.23%`, `1,143 triệu` and `09` are quantities; dates, times, document numbers, law citations,
telephone numbers, ranks, codes and list numbers are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from egov_kpi.claims import words

SCALES = {
    "nghìn": Decimal(1000),
    "ngàn": Decimal(1000),
    "vạn": Decimal(10_000),
    "triệu": Decimal(1_000_000),
    "tỷ": Decimal(1_000_000_000),
    "tỉ": Decimal(1_000_000_000),
}
SPACES = "\u00a0\u202f\u2009 "
_NUMBER = re.compile(
    r"(?<![^\W_])(?:"
    r"(?P<english>\d{1,3}(?:,\d{3})+\.\d+)"
    r"|(?P<dotted>\d{1,3}(?:\.\d{3})+(?:,\d+)?)(?![\d])"
    r"|(?P<commas>\d{1,3}(?:,\d{3}){2,})(?!\d)"
    rf"|(?P<spaced>\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?:,\d+)?)(?![\d.,]*\d)"
    r"|(?P<simple>\d+(?:[.,]\d+)?)"
    r")"
)
_PERCENT = re.compile(r"\s{0,2}(?:%|(?<=\s)phần trăm\b)")
_POINT_OF_PERCENT = re.compile(r"\s*điểm\s*(?:phần trăm|%)", re.IGNORECASE)
_SCALE = re.compile(r"\s*(nghìn|ngàn|vạn|triệu|tỷ|tỉ)\b(?!\s*(?:lệ|trọng))", re.IGNORECASE)
_QUALIFIER = re.compile(
    r"(hơn|trên|gần|khoảng|xấp xỉ|ước(?: đạt)?|dưới|tối thiểu|ít nhất|tối đa|chưa đến|chưa tới|[>≥<≤~])\s*$",
    re.IGNORECASE,
)
_SHARE_BESIDE = re.compile(
    r"\s*(?:hồ sơ\s*)?[(,–-]\s*(?:đạt|chiếm|bằng|tỷ lệ|tương ứng)?\s*\d[\d.,]*\s?%|/\d[\d.]*\s*\w"
)
_COUNT_BEFORE = re.compile(
    rf"(?:{words.NOUNS}|hạn|hẹn)\s*(?:là|có|được|:)\s*$|(?:tổng số|được|giải quyết)\s*$", re.IGNORECASE
)


@dataclass(frozen=True)
class Quantity:
    """One number with what it counts. `value` includes the scale word; `digits` are the decimals as printed."""

    start: int
    end: int
    value: Decimal
    digits: int
    form: str  # percent, pp (percentage points), duration, count
    unit: str
    unit_end: int
    qualifier: str
    scale: Decimal
    written: str

    @property
    def is_points(self) -> bool:
        return self.unit.startswith("điểm")


def quantities(text: str) -> list[Quantity]:
    """The quantities of a text, in order; masked look-alikes and measures are left out."""
    masked = _masked(text)
    found = []
    for match in _matches(text):
        if masked[match.start()] or masked[match.end() - 1]:
            continue
        quantity = _quantity(text, match)
        if quantity is not None:
            found.append(quantity)
    return found


def _matches(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while match := _NUMBER.search(text, at):
        if match["spaced"] and not _is_spaced_thousands(text, match):
            first = re.compile(r"\d+").match(text, match.start())
            assert first is not None
            plain = re.compile(r"(?P<english>(?!))?(?P<dotted>(?!))?(?P<commas>(?!))?(?P<spaced>(?!))?(?P<simple>\d+)")
            match = plain.match(text, match.start()) or match
        yield match
        at = match.end()


def _is_spaced_thousands(text: str, match: re.Match[str]) -> bool:
    """A space parts thousands only outside rows of figures: a word before, and a word, slash or percent after."""
    if any(space in match[0] for space in "\u00a0\u202f\u2009"):
        return True
    before, after = (
        text[max(0, match.start() - 9) : match.start()].rstrip(" "),
        text[match.end() : match.end() + 9].lstrip(" "),
    )
    return not re.search(r"[\d|\t]$", before) and not re.match(r"[\d|\t]", after)


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    end = match.end()
    if end < len(text) and text[end].isalpha() and not words.is_noun(text[end : end + 30]):
        return None
    percent = _PERCENT.match(text, end)
    of_percent = _POINT_OF_PERCENT.match(text, end)
    scale = None if percent else _SCALE.match(text, end)
    factor = SCALES[scale[1].lower()] if scale else Decimal(1)
    unit_at = scale.end() if scale else end
    unit, unit_end = ("", end) if percent else words.unit_after(text, unit_at)
    if unit in words.MEASURES or (not percent and _is_year(text, match, unit)):
        return None
    if unit == "đ":
        unit = "điểm" if match["simple"] and len(match[0].split(",")[0]) <= 3 else "đồng"
    value, digits = _value(match, bool(percent or of_percent), factor, unit)
    qualifier = _QUALIFIER.search(text, max(0, match.start() - 12), match.start())
    form = "percent" if percent else "pp" if of_percent else "duration" if unit in words.DURATIONS else "count"
    whole = percent.end() if percent else of_percent.end() if of_percent else unit_at
    return Quantity(
        match.start(), whole, value * factor, digits, form, unit, max(whole, unit_end),
        qualifier[1].lower() if qualifier else "", factor, match[0],
    )  # fmt: skip


def _is_year(text: str, match: re.Match[str], unit: str) -> bool:
    year = match["simple"]
    if not year or not re.fullmatch(r"(?:19|20)\d\d", year) or _is_counted(text, match):
        return False
    return not words.is_noun(unit) or bool(
        re.search(r"năm\s*$", text[max(0, match.start() - 9) : match.start()], re.IGNORECASE)
    )


def _is_counted(text: str, match: re.Match[str]) -> bool:
    """`là 1980 (99,5%)`, `quá hạn: 1985/2000`: a count that only looks like a year."""
    before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 24]
    if re.search(r"(?:năm|tháng|quý|kỳ|[-–/])\s*$", before, re.IGNORECASE):
        return False
    return _SHARE_BESIDE.match(after) is not None or _COUNT_BEFORE.search(before) is not None


def _value(match: re.Match[str], percent: bool, factor: Decimal, unit: str) -> tuple[Decimal, int]:
    written = match[0]
    if match["english"]:
        written = written.replace(",", "")
    elif match["dotted"] and (percent or _scaled_fraction(written, factor, unit)):
        pass
    elif match["dotted"] or match["spaced"]:
        written = re.sub(rf"[.{SPACES}]", "", written).replace(",", ".")
    elif match["commas"] or _comma_thousands(written, percent, factor, unit):
        written = written.replace(",", "")
    else:
        written = written.replace(",", ".")
    value = Decimal(written)
    return value, max(0, -int(value.as_tuple().exponent))


def _scaled_fraction(written: str, factor: Decimal, unit: str) -> bool:
    """`1.143 triệu hồ sơ` is a decimal point; `1.143 triệu đồng` is a thousand."""
    return factor > 1 and written.count(".") == 1 and "," not in written and not unit.startswith("đồng")


def _comma_thousands(written: str, percent: bool, factor: Decimal, unit: str) -> bool:
    """`4,608 hồ sơ` is the English way to write a whole count."""
    whole = re.fullmatch(r"[1-9]\d{0,2},\d{3}", written) is not None
    return whole and not percent and factor == 1 and not unit.startswith(("điểm", "đồng"))


@cache
def _mask_patterns() -> list[re.Pattern[str]]:
    return [re.compile(pattern, flags) for pattern, flags in words.MASKS]


def _masked(text: str) -> bytearray:
    hidden = bytearray(len(text))
    for pattern in _mask_patterns():
        for match in pattern.finditer(text):
            start, end = match.span("x") if "x" in pattern.groupindex else match.span()
            hidden[start:end] = b"\x01" * (end - start)
    return hidden
