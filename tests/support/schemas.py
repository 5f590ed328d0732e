"""Schemas that several tests use."""

from typing import Any, Final

TREE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["name"],
}
BLOCKS: Final[dict[str, Any]] = {  # as any editor of structured text has them: two kinds that hold others
    "$ref": "#/$defs/block",
    "$defs": {
        "block": {"anyOf": [{"$ref": "#/$defs/list"}, {"$ref": "#/$defs/quote"}, {"$ref": "#/$defs/text"}]},
        "list": {"properties": {"type": {"const": "list"}, "content": {"items": {"$ref": "#/$defs/block"}}}},
        "quote": {"properties": {"type": {"const": "quote"}, "content": {"items": {"$ref": "#/$defs/block"}}}},
        "text": {"properties": {"type": {"const": "text"}, "text": {"type": "string"}}},
    },
}


def schema_uri(name: str, version: str = "1.0.0") -> str:
    """The URI of the first major of a registered schema."""
    return f"reyna:/schemas/{name}-v1/{version}"
