"""Documents made up to fit schemas, as near to their edges as can be."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from reyna.schemas.compatibility.facts import Meeting, matches
from reyna.schemas.compatibility.proof import Where
from reyna.schemas.compatibility.side import ASSERTED, NUMBERS, Part, Side, exact
from reyna.schemas.compatibility.text import CONTENT, LONGEST, RIGHT, around, like

DEEPEST: Final = 6  # levels below which nothing optional is added
MOST_ITEMS: Final = 600  # of an array or object that is made up
MOST_VALUES: Final = 1_000  # in one document; what comes after them is left empty
SCALARS: Final[tuple[Any, ...]] = (None, True, False, 0, 1, -1, 0.5, 1.0, "", "a", "zebra", [], {})
FRESH: Final = ("zebra", "a", "x1", "S_a", "_")  # names for properties that nobody mentions
KINDS_OF: Final = {
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
}  # what kind of value breaks a rule


class Pool:
    """The values, names and texts that two schemas speak of, and their neighbours."""

    def __init__(self, sides: Sequence[Side], chance: random.Random) -> None:
        self.names: list[str] = []
        self.values: list[Any] = list(SCALARS)
        self._chance = chance
        for side in sides:
            for path in side.places():
                self._learn(side.part(path))
        self.names = list(dict.fromkeys((*self.names, *FRESH)))

    def _learn(self, part: Part) -> None:
        self.names += [*part.said("properties", ()), *part.said("required", ())]
        if (names := part.said("propertyNames")) is not None:
            self.names += [name for name in local(names, self._chance) if isinstance(name, str) and len(name) < 1_000]
        for pattern in part.said("patternProperties", ()):
            self.names += around(pattern, self._chance)
        self.values += local(part, self._chance)


def local(part: Part, chance: random.Random) -> list[Any]:
    """Values at the edges of what one schema asks by itself."""
    found: list[Any] = list(part.said("enum", ()))
    if not isinstance(part.keywords, bool) and "const" in part.keywords:
        found.append(part.keywords["const"])
    for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if (bound := part.said(keyword)) is not None:
            found += [_plain(bound + step) for step in (0, 1, -1, Fraction(1, 2), Fraction(-1, 2))]
            found.append(float(bound))
    if (step := part.said("multipleOf")) is not None:
        found += [_plain(step * times) for times in (1, 2, 3, Fraction(1, 2), Fraction(1, 3))]
    for keyword in ("minLength", "maxLength"):
        if (length := part.said(keyword)) is not None:
            found += ["x" * n for n in (int(length) - 1, int(length), int(length) + 1) if 0 <= n <= LONGEST]
    if (pattern := part.said("pattern")) is not None:
        found += around(pattern, chance)
    if (format := part.said("format")) is not None:
        found.append(RIGHT[format])
    if any(part.said(keyword) is not None for keyword in ASSERTED):
        found += CONTENT
    return found


def _plain(value: Fraction) -> int | float:
    if value.denominator == 1 and abs(value) < 2**63:
        return int(value)
    return float(value)


class Maker:
    """Makes values up that should fit a meeting of schemas; whether they do, the engine must say."""

    def __init__(self, pool: Pool, chance: random.Random) -> None:
        self._pool, self._chance = pool, chance
        self._sizes: tuple[int, ...] = ()
        self._kind = ""
        self._left = MOST_VALUES

    def lean(self, part: Part | None, rule: str = "") -> None:
        """From now on make arrays and objects about as large as this schema asks, where it asks that."""
        limits = (
            [part.said(f"{end}{what}") for end in ("min", "max") for what in ("Items", "Properties")] if part else []
        )
        held = part.said("contains") if part else None
        limits += [held[1], held[2]] if held else []
        sizes = {int(limit) + step for limit in limits if limit is not None for step in (-1, 0, 1)}
        self._sizes = tuple(size for size in sizes if 0 <= size <= MOST_ITEMS)
        self._kind = KINDS_OF.get(rule, "")

    def value(self, known: Meeting, depth: int = 0, want: Where = (), wanted: Sequence[Any] = ()) -> Any:
        """A value; `want` is a place that it should have, and `wanted` what may stand there."""
        self._left = MOST_VALUES if depth == 0 else self._left - 1
        if not want and wanted and self._chance.random() < 0.8:
            return self._chance.choice(wanted)
        known = self._chosen(known)
        if known.values and not want:
            return self._chance.choice(known.values)
        kinds = self._kinds(known, depth, want)
        kind = self._chance.choice(kinds) if kinds else "null"
        if kind == "object":
            return self._object(known, depth, want, wanted)
        return self._array(known, depth, want, wanted) if kind == "array" else self._scalar(known, kind)

    def _kinds(self, known: Meeting, depth: int, want: Where) -> list[str]:
        kinds = sorted(known.kinds)
        if want:
            kinds = [kind for kind in kinds if kind in ("object", "array")] or kinds
        if depth > DEEPEST:
            kinds = [kind for kind in kinds if kind not in ("object", "array")] or kinds
        return [self._kind] if self._kind in kinds and not want and self._chance.random() < 0.7 else kinds

    def _scalar(self, known: Meeting, kind: str) -> Any:
        if kind == "string":
            return self._text(known)
        if kind == "null":
            return None
        return self._chance.random() < 0.5 if kind == "boolean" else self._number(known)

    def _chosen(self, known: Meeting) -> Meeting:
        """One alternative of each choice."""
        for _ in range(3):
            parts: list[Part] = []
            for keyword in ("anyOf", "oneOf"):
                parts += [self._chance.choice(group) for group in known.all(keyword)]
            for question, then, otherwise in known.all("if"):
                holds = self._chance.random() < 0.5
                parts += [part for part in ((question, then) if holds else (otherwise,)) if part is not None]
            more = known.with_(*parts)
            if more.key == known.key:
                return more
            known = more
        return known

    def _object(self, known: Meeting, depth: int, want: Where, wanted: Sequence[Any]) -> dict[str, Any]:
        names = list(known.required)
        if depth <= DEEPEST:
            names += [name for name in known.names if self._chance.random() < 0.4]
            wanted_size = self._chance.choice((*self._sizes, known.least("minProperties")))
            few = max(0, min(wanted_size, MOST_ITEMS, self._left) - len(set(names)))
            names += self._chance.sample(self._pool.names, min(few, len(self._pool.names)))
            more = max(0, few - len(self._pool.names))
            names += [f"{self._chance.choice(self._pool.names)}{number}" for number in range(more)]
        target = want[0] if want else None
        if want:
            name = target if isinstance(target, str) else self._chance.choice(self._pool.names)
            names.append(name)
            target = name
        return {
            name: self.value(
                known.child(name, frozenset(each for each in known.patterns if matches(each, name))),
                depth + 1,
                want[1:] if want and name == target else (),
                wanted if want and name == target else (),
            )
            for name in dict.fromkeys(names)
        }

    def _array(self, known: Meeting, depth: int, want: Where, wanted: Sequence[Any]) -> list[Any]:
        most = known.most("maxItems")
        room = max(0, min(MOST_ITEMS, self._left))
        most = room if most is None else min(most, room)
        least = min(known.least("minItems"), room)
        length = self._chance.choice((*self._sizes, least, least + 1, min(most, least + 2), known.listed))
        place = -1
        if want:
            place = want[0] if isinstance(want[0], int) else known.listed
            length = max(length, place + 1)
        items = [
            self.value(
                known.item(n),
                depth + 1,
                want[1:] if n == place else (),
                wanted if n == place else (),
            )
            for n in range(min(length, room))
        ]
        if items and self._chance.random() < 0.3:
            items.append(items[-1])
        for part, has, _ in known.all("contains"):
            for n in range(min(int(has), max(most, 1))):
                value = self.value(Meeting([part]), depth + 1)
                items[n : n + 1] = [value]
        return items

    def _text(self, known: Meeting) -> str:
        for pattern in known.all("pattern"):
            if (text := like(pattern, self._chance)) is not None:
                return text
        for format in known.all("format"):
            return RIGHT[format]
        least, most = known.least("minLength"), known.most("maxLength")
        text = self._chance.choice(("a", "zebra", "", "2026"))
        text = text.ljust(min(least, LONGEST), "x")
        return text if most is None else text[:most]

    def _number(self, known: Meeting) -> int | float:
        steps = known.all("multipleOf")
        edges = [bound[0] for bound in (known.lower, known.upper) if bound is not None] or [Fraction(0)]
        value = self._chance.choice(edges) + self._chance.choice((0, 1, -1, Fraction(1, 2)))
        if "fraction" not in known.kinds & NUMBERS:
            value = Fraction(round(value))
        for step in steps:
            value = step * round(value / step)
        return _plain(exact(_plain(value)))
