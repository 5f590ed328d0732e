"""Estimates the time of one validation from the schema and the size of a document."""

from typing import Any, Final

from reyna.validation.keywords import walk_schemas

# Measured on one core with documents that are slow by design (rounded up); ordinary documents take a tenth.
SCHEMA_NS: Final = 300  # one schema checked at one place
STRUCTURED_VALUE_NS: Final = 800  # one list or object in an enum
UNIQUE_ITEM_NS: Final = 1_000
MULTIPLE_NS: Final = 5_000
PATTERN_BYTE_NS: Final = 10  # one pattern or format, for each byte of text
TEXT_BYTE_NS: Final = 0.1
MAX_IN_PLACE_NS: Final = 20_000_000  # blocks the event loop for some milliseconds at most
PAUSE_NS: Final = 1_000_000  # from here on the event loop runs other tasks first


class ValidationCost:
    """An upper estimate of the time that one schema takes for a document, in nanoseconds."""

    __slots__ = ("_byte_ns", "_place_ns", "max_quick_bytes")

    def __init__(self, document: Any, weight: int) -> None:
        """`weight`: the most schemas that are checked at one place (`Complexity.weight`)."""
        place_ns, byte_ns = SCHEMA_NS * weight, TEXT_BYTE_NS
        for _, schema in walk_schemas(document):
            place_ns += STRUCTURED_VALUE_NS * sum(isinstance(value, dict | list) for value in schema.get("enum", ()))
            place_ns += UNIQUE_ITEM_NS * (schema.get("uniqueItems") is True)
            place_ns += MULTIPLE_NS * ("multipleOf" in schema)
            patterns = len(schema.get("patternProperties", ())) + ("pattern" in schema) + ("format" in schema)
            byte_ns += PATTERN_BYTE_NS * patterns
        self._place_ns, self._byte_ns = place_ns, byte_ns
        # A place takes at least two bytes of JSON, so that places need not be counted up to this size.
        self.max_quick_bytes = int(PAUSE_NS / (place_ns / 2 + byte_ns))

    def of(self, body: bytes) -> float:
        """Returns the estimate for a document, given as compact JSON."""
        if len(body) <= self.max_quick_bytes:
            return 0.0
        return places_in(body) * self._place_ns + len(body) * self._byte_ns


def places_in(body: bytes) -> int:
    """Returns an upper bound of the number of values in a document, given as compact JSON.

    Compact JSON has no space after a comma, so that a comma with a space is part of a text.
    """
    return 1 + body.count(b",") - body.count(b", ") + body.count(b"[") + body.count(b"{")
