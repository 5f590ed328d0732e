"""Structural equality of schemas, without annotations."""

from typing import Any

from reyna.services.schemas.compatibility.schema_side import Subschema, json_identity

MAX_COMPARED_PAIRS: int = 2_000  # pairs of schemas; beyond them two schemas count as different


def is_same_schema(one: Subschema, other: Subschema) -> bool:
    """Returns whether both have the same keywords with the same values, references included. Synthetic schemas are
    the same only when identical."""
    if not (one.is_authored and other.is_authored):
        return one.key == other.key
    seen = set[tuple[Any, Any]]()
    pending: list[tuple[Any, Any]] = [(one, other)]
    while pending:
        left, right = pending.pop()
        if isinstance(left, Subschema) and isinstance(right, Subschema):
            if (left.key, right.key) in seen or left is right:
                continue
            seen.add((left.key, right.key))
            if len(seen) > MAX_COMPARED_PAIRS:
                return False
            left, right = left.keywords, right.keywords
            if isinstance(left, dict) and isinstance(right, dict):
                if left.keys() != right.keys():
                    return False
                pending.extend((left[keyword], right[keyword]) for keyword in left)
            elif left is not right:
                return False
        elif not _compare_values(left, right, pending):
            return False
    return True


def _compare_values(left: Any, right: Any, pending: list[tuple[Any, Any]]) -> bool:
    """Returns whether two values are equal; subschemas in them are added to `waiting`."""
    if isinstance(left, dict) and isinstance(right, dict) and _holds_subschemas(left):
        pending.extend((left[name], right.get(name)) for name in left)
        return left.keys() == right.keys()
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and _holds_subschemas(left):
        pending.extend(zip(left, right, strict=False))
        return len(left) == len(right)
    if isinstance(left, frozenset):
        return bool(left == right)
    if isinstance(left, Subschema) or isinstance(right, Subschema):
        return False
    return left == right if _is_exact(left) else _same_json(left, right)


def _holds_subschemas(value: Any) -> bool:
    each = value.values() if isinstance(value, dict) else value
    return any(
        isinstance(subschema, Subschema) or (isinstance(subschema, tuple) and _holds_subschemas(subschema))
        for subschema in each
    )


def _is_exact(value: Any) -> bool:
    return value is None or type(value).__name__ == "Fraction"


def _same_json(left: Any, right: Any) -> bool:
    try:
        return bool(json_identity(left) == json_identity(right))
    except (AttributeError, TypeError):
        return False
