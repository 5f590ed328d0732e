"""Decides which schemas are so small and simple that they can be compiled on the event loop, in one or two
milliseconds."""

import re
from typing import Any, Final

import msgspec

MAX_CHEAP_BYTES: Final = 8 * 1024  # bytes
MAX_CHEAP_BYTES_WITH_PATTERNS: Final = 2 * 1024  # patterns take longer than anything else
# Keywords whose work can grow: alternatives and references multiply, and patterns are compiled.
GROWING_KEYWORDS: Final = re.compile(
    rb'"(?:\$ref|\$dynamicRef|\$recursiveRef|allOf|anyOf|oneOf|if|dependentSchemas|dependencies|pattern|patternProperties)"'
)
PATTERN_KEYWORDS: Final = re.compile(rb'"pattern(?:Properties)?"')
MAX_GROWING_KEYWORDS: Final = 12
MAX_OBJECTS: Final = 150  # in a schema with such keywords
MAX_PARTS: Final = 1_000  # each can be wrong, and all errors are built before the first is reported
COUNTED_REPETITION: Final = re.compile(rb"\{\d")
CHARACTER_CLASSES: Final = re.compile(rb"\\\\[pPwWdDsS]")  # character classes of all scripts
MAX_CHARACTER_CLASSES: Final = 12


def is_cheap(json_schema: Any) -> bool:
    """Returns whether a schema can be examined and compiled on the event loop."""
    try:
        body = msgspec.json.encode(json_schema)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return True  # not JSON, which is refused at once
    if len(body) > MAX_CHEAP_BYTES or body.count(b",") > MAX_PARTS or COUNTED_REPETITION.search(body):
        return False
    growth = len(GROWING_KEYWORDS.findall(body))
    if growth > MAX_GROWING_KEYWORDS or (growth and body.count(b"{") > MAX_OBJECTS):
        return False
    if not PATTERN_KEYWORDS.search(body):
        return True
    return len(body) <= MAX_CHEAP_BYTES_WITH_PATTERNS and len(CHARACTER_CLASSES.findall(body)) <= MAX_CHARACTER_CLASSES
