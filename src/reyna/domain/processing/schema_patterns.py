"""Patterns of the schemas that a processor takes: `text-input-v*` stands for every major version of `text-input`."""

from collections.abc import Iterable
from typing import Final

PATTERN_SUFFIX: Final = "-v*"


def is_pattern(text: str) -> bool:
    return text.endswith(PATTERN_SUFFIX)


def schema_name_of(pattern: str) -> str:
    """Returns the name of the schemas that a pattern stands for."""
    return pattern.removesuffix(PATTERN_SUFFIX)


def takes_schema(patterns: Iterable[str], schema_id: str) -> bool:
    """Returns True when one of the ids or patterns is of this schema."""
    return any(_matches(pattern, schema_id) for pattern in patterns)


def _matches(pattern: str, schema_id: str) -> bool:
    if not is_pattern(pattern):
        return pattern == schema_id
    name, separator, major = schema_id.rpartition("-v")
    return bool(separator) and name == schema_name_of(pattern) and major.isascii() and major.isdigit()
