"""Which schemas are small and plain enough to be read while others wait: a millisecond or two, whatever they say."""

import re
from typing import Any, Final

import msgspec

LIGHT: Final = 8 * 1024  # bytes
LIGHT_WITH_PATTERNS: Final = 2 * 1024  # the letters of a pattern take longer than those of anything else
# What work can grow out of: alternatives and references multiply, patterns are compiled, values and names are listed.
GROWTH: Final = re.compile(
    rb'"(?:\$ref|\$dynamicRef|\$recursiveRef|allOf|anyOf|oneOf|if|dependentSchemas|dependencies|pattern|patternProperties)"'
)
PATTERNS: Final = re.compile(rb'"pattern(?:Properties)?"')
MOST_GROWTH: Final = 12
MOST_OBJECTS: Final = 150  # where work can grow: alternatives multiply by how many they are
COUNTED: Final = re.compile(rb"\{\d")
CLASSES: Final = re.compile(rb"\\\\[pPwWdDsS]")  # the letters of every script
MOST_CLASSES: Final = 12


def is_light(json_schema: Any) -> bool:
    """Whether this schema can be examined, and compiled, in place."""
    try:
        body = msgspec.json.encode(json_schema)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return True  # no JSON, which is seen at a glance
    if len(body) > LIGHT or COUNTED.search(body):
        return False
    growth = len(GROWTH.findall(body))
    if growth > MOST_GROWTH or (growth and body.count(b"{") > MOST_OBJECTS):
        return False
    if not PATTERNS.search(body):
        return True
    return len(body) <= LIGHT_WITH_PATTERNS and len(CLASSES.findall(body)) <= MOST_CLASSES
