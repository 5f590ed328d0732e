"""Patterns: read in linear time, and the large ones kept away from long text."""

import re
from functools import cache
from typing import Any, Final, Literal

import jsonschema_rs as rs

from reyna.fit.keywords import Dialect, Path, every, pointer

# The engine takes time in proportion to text times pattern, never more. 16 KiB hold an e-mail address, a semantic
# version or 200 counted letters. The letters of every script take more, but are one step unless they are counted.
SMALL: Final = rs.RegexOptions(size_limit=16 * 1024)
UNCOUNTED: Final = rs.RegexOptions(size_limit=512 * 1024)
COUNTED: Final = re.compile(r"\{\d")
SHORT: Final = 200  # characters of a pattern
LARGE: Final = rs.RegexOptions(size_limit=4 * 1024 * 1024)
WITHOUT_LIMIT: Final = rs.RegexOptions()
BACKTRACKING: Final = rs.FancyRegexOptions()
LONGEST: Final = 1_000  # characters that a large pattern may be asked about

Size = Literal["small", "wide", "large", "too large", "backtracking", "unreadable"]


def size_of(pattern: str) -> Size:
    """What a pattern costs, or why it cannot be used."""
    if _compiles(pattern, SMALL):
        return "small"
    if len(pattern) <= SHORT and not COUNTED.search(pattern) and _compiles(pattern, UNCOUNTED):
        return "wide"
    if _compiles(pattern, LARGE):
        return "large"
    if _compiles(pattern, WITHOUT_LIMIT):
        return "too large"
    return "backtracking" if _compiles(pattern, BACKTRACKING) else "unreadable"


def guard(document: Any, dialect: Dialect) -> dict[str, str]:
    """Ask large patterns only about text that `maxLength` allows, for the engine tries both when it lists errors.

    Changes the document; gives, for each place that a pattern was moved to, where its author has it.
    """
    moved: dict[str, str] = {}
    size = cache(size_of)  # kept no longer than this, since patterns can be long; one may stand in many places
    for path, schema in list(every(document)):
        alone = dialect.lone_references and "$ref" in schema
        if "pattern" in schema and not alone and size(schema["pattern"]) == "large":
            moved |= _guarded(path, schema)
    return moved


def _guarded(path: Path, schema: dict[str, Any]) -> dict[str, str]:
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
