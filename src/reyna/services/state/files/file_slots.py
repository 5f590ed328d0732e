"""The places in data where a schema wants the id of a file: strings with `"format": "reyna-file"`."""

from collections.abc import Iterator
from typing import Any, Final

from reyna.validation.keywords import PROPERTY_APPLICATORS, direct_subschemas, is_schema

FILE_FORMAT: Final = "reyna-file"
MAX_DEPTH: Final = 12  # of a place in data; schemas may be recursive
ANY: Final = None  # a step into every item or property

Slot = tuple[str | None, ...]
"""The way to a place: the name of a property, or `ANY`."""

ITEM_KEYWORDS: Final = frozenset({"items", "additionalItems", "contains", "unevaluatedItems", "prefixItems"})
NO_VALUES: Final = frozenset({"propertyNames", "$defs", "definitions", "contentSchema", "not"})


def find_file_slots(json_schema: Any) -> tuple[Slot, ...]:
    """Returns the places of files that the schema names, through references inside of it."""
    found: dict[Slot, None] = {}
    seen: set[tuple[int, Slot]] = set()
    stack: list[tuple[Any, Slot]] = [(json_schema, ())]
    while stack:
        schema, slot = stack.pop()
        if not isinstance(schema, dict) or len(slot) > MAX_DEPTH or (id(schema), slot) in seen:
            continue
        seen.add((id(schema), slot))
        if schema.get("format") == FILE_FORMAT:
            found[slot] = None
        if (target := _resolve(json_schema, schema.get("$ref"))) is not None:
            stack.append((target, slot))
        stack.extend((child, slot + step) for step, child in _subschemas(schema))
    return tuple(found)


def files_at(data: Any, slots: tuple[Slot, ...]) -> dict[str, str]:
    """Returns the ids at these places, each with the JSON Pointer of its first place."""
    found: dict[str, str] = {}
    for slot in slots:
        for path, value in _values_at(data, slot, ""):
            if isinstance(value, str):
                found.setdefault(value, path)
    return found


def _subschemas(schema: dict[str, Any]) -> Iterator[tuple[Slot, Any]]:
    """Yields the schemas directly inside this one, each with the step to the values that it is for."""
    for (keyword, *place), child in direct_subschemas(schema):
        if keyword in NO_VALUES:
            continue
        if keyword == "properties":
            yield (str(place[0]),), child
        elif keyword in ITEM_KEYWORDS or keyword in PROPERTY_APPLICATORS or keyword == "patternProperties":
            yield (ANY,), child
        else:
            yield (), child


def _resolve(root: Any, reference: Any) -> Any:
    """Returns the schema that a reference inside of this document points at, or None."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    target = root
    for token in reference[1:].split("/")[1:]:
        if not isinstance(target, dict):
            return None
        target = target.get(token.replace("~1", "/").replace("~0", "~"))
    return target if is_schema(target) else None


def _values_at(data: Any, slot: Slot, path: str) -> Iterator[tuple[str, Any]]:
    if not slot:
        yield path, data
        return
    step, *rest = slot
    if step is not ANY:
        if isinstance(data, dict) and step in data:
            yield from _values_at(data[step], tuple(rest), f"{path}/{step}")
        return
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inside:
        yield from _values_at(value, tuple(rest), f"{path}/{name}")
