"""The messages of failed validations: short, and without the value that failed."""

from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs as rs
import msgspec

from reyna.domain.text import clusters

MAX_SHOWN_CHARACTERS: Final = 200  # of a name, a pattern or a list of values from the schema
VALUE_PLACEHOLDER: Final = "the value"  # replaces the failing value in messages

EXPECTED_FORMATTERS: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda types: " or ".join([types] if isinstance(types, str) else types),
    "required": str,
    "enum": lambda options: _json_options(options),
    "const": lambda value: _json(value),
    "format": str,
    "pattern": str,
    "multipleOf": lambda of: f"a multiple of {of}",
    "minimum": lambda limit: f"at least {limit}",
    "maximum": lambda limit: f"at most {limit}",
    "exclusiveMinimum": lambda limit: f"more than {limit}",
    "exclusiveMaximum": lambda limit: f"less than {limit}",
    "minLength": lambda limit: f"at least {limit:,} characters",
    "maxLength": lambda limit: f"at most {limit:,} characters",
    "minItems": lambda limit: f"at least {limit:,} items",
    "maxItems": lambda limit: f"at most {limit:,} items",
    "minProperties": lambda limit: f"at least {limit:,} properties",
    "maxProperties": lambda limit: f"at most {limit:,} properties",
}
LIMIT_ATTRIBUTES: Final = {  # the engine's attribute for the value of a keyword, where it is not `limit`
    "type": "types",
    "required": "property",
    "enum": "options",
    "const": "expected_value",
    "format": "format",
    "pattern": "pattern",
    "multipleOf": "multiple_of",
}
FAILURE_MESSAGES: Final = {
    "anyOf": f"{VALUE_PLACEHOLDER} is not valid under any of the schemas listed in the 'anyOf' keyword",
    "oneOf": f"{VALUE_PLACEHOLDER} is not valid under exactly one of the schemas listed in the 'oneOf' keyword",
    "not": f"{VALUE_PLACEHOLDER} is what it must not be",
    "contains": f"{VALUE_PLACEHOLDER} does not contain as many items of a kind as it must",
    "uniqueItems": f"{VALUE_PLACEHOLDER} has non-unique elements",
    "dependentRequired": f"{VALUE_PLACEHOLDER} lacks a property that must stand beside another",
    "unevaluatedProperties": f"{VALUE_PLACEHOLDER} has properties that are not allowed",
    "unevaluatedItems": f"{VALUE_PLACEHOLDER} has items that are not allowed",
}


def describe_error(error: rs.ValidationError) -> tuple[str, str | None]:
    """Returns the message, and the expected value where it is short."""
    name = error.kind.name
    if name not in EXPECTED_FORMATTERS:
        return shorten(error.message), None
    return shorten(error.message), expected_value(name, getattr(error.kind, LIMIT_ATTRIBUTES.get(name, "limit")))


def failure_message(keyword: str) -> str:
    """Returns the message for a failed keyword without asking the engine."""
    return FAILURE_MESSAGES.get(keyword, f"{VALUE_PLACEHOLDER} does not fit '{keyword}'")


def expected_value(keyword: str, value: Any) -> str | None:
    """Returns what a keyword with this value expects, where that is short."""
    format_expected = EXPECTED_FORMATTERS.get(keyword)
    return shorten(format_expected(value)) if format_expected else None


def shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{clusters.truncate(text, MAX_SHOWN_CHARACTERS)}…"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _json_options(options: list[Any]) -> str:
    """Returns the first options; a schema can list thousands."""
    return " or ".join(map(_json, options[: MAX_SHOWN_CHARACTERS // 4]))
