"""What a failed validation says to a person: short, and without the whole text that failed."""

from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs as rs
import msgspec

MOST_SHOWN: Final = 200  # characters of a value; a blob's text can be megabytes

EXPECTED: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda kind: " or ".join(kind.types),
    "required": lambda kind: str(kind.property),
    "enum": lambda kind: " or ".join(map(_json, kind.options)),
    "const": lambda kind: _json(kind.expected_value),
    "format": lambda kind: str(kind.format),
    "pattern": lambda kind: str(kind.pattern),
    "multipleOf": lambda kind: f"a multiple of {kind.multiple_of}",
    "minimum": lambda kind: f"at least {kind.limit}",
    "maximum": lambda kind: f"at most {kind.limit}",
    "exclusiveMinimum": lambda kind: f"more than {kind.limit}",
    "exclusiveMaximum": lambda kind: f"less than {kind.limit}",
    "minLength": lambda kind: f"at least {kind.limit:,} characters",
    "maxLength": lambda kind: f"at most {kind.limit:,} characters",
    "minItems": lambda kind: f"at least {kind.limit:,} items",
    "maxItems": lambda kind: f"at most {kind.limit:,} items",
    "minProperties": lambda kind: f"at least {kind.limit:,} properties",
    "maxProperties": lambda kind: f"at most {kind.limit:,} properties",
}


def in_words(error: rs.ValidationError) -> tuple[str, str | None]:
    """What is wrong, and what was expected instead, where that can be said in a word."""
    expected = EXPECTED.get(error.kind.name)
    return _message(error), cut(expected(error.kind)) if expected else None


def cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _message(error: rs.ValidationError) -> str:
    """The engine's own sentence; where that quotes much, only as much as helps to find the place."""
    if len(error.message) <= MOST_SHOWN:
        return error.message
    shown = _json(error.instance)
    rest = error.message.removeprefix(shown)
    return cut(shown) + cut(rest) if rest != error.message else cut(error.message)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
