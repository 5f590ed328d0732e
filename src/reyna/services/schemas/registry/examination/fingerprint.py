"""The fingerprint of a schema, equal for equal content whatever the order of keys or the notation of numbers."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec


def fingerprint(json_schema: Any, references: Mapping[str, Any]) -> str:
    """Returns `sha256:` and 64 hexadecimal digits over the canonical JSON of a schema and all schemas that it
    refers to."""
    # the references count too: the same URI can mean different schemas for different users
    whole = [_plain(json_schema), _plain(dict(references))]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()


def _plain(value: Any) -> Any:
    """Returns the value with 1.0 as 1, because JSON Schema makes no difference."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
