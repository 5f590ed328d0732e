"""Converts a value to another type where only one result is possible."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from reyna.domain.json.numbers import exact_number

NUMBER_PATTERN: Final = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\s*")
MAX_NUMBER_CHARACTERS: Final = 40  # characters of a number
BOOLEAN_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def to_string(value: Any) -> str:
    """Returns text unchanged, and a number or a boolean as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    raise ValueError(f"{describe_type(value)} is no text")


def to_number(value: Any) -> int | float:
    """Returns a number unchanged, and the number in a text. Raises ValueError for anything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > MAX_NUMBER_CHARACTERS or not NUMBER_PATTERN.fullmatch(value):
        raise ValueError(f"{describe_type(value)} is no number")
    text = value.strip()
    number = int(text) if text.lstrip("+-").isdigit() else exact_number(text)
    if not -(2**63) <= number < 2**64:
        raise ValueError("a number is too large")
    return number


def to_integer(value: Any) -> int:
    """Returns a whole number without rounding. Raises ValueError for anything else."""
    number = to_number(value)
    if number != int(number):
        raise ValueError("a number is not whole")
    return int(number)


def to_boolean(value: Any) -> bool:
    """Converts booleans, 1, 0, and the words `true`, `false`, `yes`, `no`. Raises ValueError for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and (word := value.strip().lower()) in BOOLEAN_WORDS:
        return BOOLEAN_WORDS[word]
    raise ValueError(f"{describe_type(value)} is neither true nor false")


def to_list(value: Any) -> list[Any]:
    """Returns a list unchanged, null as an empty list, and any other value as a list with one item."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def describe_type(value: Any) -> str:
    """Returns the type of a value in words, without the value, which may be private text."""
    kinds = ((bool, "a boolean"), (str, "a text"), (int | float, "a number"), (list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")


CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": to_string,
    "number": to_number,
    "integer": to_integer,
    "boolean": to_boolean,
    "list": to_list,
}
