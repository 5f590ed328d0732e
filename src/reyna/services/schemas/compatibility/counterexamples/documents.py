"""Generates documents that should fit a schema and lie near its limits."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from reyna.services.schemas.compatibility.conjunction import Conjunction, matches
from reyna.services.schemas.compatibility.counterexamples.strings import (
    CONTENT_TEXTS,
    MAX_TEXT_CHARACTERS,
    VALID_FORMAT_TEXTS,
    matching_text,
    texts_around,
)
from reyna.services.schemas.compatibility.proof import Location
from reyna.services.schemas.compatibility.schema_side import (
    CONTENT_KEYWORDS,
    NUMBER_KINDS,
    SchemaSide,
    Subschema,
    to_fraction,
)

MAX_OPTIONAL_DEPTH: Final = 6  # levels; deeper values get no optional parts
MAX_GENERATED_ITEMS: Final = 600  # of a generated array or object
MAX_GENERATED_VALUES: Final = 1_000  # in one document; the rest is left empty
SCALARS: Final[tuple[Any, ...]] = (None, True, False, 0, 1, -1, 0.5, 1.0, "", "a", "zebra", [], {})
UNUSED_NAMES: Final = ("zebra", "a", "x1", "S_a", "_")  # names of properties that no schema mentions
KIND_BROKEN_BY: Final = {
    **dict.fromkeys(
        ("items", "contains", "maxContains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"), "array"
    ),
    **dict.fromkeys(
        (
            *("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties"),
            *("maxProperties", "dependentRequired", "unevaluatedProperties"),
        ),
        "object",
    ),
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), "string"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "integer"),
}  # the kind of value that can break a rule


class ValuePool:
    """The values, names and texts that two schemas mention, and values near them."""

    def __init__(self, sides: Sequence[SchemaSide], rng: random.Random) -> None:
        self.names: list[str] = []
        self.values: list[Any] = list(SCALARS)
        self._rng = rng
        for side in sides:
            for path in side.schema_paths():
                self._add_values_of(side.subschema(path))
        self.names = list(dict.fromkeys((*self.names, *UNUSED_NAMES)))

    def _add_values_of(self, subschema: Subschema) -> None:
        self.names += [*subschema.get("properties", ()), *subschema.get("required", ())]
        if (names := subschema.get("propertyNames")) is not None:
            self.names += [
                name for name in edge_values(names, self._rng) if isinstance(name, str) and len(name) < 1_000
            ]
        for pattern in subschema.get("patternProperties", ()):
            self.names += texts_around(pattern, self._rng)
        self.values += edge_values(subschema, self._rng)


def edge_values(subschema: Subschema, rng: random.Random) -> list[Any]:
    """Returns values at the limits of one schema by itself."""
    found: list[Any] = list(subschema.get("enum", ()))
    if not isinstance(subschema.keywords, bool) and "const" in subschema.keywords:
        found.append(subschema.keywords["const"])
    for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if (bound := subschema.get(keyword)) is not None:
            found += [to_json_number(bound + step) for step in (0, 1, -1, Fraction(1, 2), Fraction(-1, 2))]
            found.append(float(bound))
    if (step := subschema.get("multipleOf")) is not None:
        found += [to_json_number(step * times) for times in (1, 2, 3, Fraction(1, 2), Fraction(1, 3))]
    for keyword in ("minLength", "maxLength"):
        if (length := subschema.get(keyword)) is not None:
            found += ["x" * n for n in (int(length) - 1, int(length), int(length) + 1) if 0 <= n <= MAX_TEXT_CHARACTERS]
    if (pattern := subschema.get("pattern")) is not None:
        found += texts_around(pattern, rng)
    if (format := subschema.get("format")) is not None:
        found.append(VALID_FORMAT_TEXTS[format])
    if any(subschema.get(keyword) is not None for keyword in CONTENT_KEYWORDS):
        found += CONTENT_TEXTS
    return found


def to_json_number(value: Fraction) -> int | float:
    if value.denominator == 1 and abs(value) < 2**63:
        return int(value)
    return float(value)


class DocumentGenerator:
    """Generates values that should fit a conjunction; the validation engine has the last word."""

    def __init__(self, pool: ValuePool, rng: random.Random) -> None:
        self._values, self._rng = pool, rng
        self._sizes: tuple[int, ...] = ()
        self._kind = ""
        self._values_left = MAX_GENERATED_VALUES

    def prefer_sizes_of(self, subschema: Subschema | None, rule: str = "") -> None:
        """Generates arrays and objects near the size limits of this schema from now on."""
        limits = (
            [subschema.get(f"{end}{what}") for end in ("min", "max") for what in ("Items", "Properties")]
            if subschema
            else []
        )
        held = subschema.get("contains") if subschema else None
        limits += [held[1], held[2]] if held else []
        sizes = {int(limit) + step for limit in limits if limit is not None for step in (-1, 0, 1)}
        self._sizes = tuple(size for size in sizes if 0 <= size <= MAX_GENERATED_ITEMS)
        self._kind = KIND_BROKEN_BY.get(rule, "")

    def generate(
        self, known: Conjunction, depth: int = 0, location: Location = (), candidates: Sequence[Any] = ()
    ) -> Any:
        """Generates a value; `location` is a place that it should have, and `candidates` are values for that place."""
        self._values_left = MAX_GENERATED_VALUES if depth == 0 else self._values_left - 1
        if not location and candidates and self._rng.random() < 0.8:
            return self._rng.choice(candidates)
        known = self._choose_alternatives(known)
        if known.values and not location:
            return self._rng.choice(known.values)
        kinds = self._kinds(known, depth, location)
        kind = self._rng.choice(kinds) if kinds else "null"
        if kind == "object":
            return self._object(known, depth, location, candidates)
        return self._array(known, depth, location, candidates) if kind == "array" else self._scalar(known, kind)

    def _kinds(self, known: Conjunction, depth: int, location: Location) -> list[str]:
        kinds = sorted(known.kinds)
        if location:
            kinds = [kind for kind in kinds if kind in ("object", "array")] or kinds
        if depth > MAX_OPTIONAL_DEPTH:
            kinds = [kind for kind in kinds if kind not in ("object", "array")] or kinds
        return [self._kind] if self._kind in kinds and not location and self._rng.random() < 0.7 else kinds

    def _scalar(self, known: Conjunction, kind: str) -> Any:
        if kind == "string":
            return self._text(known)
        if kind == "null":
            return None
        return self._rng.random() < 0.5 if kind == "boolean" else self._number(known)

    def _choose_alternatives(self, known: Conjunction) -> Conjunction:
        """Returns the conjunction with one alternative of each choice."""
        for _ in range(3):
            subschemas: list[Subschema] = []
            for keyword in ("anyOf", "oneOf"):
                subschemas += [self._rng.choice(group) for group in known.values_of(keyword)]
            for question, then, otherwise in known.values_of("if"):
                holds = self._rng.random() < 0.5
                subschemas += [
                    subschema for subschema in ((question, then) if holds else (otherwise,)) if subschema is not None
                ]
            more = known.conjoin(*subschemas)
            if more.key == known.key:
                return more
            known = more
        return known

    def _object(self, known: Conjunction, depth: int, location: Location, candidates: Sequence[Any]) -> dict[str, Any]:
        names = list(known.required)
        if depth <= MAX_OPTIONAL_DEPTH:
            names += [name for name in known.names if self._rng.random() < 0.4]
            wanted_size = self._rng.choice((*self._sizes, known.lower_limit("minProperties")))
            few = max(0, min(wanted_size, MAX_GENERATED_ITEMS, self._values_left) - len(set(names)))
            names += self._rng.sample(self._values.names, min(few, len(self._values.names)))
            more = max(0, few - len(self._values.names))
            names += [f"{self._rng.choice(self._values.names)}{number}" for number in range(more)]
        target = location[0] if location else None
        if location:
            name = target if isinstance(target, str) else self._rng.choice(self._values.names)
            names.append(name)
            target = name
        return {
            name: self.generate(
                known.child(name, frozenset(each for each in known.patterns if matches(each, name))),
                depth + 1,
                location[1:] if location and name == target else (),
                candidates if location and name == target else (),
            )
            for name in dict.fromkeys(names)
        }

    def _array(self, known: Conjunction, depth: int, location: Location, candidates: Sequence[Any]) -> list[Any]:
        most = known.upper_limit("maxItems")
        room = max(0, min(MAX_GENERATED_ITEMS, self._values_left))
        most = room if most is None else min(most, room)
        least = min(known.lower_limit("minItems"), room)
        length = self._rng.choice((*self._sizes, least, least + 1, min(most, least + 2), known.listed_items))
        place = -1
        if location:
            place = location[0] if isinstance(location[0], int) else known.listed_items
            length = max(length, place + 1)
        items = [
            self.generate(
                known.item(n),
                depth + 1,
                location[1:] if n == place else (),
                candidates if n == place else (),
            )
            for n in range(min(length, room))
        ]
        if items and self._rng.random() < 0.3:
            items.append(items[-1])
        for subschema, has, _ in known.values_of("contains"):
            for n in range(min(int(has), max(most, 1))):
                value = self.generate(Conjunction([subschema]), depth + 1)
                items[n : n + 1] = [value]
        return items

    def _text(self, known: Conjunction) -> str:
        for pattern in known.values_of("pattern"):
            if (text := matching_text(pattern, self._rng)) is not None:
                return text
        for format in known.values_of("format"):
            return VALID_FORMAT_TEXTS[format]
        least, most = known.lower_limit("minLength"), known.upper_limit("maxLength")
        text = self._rng.choice(("a", "zebra", "", "2026"))
        text = text.ljust(min(least, MAX_TEXT_CHARACTERS), "x")
        return text if most is None else text[:most]

    def _number(self, known: Conjunction) -> int | float:
        steps = known.values_of("multipleOf")
        edges = [bound[0] for bound in (known.lower, known.upper) if bound is not None] or [Fraction(0)]
        value = self._rng.choice(edges) + self._rng.choice((0, 1, -1, Fraction(1, 2)))
        if "fraction" not in known.kinds & NUMBER_KINDS:
            value = Fraction(round(value))
        for step in steps:
            value = step * round(value / step)
        return to_json_number(to_fraction(to_json_number(value)))
