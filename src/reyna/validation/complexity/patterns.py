"""Classifies patterns by their cost, and keeps expensive ones away from long text."""

import re
from functools import cache
from typing import Any, Final, Literal

import jsonschema_rs as rs

from reyna.validation.keywords import Dialect, Path, pointer, walk_schemas

# The engine takes time in proportion to text times pattern. 16 KiB hold a pattern for an e-mail address, a semantic
# version or 200 counted letters. Classes of all scripts need more, but are one step unless they are counted.
SMALL_PATTERN_OPTIONS: Final = rs.RegexOptions(size_limit=16 * 1024)
WIDE_PATTERN_OPTIONS: Final = rs.RegexOptions(size_limit=512 * 1024)
COUNTED_REPETITION: Final = re.compile(r"\{\d")
MAX_WIDE_PATTERN_CHARACTERS: Final = 200  # characters of a pattern
LARGE_PATTERN_OPTIONS: Final = rs.RegexOptions(size_limit=4 * 1024 * 1024)
UNLIMITED_OPTIONS: Final = rs.RegexOptions()
BACKTRACKING_OPTIONS: Final = rs.FancyRegexOptions()
MAX_LARGE_PATTERN_TEXT: Final = 1_000  # characters that a large pattern is matched against

Size = Literal["small", "wide", "large", "too large", "backtracking", "unreadable"]


def pattern_size(pattern: str) -> Size:
    """Returns the cost of a pattern, or the reason why it cannot be used."""
    if _compiles(pattern, SMALL_PATTERN_OPTIONS):
        return "small"
    if (
        len(pattern) <= MAX_WIDE_PATTERN_CHARACTERS
        and not COUNTED_REPETITION.search(pattern)
        and _compiles(pattern, WIDE_PATTERN_OPTIONS)
    ):
        return "wide"
    if _compiles(pattern, LARGE_PATTERN_OPTIONS):
        return "large"
    if _compiles(pattern, UNLIMITED_OPTIONS):
        return "too large"
    return "backtracking" if _compiles(pattern, BACKTRACKING_OPTIONS) else "unreadable"


def guard_large_patterns(document: Any, dialect: Dialect) -> dict[str, str]:
    """Moves each large pattern behind a check of `maxLength`, because the engine checks both when it lists errors.

    Changes the document. Returns the author's pointer of each moved pattern by its new pointer.
    """
    moved: dict[str, str] = {}
    size = cache(pattern_size)  # not cached longer, because patterns can be long
    for path, schema in list(walk_schemas(document)):
        ignored = dialect.ignores_ref_siblings and "$ref" in schema
        if "pattern" in schema and not ignored and size(schema["pattern"]) == "large":
            moved |= _guard_pattern(path, schema)
    return moved


def _guard_pattern(path: Path, schema: dict[str, Any]) -> dict[str, str]:
    question = {"if": {"maxLength": schema["maxLength"]}, "then": {"pattern": schema.pop("pattern")}}
    schema["allOf"] = [*schema.get("allOf", ()), question]
    there = (*path, "allOf", len(schema["allOf"]) - 1, "then", "pattern")
    return {pointer(there): pointer((*path, "pattern"))}


def _compiles(pattern: str, options: rs.RegexOptions | rs.FancyRegexOptions) -> bool:
    try:
        rs.Draft202012Validator({"pattern": pattern}, pattern_options=options, offline=True)
    except ValueError:
        return False
    return True
