"""Which schemas are small and plain enough to be read while others wait: a millisecond or two, whatever they say."""

import re
from typing import Any, Final

import msgspec

LIGHT: Final = 8 * 1024  # bytes
# What work can grow out of: alternatives and references multiply, patterns are compiled, values and names are listed.
GROWTH: Final = re.compile(
    rb'"(?:\$ref|\$dynamicRef|\$recursiveRef|allOf|anyOf|oneOf|if|dependentSchemas|dependencies|pattern|patternProperties)"'
)
MOST_GROWTH: Final = 12
COUNTED: Final = re.compile(rb"\{\d")


def is_light(json_schema: Any) -> bool:
    """Whether this schema can be examined, and compiled, in place."""
    try:
        body = msgspec.json.encode(json_schema)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return True  # no JSON, which is seen at a glance
    if len(body) > LIGHT:
        return False
    return len(GROWTH.findall(body)) <= MOST_GROWTH and not COUNTED.search(body)
