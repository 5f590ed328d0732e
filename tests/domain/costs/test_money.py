"""Amounts of money, which are exact."""

import pytest

from reyna.domain.costs.money import format_amount, parse_amount
from reyna.domain.errors import Invalid


@pytest.mark.parametrize(
    ("amount", "nanos", "text"),
    [
        ("20", 20 * 10**9, "20.00"),
        (20, 20 * 10**9, "20.00"),
        (0.1, 10**8, "0.10"),
        ("0.000435", 435_000, "0.000435"),
        ("0.000000001", 1, "0.000000001"),
        (0, 0, "0.00"),
        ("1e9", 10**18, "1000000000.00"),
    ],
)
def test_an_amount_is_read_and_written_exactly(amount: str | float, nanos: int, text: str) -> None:
    assert parse_amount(amount) == nanos
    assert format_amount(nanos) == text


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e400", "much", "", "0.0000000001", "1000000000.1"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(Invalid):
        parse_amount(amount)


def test_a_negative_amount_keeps_its_sign() -> None:
    assert format_amount(-1_500_000_000) == "-1.50"
