"""What a percent is when it is no figure of the report: an aim, a range, a rule of scoring."""

import re

from egov_kpi.claims import words
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading

_BOUNDS = frozenset({"trên", "dưới", "hơn", ">", "<", "≥", "≤"})
_OF_UNITS = re.compile(
    r"(?:đơn vị|cơ quan|xã|phường|thị trấn|huyện|địa phương|sở|ngành|phòng|ban)\s+(?:có|đạt)\s[^,;.()]*$", re.IGNORECASE
)


def is_range(reading: Reading, stated: Quantity) -> bool:
    """90-95%, từ 80% đến 90%: no single value is stated."""
    before, after = reading.lead(stated.start, 24), reading.tail(stated.end, 24)
    if re.search(r"\d\s*%?\s*[-–]\s*$", before) or re.match(r"\s*[-–]\s*\d[\d.,]*\s*%", after):
        return True
    if re.search(r"từ\s*$", before) and re.match(r"\s*(?:đến|tới|lên|xuống|còn)\s*\S{0,6}\s*\d[\d.,]*\s*%", after):
        return True
    return re.search(r"từ\s+[\d.,]+\s*%?\s*(?:đến|tới|lên|xuống|còn)\s*\S{0,6}\s*$", before) is not None


def is_scoring_rule(reading: Reading, stated: Quantity) -> bool:
    """`≤ 5% trừ 1/2 số điểm`, `từ 95% trở lên được 2 điểm`: how points are given, no figure of the report."""
    after = reading.tail(stated.end, 45).lower()
    if re.match(r"[^,;.]{0,30}:\s*[\d,]+\s*điểm", after):
        return True
    return re.match(r"[^,;.]{0,25}(?:trừ|thì|được tính|chấm|được)\s+(?:\S+\s+){0,3}điểm", after) is not None


def is_threshold(reading: Reading, stated: Quantity) -> bool:
    """`5 cơ quan có tỷ lệ quá hạn trên 5%`: the bound by which units are picked out."""
    sentence = reading.text[reading.passage.start : stated.start]
    return stated.qualifier in _BOUNDS and _OF_UNITS.search(sentence) is not None


def is_aim(reading: Reading, stated: Quantity) -> bool:
    """Whether a percent says what is wanted, not what came about."""
    clause = reading.clause_before(stated.start)
    if re.fullmatch(r"[\s(]*(?:\S+\s+)?", clause):
        clause = (
            reading.clause_before(reading.passage.start + reading.text[reading.passage.start : stated.start].rfind("("))
            or clause
        )
    after = reading.tail(stated.end, 50)
    aims = list(words.AIM.finditer(clause))
    if aims:
        return words.RESULT.search(clause[aims[-1].end() :]) is None
    sentence = reading.text[reading.passage.start : stated.start]
    if words.RESULT.search(clause):
        return False
    if re.match(r"\s*(?:tổng )?(?:số điểm )?trở lên", after):
        return True
    lead = words.LEAD_AIM.match(sentence)
    if lead and words.RESULT.search(sentence[lead.end() :]) is None:
        return True
    if reading.passage.is_aim:
        return words.RESULT.search(sentence) is None
    if (
        words.AIM.search(sentence)
        and not words.RESULT.search(sentence)
        and not re.search(r"theo (?:yêu cầu|đề nghị)", sentence.lower())
    ):
        return True
    return bool(words.SOFT_AIM.search(clause + after)) and words.RESULT.search(reading.lower) is None
