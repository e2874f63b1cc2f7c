"""Whether a printed figure is the one that its own parts give."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from egov_kpi.claims.numbers import Quantity

AT_LEAST = frozenset({"hơn", "trên", ">", "≥", "tối thiểu", "ít nhất"})
AT_MOST = frozenset({"gần", "dưới", "chưa đến", "chưa tới", "<", "≤"})
ABOUT = frozenset({"khoảng", "xấp xỉ", "ước", "ước đạt", "~"})


def percent(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """a of b in percent, unrounded; None when there is nothing to divide by."""
    return numerator * 100 / denominator if denominator else None


def printed_as(exact: Decimal, stated: Decimal, digits: int) -> bool:
    """Whether `stated` is `exact`, rounded or cut at the digits that are printed."""
    step = Decimal(1).scaleb(-digits)
    roundings = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
    return any(exact.quantize(step, rounding=rounding) == stated for rounding in roundings)


def agrees(exact: Decimal | None, stated: Quantity) -> bool:
    """Whether a printed figure with its `hơn`, `gần` or `khoảng` fits the exact one."""
    if exact is None:
        return False
    if printed_as(exact, stated.value, stated.digits):
        return True
    room = Decimal(5) if stated.digits == 0 else Decimal("0.5")
    away = exact - stated.value
    if stated.qualifier in AT_LEAST:
        return 0 <= away <= room
    if stated.qualifier in AT_MOST:
        return -room <= away <= 0
    return stated.qualifier in ABOUT and abs(away) <= room / 2


def is_fraction_slip(exact: Decimal, stated: Quantity) -> bool:
    """0,42 (of one) printed with a percent sign."""
    return stated.value <= 1 and exact > 0 and printed_as(exact / 100, stated.value, stated.digits)
