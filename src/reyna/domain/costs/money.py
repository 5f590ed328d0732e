"""Amounts of money: US dollars, as decimal text outside and as whole billionths of a dollar inside."""

from decimal import Decimal, InvalidOperation
from typing import Final

from reyna.domain.errors import Invalid

CURRENCY: Final = "USD"  # that of all price lists of language models
NANOS_PER_DOLLAR: Final = 10**9
MAX_DOLLARS: Final = 10**9  # a store counts to 9 * 10^18


def parse_amount(amount: str | float, path: str = "/amount") -> int:
    """Returns the amount in billionths of a dollar. Raises Invalid for what is negative, too large or too precise."""
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation:
        dollars = Decimal("NaN")
    if not dollars.is_finite() or not 0 <= dollars <= MAX_DOLLARS:
        raise Invalid.at(path, "is not an amount of money", expected="a number from 0 to 10^9")
    nanos = dollars * NANOS_PER_DOLLAR
    if nanos != nanos.to_integral_value():
        raise Invalid.at(path, "has more than nine decimal places", expected="at most nine decimal places")
    return int(nanos)


def format_amount(nanos: int) -> str:
    """Returns the exact amount in dollars, with at least two decimal places."""
    dollars, rest = divmod(abs(nanos), NANOS_PER_DOLLAR)
    decimals = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nanos < 0 else ''}{dollars}.{decimals}"
