"""A claim with its span, and the short reason of its verdict in Vietnamese and English."""

import re
from collections.abc import Sequence
from decimal import Decimal

from egov_kpi.claims.model import Claim, Kind, Verdict
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading

REASONS: dict[str, tuple[str, str]] = {
    "holds": ("{n}/{d} = {r}%, khớp số công bố {s}%", "{n}/{d} = {r}%, as printed ({s}%)"),
    "wrong": ("{n}/{d} = {r}%, không phải {s}%", "{n}/{d} = {r}%, not {s}%"),
    "over": ("Tử số {n} lớn hơn mẫu số {d}: tỷ lệ {r}% vượt 100%", "Part {n} exceeds whole {d}: {r}% is above 100%"),
    "pair": ("{n}/{d}, tương ứng {r}%", "{n} of {d} is {r}%"),
    "points_over": ("Điểm {n} vượt điểm tối đa {d}", "{n} points exceed the maximum {d}"),
    "zero": ("Mẫu số bằng 0, không tính được tỷ lệ", "The denominator is zero: no rate exists"),
    "fraction": ("{n}/{d} = {r}%: số công bố {s} là phân số, không phải phần trăm", "{n}/{d} = {r}%: {s} is a "
                                                                                    "fraction printed as a percent"),
    "rate_over": ("Tỷ lệ {s}% vượt quá 100%", "A share of {s}% is above 100%"),
    "no_denominator": ("Không nêu mẫu số, không kiểm tra được {s}%", "No denominator is given: {s}% cannot be checked"),
    "no_numerator": ("Chỉ nêu {d}, thiếu tử số, không kiểm tra được {s}%", "Only {d} is given: without the "
                                                                           "numerator {s}% cannot be checked"),
    "target": ("{s}% là mục tiêu, không phải kết quả", "{s}% is an aim, not a result"),
    "aim": ("{n}/{d} là mục tiêu, không phải kết quả", "{n} of {d} is an aim, not a result"),
    "sum_holds": ("Các phần cộng lại bằng {s}", "The parts add up to {s}"),
    "sum_wrong": ("Các phần cộng lại bằng {n}, không phải {s} (lệch {x})", "The parts add up to {n}, not {s} "
                                                                           "(off by {x})"),
    "sum_unit": ("Cộng đúng {s}, nhưng lẫn hồ sơ với thủ tục", "Adds up to {s}, but dossiers and procedures are "
                                                               "mixed up"),
    "count_as_rate": ("Nêu tỷ lệ nhưng đưa ra số lượng {s}", "A rate is announced but a count ({s}) is given"),
    "change_holds": ("Từ {d} đến {n}: thay đổi {r}, khớp số công bố {s}", "From {d} to {n} is a change of {r}, "
                                                                          "as printed ({s})"),
    "change_wrong": ("Từ {d} đến {n}: thay đổi {r}, không phải {s}", "From {d} to {n} is a change of {r}, not {s}"),
    "points_of_percent": (
        "Từ {d}% đến {n}% là {s} điểm phần trăm, tức thay đổi {r}%", "From {d}% to {n}% is {s} percentage "
                                                                     "points, a change of {r}%"
    ),
    "no_base": ("Không nêu số liệu gốc, không kiểm tra được mức thay đổi {s}", "No base is given: a change of "
                                                                               "{s} cannot be checked"),
    "lost": ("{d} điểm trừ {x} điểm bị mất còn lại khác với {n}", "{d} points less the {x} lost are not {n}"),
    "maxima": ("Điểm tối đa các mục cộng lại bằng {x}, không phải {d}", "The maxima of the items add up to {x}, "
                                                                        "not {d}"),
    "scores": ("Điểm các mục cộng lại bằng {x}, không phải {n}", "The points of the items add up to {x}, not {n}"),
}  # fmt: skip


def claim(
    reading: Reading,
    kind: Kind,
    verdict: Verdict,
    marks: Sequence[Quantity],
    reason: str,
    numerator: Decimal | None,
    denominator: Decimal | None,
    stated: Decimal | None,
    recomputed: Decimal | None,
) -> Claim:
    """A claim whose span runs over its figures in this passage, from the start of their clause."""
    start, end = span(reading, marks)
    return made(reading.text, start, end, kind, verdict, reason, numerator, denominator, stated, recomputed)


def made(
    text: str,
    start: int,
    end: int,
    kind: Kind,
    verdict: Verdict,
    reason: str,
    numerator: Decimal | None,
    denominator: Decimal | None,
    stated: Decimal | None,
    recomputed: Decimal | None,
    extra: Decimal | None = None,
) -> Claim:
    vi, en = told(reason, numerator, denominator, stated, recomputed, extra)
    return Claim(kind, start, end, text[start:end], verdict, numerator, denominator, stated, recomputed, vi, en)


def told(
    reason: str,
    numerator: Decimal | None,
    denominator: Decimal | None,
    stated: Decimal | None,
    recomputed: Decimal | None,
    extra: Decimal | None = None,
) -> tuple[str, str]:
    """A reason in Vietnamese and English, figures in the hand of each."""
    off = extra
    if off is None and numerator is not None and stated is not None:
        off = abs(numerator - stated)
    shown = {
        key: "" if value is None else number(value)
        for key, value in {"n": numerator, "d": denominator, "s": stated, "r": recomputed, "x": off}.items()
    }
    vi, en = REASONS[reason]
    return vi.format_map(shown), en.format_map({key: english(value) for key, value in shown.items()})


def span(reading: Reading, marks: Sequence[Quantity]) -> tuple[int, int]:
    """From the clause of the first figure to the end of the clause of the last, within the passage."""
    inside = [mark for mark in marks if reading.passage.start <= mark.start < reading.passage.end]
    first = min(mark.start for mark in inside)
    end = _clause_end(reading, max(max(mark.end, mark.unit_end) for mark in inside))
    lead = reading.text[reading.passage.start : first]
    told = [q.unit_end - reading.passage.start for q in reading.quantities if q.start < first and q not in inside]
    cuts = [match.end() for match in re.finditer(r"[;,]\s+|\)\s*[;,.]?\s*|^\s*(?:[-+*•–]|[a-zđ0-9]{1,2}[.)])\s+", lead)]
    weak = [cut for cut in cuts if told and cut >= told[-1]][:1]
    strong = [match.end() for match in re.finditer(r";\s*|^\s*(?:[-+*•–]|[a-zđ0-9]{1,2}[.)])\s+", lead)][-1:]
    start = reading.passage.start + max([*weak, *strong, len(lead) - len(lead.lstrip())])
    if reading.text[end : end + 1] == ")" and "(" in reading.text[start:end]:
        end += 1
    return start, end


def _clause_end(reading: Reading, end: int) -> int:
    """Up to the next mark of punctuation, when it is near and no figure stands before it."""
    rest = re.match(r"[^\d,;.()\n]{0,90}(?=[,;.()\n]|$)", reading.text[end : reading.passage.end])
    return end + len(rest[0].rstrip()) if rest else end


def number(value: Decimal) -> str:
    """1234.5 as Vietnamese readers write it, to two places: 1.234,5."""
    rounded = round(value, 2)
    text = f"{rounded:,.2f}".rstrip("0").rstrip(".") if rounded != rounded.to_integral_value() else f"{int(rounded):,}"
    return text.translate(str.maketrans(",.", ".,"))


def english(shown: str) -> str:
    return shown.translate(str.maketrans(",.", ".,"))
