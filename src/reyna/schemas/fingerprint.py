"""What makes two schemas the same: their content, whatever the order of keys or the spelling of numbers."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec


def fingerprint(json_schema: Any, references: Mapping[str, Any]) -> str:
    """`sha256:` and 64 hexadecimal digits over the canonical JSON of a schema and of all that it refers to."""
    # what is referred to counts too: the same reference may lead different users to different schemas
    whole = [_plain(json_schema), _plain(dict(references))]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()


def _plain(value: Any) -> Any:
    """1.0 is 1 in JSON Schema, so it is here."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
