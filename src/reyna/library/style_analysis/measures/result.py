"""The results of a measurement: values by field, and the reasons for which others are absent."""

from typing import Any

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """`values` by field; `missing` is the reason for which a field has no value."""

    values: dict[str, Any] = {}
    missing: dict[str, str] = {}


def merge(*parts: Measured) -> Measured:
    values: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for part in parts:
        values |= part.values
        missing |= part.missing
    return Measured(values, missing)
