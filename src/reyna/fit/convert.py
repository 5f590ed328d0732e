"""One value as another type, where there is no doubt which value that is."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\s*")
LONGEST: Final = 40  # characters of a number
WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def to_string(value: Any) -> str:
    """Text as it is; a number or a boolean as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    raise ValueError(f"{kind_of(value)} is no text")


def to_number(value: Any) -> int | float:
    """A number as it is, and text that is one."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > LONGEST or not NUMBER.fullmatch(value):
        raise ValueError(f"{kind_of(value)} is no number")
    text = value.strip()
    number = int(text) if text.lstrip("+-").isdigit() else float(text)
    if not math.isfinite(number) or not -(2**63) <= number < 2**64:
        raise ValueError("a number is too large")
    return number


def to_integer(value: Any) -> int:
    """A whole number; nothing is rounded."""
    number = to_number(value)
    if number != int(number):
        raise ValueError("a number is not whole")
    return int(number)


def to_boolean(value: Any) -> bool:
    """true, false, 1, 0, and the words `true`, `false`, `yes`, `no`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and (word := value.strip().lower()) in WORDS:
        return WORDS[word]
    raise ValueError(f"{kind_of(value)} is neither true nor false")


def to_list(value: Any) -> list[Any]:
    """A list as it is; null as an empty one; anything else as the only item of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def kind_of(value: Any) -> str:
    """What a value is, in words, without what it says: that may be anybody's text."""
    kinds = ((bool, "a boolean"), (str, "a text"), (int | float, "a number"), (list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")


CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": to_string,
    "number": to_number,
    "integer": to_integer,
    "boolean": to_boolean,
    "list": to_list,
}
