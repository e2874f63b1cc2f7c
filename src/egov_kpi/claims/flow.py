"""What comes of what: received, then settled, then on time. A later stage is a part of an earlier one."""

import re
from decimal import Decimal

from egov_kpi.claims.judge import percent
from egov_kpi.claims.numbers import Quantity
from egov_kpi.claims.reading import Reading, same_unit

# The later the stage the earlier it is looked for: `tiếp nhận và giải quyết` is settled.
_STAGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"tiếp nhận|thụ lý|phát sinh|phát ra|(?<!bàn )giao(?! dịch)|kế hoạch|chỉ tiêu|dự toán|đăng ký|"
        r"phải (?:giải quyết|xử lý|thực hiện)|(?:số|tổng) (?:hồ sơ|phản ánh|đơn|phiếu|văn bản|nhiệm vụ|kiến nghị)\W*$|"
        r"tổng số|nhận được",
        r"(?<!phải )(?<!cần )(?:giải quyết|xử lý|thực hiện)|trả|hoàn thành|thu (?:về|hồi)|khắc phục|kích hoạt|có mặt",
        r"(?:đúng|trước|quá|trễ|chậm|sớm) (?:hạn|hẹn)|hợp lệ|(?<!mức )(?<!độ )hài lòng",
    )
)
_NEAR = Decimal(2)  # percent points that a slip may be away where a stage is left out


def flows_from(reading: Reading, whole: Quantity, part: Quantity) -> bool:
    """Whether the wording makes one count the outcome of another: `tiếp nhận 500 …; giải quyết 480 …`."""
    if not same_unit(part, whole) or whole.is_points or whole.start >= part.start:
        return False
    first, later = _stage(reading.text, whole), _stage(reading.text, part)
    return first is not None and later is not None and first < later


def speaks_of_another(reading: Reading, whole: Quantity, part: Quantity, stated: Quantity) -> bool:
    """`tiếp nhận 500 hồ sơ; đúng hạn 450 hồ sơ, đạt 100%`: the percent is of the settled ones, which aren't told."""
    exact = percent(part.value, whole.value)
    first, later = _stage(reading.text, whole), _stage(reading.text, part)
    skips = first is not None and later is not None and later - first > 1
    far = exact is not None and abs(exact - stated.value) > _NEAR
    of_time = re.match(r"[^;.\d]{0,40}(?:đúng|trước|quá|trễ) (?:hạn|hẹn)", reading.tail(stated.end, 60).lower())
    return far and (skips or of_time is not None)


def _stage(text: str, q: Quantity) -> int | None:
    lead = re.split(r"[;.(),](?!\d)", text[max(0, q.start - 80) : q.start])[-1]
    after = re.split(r"[;.(),\d]", text[q.unit_end : q.unit_end + 30])[0]
    clause = f"{lead.rstrip(' :')} {after}" if re.match(r"\s*(?:được|đã|phải)", after) else lead
    return next((stage for stage in (2, 1, 0) if _STAGES[stage].search(clause)), None)
