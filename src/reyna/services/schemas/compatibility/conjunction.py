"""A conjunction of schemas, and the facts that follow for a value that fits all of them."""

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain
from math import ceil, floor
from typing import Any, Final

import jsonschema_rs as rs

from reyna.services.schemas.compatibility.schema_side import (
    NUMBER_KINDS,
    VALUE_KINDS,
    Subschema,
    json_identity,
    kind_of,
)
from reyna.validation.complexity.patterns import LARGE_PATTERN_OPTIONS

MAX_LISTED_VALUES: Final = 300  # values that are checked one by one; longer lists are compared by their bounds
MAX_LISTED_NUMBERS: Final = 32  # integers between two bounds that are listed as values
OBJECT_KEYWORDS: Final = ("properties", "patternProperties", "additionalProperties")

Bound = tuple[Fraction, bool]  # the limit, and True when it is excluded


class Conjunction:
    """Schemas that a value fits all at once. An empty conjunction allows any value."""

    def __init__(self, subschemas: Iterable[Subschema]) -> None:
        found: dict[tuple[str, str], Subschema] = {}
        pending = list(subschemas)
        while pending:
            subschema = pending.pop()
            if subschema.key in found or subschema.keywords is True:
                continue
            found[subschema.key] = subschema
            if subschema.keywords is not False:
                pending += atoms_of(subschema)
            if not pending:
                pending += _implied_subschemas(found.values())
        self.atoms = tuple(
            subschema for subschema in found.values() if subschema.keywords is False or subschema.keywords
        )
        self.key = frozenset(subschema.key for subschema in self.atoms)

    def conjoin(self, *subschemas: Subschema) -> "Conjunction":
        return Conjunction((*self.atoms, *subschemas))

    def values_of(self, keyword: str) -> list[Any]:
        return [subschema.get(keyword) for subschema in self.atoms if subschema.get(keyword) is not None]

    @property
    def is_never(self) -> bool:
        """True when one of the schemas is `false`."""
        return any(subschema.keywords is False for subschema in self.atoms)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of value that may fit, without those that the bounds exclude."""
        kinds: frozenset[str] = VALUE_KINDS.intersection(*self.values_of("type")) if not self.is_never else frozenset()
        if any(step.denominator == 1 for step in self.values_of("multipleOf")):
            kinds -= {"fraction"}
        if self.lower and self.lower == self.upper and self.lower[0].denominator == 1:
            kinds -= {"fraction"}
        if kinds & NUMBER_KINDS and self._has_crossed_bounds(kinds):
            kinds -= NUMBER_KINDS
        for kind, least, most in (
            ("string", self.lower_limit("minLength"), self.upper_limit("maxLength")),
            ("array", self.lower_limit("minItems"), self.upper_limit("maxItems")),
            ("object", max(self.lower_limit("minProperties"), len(self.required)), self.upper_limit("maxProperties")),
        ):
            if most is not None and least > most:
                kinds -= {kind}
        return kinds & self._listed_kinds(kinds)

    def _listed_kinds(self, kinds: frozenset[str]) -> frozenset[str]:
        lists = self._value_lists()
        if not lists:
            return kinds
        found = {kind_of(value) for value in min(lists, key=len)}
        return frozenset(found | NUMBER_KINDS if found & NUMBER_KINDS else found)

    def _has_crossed_bounds(self, kinds: frozenset[str]) -> bool:
        lower, upper = self.lower, self.upper
        if lower is None or upper is None:
            return False
        if "fraction" not in kinds:
            return _nearest_integer(lower, up=True) > _nearest_integer(upper, up=False)
        return lower[0] > upper[0] or (lower[0] == upper[0] and (lower[1] or upper[1]))

    @cached_property
    def lower(self) -> Bound | None:
        found = [(bound, False) for bound in self.values_of("minimum")]
        found += [(bound, True) for bound in self.values_of("exclusiveMinimum")]
        return max(found, default=None)

    @cached_property
    def upper(self) -> Bound | None:
        found = [(bound, False) for bound in self.values_of("maximum")]
        found += [(bound, True) for bound in self.values_of("exclusiveMaximum")]
        return min(found, key=lambda bound: (bound[0], not bound[1]), default=None)

    def lower_limit(self, keyword: str) -> int:
        return max((int(each) for each in self.values_of(keyword)), default=0)

    def upper_limit(self, keyword: str) -> int | None:
        found = [int(each) for each in self.values_of(keyword)]
        if keyword == "maxItems":
            found += [
                len(subschema.get("prefixItems", ())) for subschema in self.atoms if _is_false(subschema.get("items"))
            ]
        if keyword == "maxProperties" and (names := self.closed_names) is not None:
            found.append(len(names))
        return min(found, default=None)

    # --- values ---

    def _value_lists(self) -> list[list[Any]]:
        return [
            *self.values_of("enum"),
            *([subschema.get("const")] for subschema in self.atoms if _has(subschema, "const")),
        ]

    @cached_property
    def values(self) -> list[Any] | None:
        """Every value that may fit (some of them may not), or None when there are too many to list."""
        lists = self._value_lists()
        if lists:
            shortest = min(lists, key=len)
            others = [{json_identity(each) for each in values} for values in lists if values is not shortest]
            values = [each for each in shortest if all(json_identity(each) in other for other in others)]
            values = [each for each in values if kind_of(each) in self.kinds | self._equal_number_kinds()]
            return values if len(values) <= MAX_LISTED_VALUES else None
        if self.kinds <= {"null", "boolean"}:
            named: dict[str, list[Any]] = {"null": [None], "boolean": [False, True]}
            return [value for kind in sorted(self.kinds) for value in named[kind]]
        if self.kinds <= {"integer", "whole"} and self.lower and self.upper:
            least, most = _nearest_integer(self.lower, up=True), _nearest_integer(self.upper, up=False)
            return list(range(least, most + 1)) if most - least < MAX_LISTED_NUMBERS else None
        return None

    def _equal_number_kinds(self) -> frozenset[str]:
        """Returns all kinds of number when one is allowed, because 1 in a list means 1.0 too."""
        return NUMBER_KINDS if self.kinds & NUMBER_KINDS else frozenset()

    @cached_property
    def distinguishes_floats(self) -> bool:
        return any(subschema.side.distinguishes_floats for subschema in self.atoms)

    # --- objects ---

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(self.values_of("required")))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every property name that one of the schemas mentions."""
        found = dict.fromkeys(chain(*self.values_of("properties"), *self.values_of("required")))
        for needs in self.values_of("dependentRequired"):
            found |= dict.fromkeys(chain(needs, *needs.values()))
        for dependents in self.values_of("dependentSchemas"):
            found |= dict.fromkeys(name for name, _ in dependents)
        return tuple(found)

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(self.values_of("patternProperties"))))

    def child(self, name: str | None, matching: frozenset[str]) -> "Conjunction":
        """Returns what a property must fit: the named one, or one without a name that matches exactly these
        patterns."""
        return self._child(name, matching)

    @cached_property
    def _child(self) -> Callable[[str | None, frozenset[str]], "Conjunction"]:
        def child(name: str | None, matching: frozenset[str]) -> Conjunction:
            return Conjunction(
                subschema for atom in self.atoms for _, subschema in subschemas_for_property(atom, name, matching)
            )

        return lru_cache(maxsize=None)(child)

    def property_named(self, name: str) -> "Conjunction":
        return self.child(name, frozenset(each for each in self.patterns if matches(each, name)))

    def allows_name(self, name: str) -> bool:
        """Returns whether `propertyNames` allows this name."""
        return all(subschema.accepts(name) for subschema in self.values_of("propertyNames"))

    @cached_property
    def closed_names(self) -> tuple[str, ...] | None:
        """The names that a property may have, or None when they cannot be listed."""
        lists = [
            values
            for subschema in self.values_of("propertyNames")
            if (values := Conjunction([subschema]).values) is not None
        ]
        names = [name for values in lists for name in values if isinstance(name, str)]
        shut = any(
            _is_false(atom.get("additionalProperties")) and not atom.get("patternProperties") for atom in self.atoms
        )
        if not lists and not shut:
            return None
        return tuple(
            name
            for name in dict.fromkeys(names if lists else self.names)
            if self.allows_name(name) and not self.property_named(name).is_never
        )

    # --- arrays ---

    def item(self, place: int) -> "Conjunction":
        """Returns what the item at this index must fit. All indexes after the last listed one are alike."""
        return Conjunction(
            subschema for atom in self.atoms if (subschema := subschema_for_item(atom, place)) is not None
        )

    @cached_property
    def listed_items(self) -> int:
        """The number of indexes that have a schema of their own."""
        return max((len(each) for each in self.values_of("prefixItems")), default=0)


def flatten(subschema: Subschema) -> tuple[Subschema, ...]:
    """Returns the schemas that must all be met, with `$ref` and `allOf` resolved."""
    found: dict[tuple[str, str], Subschema] = {}
    pending = [subschema]
    while pending:
        each = pending.pop()
        if each.key not in found and each.keywords is not True:
            found[each.key] = each
            pending += reversed(atoms_of(each)) if each.keywords is not False else ()
    return tuple(found.values())


def atoms_of(subschema: Subschema) -> list[Subschema]:
    """Returns the schemas that apply to the same value unconditionally, with `unevaluated*` simplified."""
    found = [*([subschema.get("$ref")] if subschema.get("$ref") else ()), *subschema.get("allOf", ())]
    rests = [each for each in ("unevaluatedProperties", "unevaluatedItems") if subschema.get(each) is not None]
    return [*found, *(plain for each in rests if (plain := simplify_unevaluated(subschema, each)) is not None)]


def simplify_unevaluated(subschema: Subschema, keyword: str) -> Subschema | None:
    """Returns an `unevaluated*` keyword as `additionalProperties` or `items`, or None when a choice decides what is
    evaluated."""
    family, pending = dict[tuple[str, str], Subschema](), [subschema]
    while pending:
        each = pending.pop()
        if each.key in family or isinstance(each.keywords, bool):
            continue
        family[each.key] = each
        if any(each.get(choice) for choice in ("anyOf", "oneOf", "if", "dependentSchemas")):
            return None
        if each is not subschema and each.get(keyword) is not None:
            return None
        pending += [*([each.get("$ref")] if each.get("$ref") else ()), *each.get("allOf", ())]
    rest: Subschema = subschema.get(keyword)
    subschemas = family.values()
    name = f"{subschema.at}/{keyword}"
    if keyword == "unevaluatedProperties":
        anything = subschema.side.make_case("anything", {})
        if any(each.get("additionalProperties") is not None for each in subschemas):
            return anything  # every property is evaluated
        said = {
            "properties": {name: anything for each in subschemas for name in each.get("properties", ())},
            "patternProperties": {name: anything for each in subschemas for name in each.get("patternProperties", ())},
            "additionalProperties": rest,
        }
        return subschema.side.make_case(name, {key: value for key, value in said.items() if value != {}})
    if any(each.get("items") is not None for each in subschemas):
        return subschema.side.make_case("anything", {})
    if any(each.get("contains") for each in subschemas):
        return None
    listed = max(len(each.get("prefixItems", ())) for each in subschemas)
    return subschema.side.make_case(
        name, {"prefixItems": [subschema.side.make_case("anything", {})] * listed, "items": rest}
    )


def subschemas_for_property(
    atom: Subschema, name: str | None, matching: frozenset[str]
) -> Iterator[tuple[str, Subschema]]:
    """Yields the schemas of one object schema that apply to a property, each with its keyword."""
    matched = False
    if name is not None and (subschema := atom.get("properties", {}).get(name)) is not None:
        matched = True
        yield "properties", subschema
    for pattern, subschema in atom.get("patternProperties", {}).items():
        if pattern in matching:
            matched = True
            yield "patternProperties", subschema
    if not matched and (subschema := atom.get("additionalProperties")) is not None:
        yield "additionalProperties", subschema


def subschema_for_item(atom: Subschema, place: int) -> Subschema | None:
    listed = atom.get("prefixItems", ())
    found: Subschema | None = listed[place] if place < len(listed) else atom.get("items")
    return found


@lru_cache(maxsize=4_096)
def _pattern_validator(pattern: str) -> rs.Validator:
    return rs.Draft202012Validator({"pattern": pattern}, pattern_options=LARGE_PATTERN_OPTIONS, offline=True)


def matches(pattern: str, text: str) -> bool:
    return _pattern_validator(pattern).is_valid(text)


@lru_cache(maxsize=4_096)
def matches_every_text(pattern: str) -> bool:
    """Returns whether a pattern matches every text. `[a-z]*` matches the empty text at any position, `^a*` at the
    start, `a*$` at the end.

    Returns False for patterns with other assertions about the position, which might not hold in every text.
    """
    plain = re.sub(r"\\[dDwWsS./-]", "", pattern)
    return not ("\\" in plain or "(?" in plain or ("^" in plain and "$" in plain)) and matches(pattern, "")


def _implied_subschemas(subschemas: Iterable[Subschema]) -> list[Subschema]:
    """Returns the schemas that follow from required properties: `dependentRequired` and `dependentSchemas`."""
    known = [subschema for subschema in subschemas if subschema.keywords is not False]
    objects = VALUE_KINDS.intersection(*(subschema.get("type") for subschema in known if subschema.get("type"))) <= {
        "object"
    }
    required = {name for subschema in known for name in subschema.get("required", ())}
    found = []
    for subschema in known:
        for name, names in subschema.get("dependentRequired", {}).items():
            if name in required and not required.issuperset(names):
                listed = sorted(names)
                found.append(subschema.side.make_case(f"required {listed}", {"required": listed}))
        if objects:  # other kinds of value have no properties
            found += [schema for name, schema in subschema.get("dependentSchemas", ()) if name in required]
    return found


def _nearest_integer(bound: Bound, *, up: bool) -> int:
    """Returns the nearest integer within a bound."""
    limit, excluded = bound
    if excluded and limit.denominator == 1:
        return int(limit) + (1 if up else -1)
    return ceil(limit) if up else floor(limit)


def _is_false(subschema: Any) -> bool:
    return isinstance(subschema, Subschema) and subschema.keywords is False


def _has(subschema: Subschema, keyword: str) -> bool:
    return not isinstance(subschema.keywords, bool) and keyword in subschema.keywords
