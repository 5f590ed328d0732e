"""What is known of a value that fits several schemas at once."""

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain
from math import ceil, floor
from typing import Any, Final

import jsonschema_rs as rs

from reyna.fit.patterns import LARGE
from reyna.schemas.compatibility.side import KINDS, NUMBERS, Part, equal_as_json, kind_of

MOST_VALUES: Final = 300  # values that are tried one by one; more are compared by their bounds
MOST_NUMBERS: Final = 32  # whole numbers between two bounds that are counted up as values
OBJECT_KEYWORDS: Final = ("properties", "patternProperties", "additionalProperties")

Bound = tuple[Fraction, bool]  # a limit, and whether it is itself excluded


class Meeting:
    """Schemas that one value fits, all of them; an empty meeting is any value."""

    def __init__(self, parts: Iterable[Part]) -> None:
        found: dict[tuple[str, str], Part] = {}
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if part.key in found or part.keywords is True:
                continue
            found[part.key] = part
            if part.keywords is not False:
                waiting += atoms_of(part)
            if not waiting:
                waiting += _brought_along(found.values())
        self.atoms = tuple(part for part in found.values() if part.keywords is False or part.keywords)
        self.key = frozenset(part.key for part in self.atoms)

    def with_(self, *parts: Part) -> "Meeting":
        return Meeting((*self.atoms, *parts))

    def all(self, keyword: str) -> list[Any]:
        return [part.said(keyword) for part in self.atoms if part.said(keyword) is not None]

    @property
    def never(self) -> bool:
        """Whether `false` is one of them."""
        return any(part.keywords is False for part in self.atoms)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of value that may fit; what the bounds leave no room for is left out."""
        kinds: frozenset[str] = KINDS.intersection(*self.all("type")) if not self.never else frozenset()
        if any(step.denominator == 1 for step in self.all("multipleOf")):
            kinds -= {"fraction"}
        if self.lower and self.lower == self.upper and self.lower[0].denominator == 1:
            kinds -= {"fraction"}
        if kinds & NUMBERS and self._crossed(kinds):
            kinds -= NUMBERS
        for kind, least, most in (
            ("string", self.least("minLength"), self.most("maxLength")),
            ("array", self.least("minItems"), self.most("maxItems")),
            ("object", max(self.least("minProperties"), len(self.required)), self.most("maxProperties")),
        ):
            if most is not None and least > most:
                kinds -= {kind}
        return kinds & self._listed_kinds(kinds)

    def _listed_kinds(self, kinds: frozenset[str]) -> frozenset[str]:
        lists = self._lists()
        if not lists:
            return kinds
        found = {kind_of(value) for value in min(lists, key=len)}
        return frozenset(found | NUMBERS if found & NUMBERS else found)

    def _crossed(self, kinds: frozenset[str]) -> bool:
        lower, upper = self.lower, self.upper
        if lower is None or upper is None:
            return False
        if "fraction" not in kinds:
            return _whole(lower, up=True) > _whole(upper, up=False)
        return lower[0] > upper[0] or (lower[0] == upper[0] and (lower[1] or upper[1]))

    @cached_property
    def lower(self) -> Bound | None:
        found = [(bound, False) for bound in self.all("minimum")]
        found += [(bound, True) for bound in self.all("exclusiveMinimum")]
        return max(found, default=None)

    @cached_property
    def upper(self) -> Bound | None:
        found = [(bound, False) for bound in self.all("maximum")]
        found += [(bound, True) for bound in self.all("exclusiveMaximum")]
        return min(found, key=lambda bound: (bound[0], not bound[1]), default=None)

    def least(self, keyword: str) -> int:
        return max((int(each) for each in self.all(keyword)), default=0)

    def most(self, keyword: str) -> int | None:
        found = [int(each) for each in self.all(keyword)]
        if keyword == "maxItems":
            found += [len(part.said("prefixItems", ())) for part in self.atoms if _is_false(part.said("items"))]
        if keyword == "maxProperties" and (names := self.closed) is not None:
            found.append(len(names))
        return min(found, default=None)

    # --- values ---

    def _lists(self) -> list[list[Any]]:
        return [*self.all("enum"), *([part.said("const")] for part in self.atoms if _has(part, "const"))]

    @cached_property
    def values(self) -> list[Any] | None:
        """Every value that may fit, some of which may not; None when they are too many to tell."""
        lists = self._lists()
        if lists:
            shortest = min(lists, key=len)
            others = [{equal_as_json(each) for each in values} for values in lists if values is not shortest]
            values = [each for each in shortest if all(equal_as_json(each) in other for other in others)]
            values = [each for each in values if kind_of(each) in self.kinds | self._twins()]
            return values if len(values) <= MOST_VALUES else None
        if self.kinds <= {"null", "boolean"}:
            named: dict[str, list[Any]] = {"null": [None], "boolean": [False, True]}
            return [value for kind in sorted(self.kinds) for value in named[kind]]
        if self.kinds <= {"integer", "whole"} and self.lower and self.upper:
            least, most = _whole(self.lower, up=True), _whole(self.upper, up=False)
            return list(range(least, most + 1)) if most - least < MOST_NUMBERS else None
        return None

    def _twins(self) -> frozenset[str]:
        """1 is listed where 1.0 is meant, and the other way round."""
        return NUMBERS if self.kinds & NUMBERS else frozenset()

    @cached_property
    def literal(self) -> bool:
        return any(part.side.literal for part in self.atoms)

    # --- objects ---

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(self.all("required")))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name of a property that is spoken of."""
        found = dict.fromkeys(chain(*self.all("properties"), *self.all("required")))
        for needs in self.all("dependentRequired"):
            found |= dict.fromkeys(chain(needs, *needs.values()))
        for dependents in self.all("dependentSchemas"):
            found |= dict.fromkeys(name for name, _ in dependents)
        return tuple(found)

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(self.all("patternProperties"))))

    def child(self, name: str | None, matching: frozenset[str]) -> "Meeting":
        """What a property fits: the one of this name, or any unnamed one whose name matches just these patterns."""
        return self._child(name, matching)

    @cached_property
    def _child(self) -> Callable[[str | None, frozenset[str]], "Meeting"]:
        def child(name: str | None, matching: frozenset[str]) -> Meeting:
            return Meeting(part for atom in self.atoms for _, part in parts_for(atom, name, matching))

        return lru_cache(maxsize=None)(child)

    def named(self, name: str) -> "Meeting":
        return self.child(name, frozenset(each for each in self.patterns if matches(each, name)))

    def may_be_called(self, name: str) -> bool:
        """Whether the names of properties allow this one."""
        return all(part.takes(name) for part in self.all("propertyNames"))

    @cached_property
    def closed(self) -> tuple[str, ...] | None:
        """The names that a property may have, when they can be listed."""
        lists = [values for part in self.all("propertyNames") if (values := Meeting([part]).values) is not None]
        names = [name for values in lists for name in values if isinstance(name, str)]
        shut = any(
            _is_false(atom.said("additionalProperties")) and not atom.said("patternProperties") for atom in self.atoms
        )
        if not lists and not shut:
            return None
        return tuple(
            name
            for name in dict.fromkeys(names if lists else self.names)
            if self.may_be_called(name) and not self.named(name).never
        )

    # --- arrays ---

    def item(self, place: int) -> "Meeting":
        """What the item at this place fits; places after every listed one are all alike."""
        return Meeting(part for atom in self.atoms if (part := item_of(atom, place)) is not None)

    @cached_property
    def listed(self) -> int:
        """How many places are spoken of one by one."""
        return max((len(each) for each in self.all("prefixItems")), default=0)


def flattened(part: Part) -> tuple[Part, ...]:
    """This schema as those that must all be met, without references and without `allOf`."""
    found: dict[tuple[str, str], Part] = {}
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if each.key not in found and each.keywords is not True:
            found[each.key] = each
            waiting += reversed(atoms_of(each)) if each.keywords is not False else ()
    return tuple(found.values())


def atoms_of(part: Part) -> list[Part]:
    """The schemas that stand for the same value without a choice, and what is left over as `unevaluated*`."""
    found = [*([part.said("$ref")] if part.said("$ref") else ()), *part.said("allOf", ())]
    rests = [each for each in ("unevaluatedProperties", "unevaluatedItems") if part.said(each) is not None]
    return [*found, *(plain for each in rests if (plain := plainly_unevaluated(part, each)) is not None)]


def plainly_unevaluated(part: Part, keyword: str) -> Part | None:
    """An `unevaluated*` as the `additionalProperties` or `items` that it comes to; None where a choice decides."""
    family, waiting = dict[tuple[str, str], Part](), [part]
    while waiting:
        each = waiting.pop()
        if each.key in family or isinstance(each.keywords, bool):
            continue
        family[each.key] = each
        if any(each.said(choice) for choice in ("anyOf", "oneOf", "if", "dependentSchemas")):
            return None
        if each is not part and each.said(keyword) is not None:
            return None
        waiting += [*([each.said("$ref")] if each.said("$ref") else ()), *each.said("allOf", ())]
    rest: Part = part.said(keyword)
    parts = family.values()
    name = f"{part.at}/{keyword}"
    if keyword == "unevaluatedProperties":
        anything = part.side.case("anything", {})
        if any(each.said("additionalProperties") is not None for each in parts):
            return anything  # every property is evaluated
        said = {
            "properties": {name: anything for each in parts for name in each.said("properties", ())},
            "patternProperties": {name: anything for each in parts for name in each.said("patternProperties", ())},
            "additionalProperties": rest,
        }
        return part.side.case(name, {key: value for key, value in said.items() if value != {}})
    if any(each.said("items") is not None for each in parts):
        return part.side.case("anything", {})
    if any(each.said("contains") for each in parts):
        return None
    listed = max(len(each.said("prefixItems", ())) for each in parts)
    return part.side.case(name, {"prefixItems": [part.side.case("anything", {})] * listed, "items": rest})


def parts_for(atom: Part, name: str | None, matching: frozenset[str]) -> Iterator[tuple[str, Part]]:
    """The schemas of one object schema for a property, each with the keyword that leads to it."""
    matched = False
    if name is not None and (part := atom.said("properties", {}).get(name)) is not None:
        matched = True
        yield "properties", part
    for pattern, part in atom.said("patternProperties", {}).items():
        if pattern in matching:
            matched = True
            yield "patternProperties", part
    if not matched and (part := atom.said("additionalProperties")) is not None:
        yield "additionalProperties", part


def item_of(atom: Part, place: int) -> Part | None:
    listed = atom.said("prefixItems", ())
    found: Part | None = listed[place] if place < len(listed) else atom.said("items")
    return found


@lru_cache(maxsize=4_096)
def _asked(pattern: str) -> rs.Validator:
    return rs.Draft202012Validator({"pattern": pattern}, pattern_options=LARGE, offline=True)


def matches(pattern: str, text: str) -> bool:
    return _asked(pattern).is_valid(text)


@lru_cache(maxsize=4_096)
def matched_by_all(pattern: str) -> bool:
    """Whether every text matches: `[a-z]*` finds its nothing wherever it begins, `^a*` at the start, `a*$` at the end.

    Whatever a pattern asks of the place where it matches, `^` or `$` apart, might not hold there in another text.
    """
    plain = re.sub(r"\\[dDwWsS./-]", "", pattern)
    return not ("\\" in plain or "(?" in plain or ("^" in plain and "$" in plain)) and matches(pattern, "")


def _brought_along(parts: Iterable[Part]) -> list[Part]:
    """What the properties that are there for certain bring along."""
    known = [part for part in parts if part.keywords is not False]
    objects = KINDS.intersection(*(part.said("type") for part in known if part.said("type"))) <= {"object"}
    required = {name for part in known for name in part.said("required", ())}
    found = []
    for part in known:
        for name, names in part.said("dependentRequired", {}).items():
            if name in required and not required.issuperset(names):
                listed = sorted(names)
                found.append(part.side.case(f"required {listed}", {"required": listed}))
        if objects:  # anything else has no properties that could bring a schema along
            found += [schema for name, schema in part.said("dependentSchemas", ()) if name in required]
    return found


def _whole(bound: Bound, *, up: bool) -> int:
    """The nearest whole number within a bound."""
    limit, excluded = bound
    if excluded and limit.denominator == 1:
        return int(limit) + (1 if up else -1)
    return ceil(limit) if up else floor(limit)


def _is_false(part: Any) -> bool:
    return isinstance(part, Part) and part.keywords is False


def _has(part: Part, keyword: str) -> bool:
    return not isinstance(part.keywords, bool) and keyword in part.keywords
