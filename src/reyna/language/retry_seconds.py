"""Settings that list several numbers of seconds, as text."""

from collections.abc import Sequence
from typing import Final

from reyna.domain.errors import WrongSetting

MAX_SECONDS: Final = 86_400.0


def format_seconds(seconds: Sequence[float]) -> str:
    """Returns the numbers as they are written in a setting."""
    return ", ".join(f"{one:g}" for one in seconds)


def read_seconds(variable: str, text: str) -> tuple[float, ...]:
    """Returns the numbers in the text of this variable. Raises WrongSetting."""
    try:
        seconds = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise WrongSetting(variable, f"{text!r} is not like 1, 5, 30, 120") from None
    if not all(0 < one <= MAX_SECONDS for one in seconds):
        raise WrongSetting(variable, f"each number is more than 0 and at most {MAX_SECONDS:g}")
    return seconds
