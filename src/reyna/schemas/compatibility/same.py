"""Whether two schemas say the same in the same words, annotations apart."""

from typing import Any

from reyna.schemas.compatibility.side import Part, equal_as_json

MOST: int = 2_000  # pairs of schemas that are compared before two count as different


def same(one: Part, other: Part) -> bool:
    """Whether both have the same keywords with the same values, wherever they lead; only such as someone wrote."""
    if not (one.written and other.written):
        return one.key == other.key
    seen = set[tuple[Any, Any]]()
    waiting: list[tuple[Any, Any]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, Part) and isinstance(right, Part):
            if (left.key, right.key) in seen or left is right:
                continue
            seen.add((left.key, right.key))
            if len(seen) > MOST:
                return False
            left, right = left.keywords, right.keywords
            if isinstance(left, dict) and isinstance(right, dict):
                if left.keys() != right.keys():
                    return False
                waiting.extend((left[keyword], right[keyword]) for keyword in left)
            elif left is not right:
                return False
        elif not _pair(left, right, waiting):
            return False
    return True


def _pair(left: Any, right: Any, waiting: list[tuple[Any, Any]]) -> bool:
    """Compare two values; schemas in them are put off."""
    if isinstance(left, dict) and isinstance(right, dict) and _holds_parts(left):
        waiting.extend((left[name], right.get(name)) for name in left)
        return left.keys() == right.keys()
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and _holds_parts(left):
        waiting.extend(zip(left, right, strict=False))
        return len(left) == len(right)
    if isinstance(left, frozenset):
        return bool(left == right)
    if isinstance(left, Part) or isinstance(right, Part):
        return False
    return left == right if _is_exact(left) else _same_json(left, right)


def _holds_parts(value: Any) -> bool:
    each = value.values() if isinstance(value, dict) else value
    return any(isinstance(part, Part) or (isinstance(part, tuple) and _holds_parts(part)) for part in each)


def _is_exact(value: Any) -> bool:
    return value is None or type(value).__name__ == "Fraction"


def _same_json(left: Any, right: Any) -> bool:
    try:
        return bool(equal_as_json(left) == equal_as_json(right))
    except (AttributeError, TypeError):
        return False
