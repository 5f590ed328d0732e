"""The International Standard Book Number (ISO 2108)."""


def normalized_isbn(text: str) -> str | None:
    """Returns the digits of a valid ISBN with 13 or 10 of them, or None."""
    digits = text.replace("-", "").replace(" ", "").upper()
    if len(digits) == 13 and digits.isascii() and digits.isdigit():
        total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits))
        return digits if total % 10 == 0 else None
    if (
        len(digits) == 10
        and digits[:9].isascii()
        and digits[:9].isdigit()
        and (digits[9].isdigit() or digits[9] == "X")
    ):
        total = sum((10 - place) * (10 if digit == "X" else int(digit)) for place, digit in enumerate(digits))
        return digits if total % 11 == 0 else None
    return None
