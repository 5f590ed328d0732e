"""Strategies for random schemas and documents, independent of the comparison's rules."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, Final

from hypothesis import strategies as st

NAMES: Final = ("a", "b", "foo", "kind")
TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")
CONSTANTS: Final = st.sampled_from([None, True, False, 0, 1, 2, 1.5, "a", "b", "ab", [], [1], {"a": 1}])
PATTERNS: Final = ("^a", "b", "^[a-c]+$", "^.$", "a|b")
SMALL: Final = st.integers(0, 3)


def schemas() -> st.SearchStrategy[Any]:
    """Schemas of every keyword, small enough for documents of ours to meet."""
    leaves = st.sampled_from([True, False, {}, {"type": "string"}, {"type": "integer"}, {"const": 1}, {"minimum": 1}])
    return st.recursive(
        leaves | _plain(), lambda inner: _plain() | _object(inner) | _array(inner) | _choice(inner), max_leaves=5
    )


def pairs() -> st.SearchStrategy[tuple[Any, Any]]:
    """Two schemas, most often the second made from the first."""

    def near(schema: Any) -> st.SearchStrategy[tuple[Any, Any]]:
        if not isinstance(schema, dict):
            return st.tuples(st.just(schema), schemas())
        less = st.sampled_from([{k: v for k, v in schema.items() if k != gone} for gone in schema] or [{}])
        more = schemas().filter(lambda other: isinstance(other, dict)).map(lambda other: schema | other)
        return st.tuples(st.just(schema), less | more | schemas())

    return schemas().flatmap(near)


def _plain() -> st.SearchStrategy[dict[str, Any]]:
    bound = st.sampled_from([-1, 0, 1, 1.5, 2, 3])
    return _some(
        {
            "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True),
            "enum": st.lists(CONSTANTS, min_size=1, max_size=3),
            "const": CONSTANTS,
            **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), bound),
            "multipleOf": st.sampled_from([0.5, 1, 1.5, 2, 3]),
            **dict.fromkeys(
                ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), SMALL
            ),
            "pattern": st.sampled_from(PATTERNS),
            "format": st.sampled_from(["date", "email", "colour"]),
            "uniqueItems": st.booleans(),
            "required": st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
        }
    )


def _object(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    by_name = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2)
    return _some(
        {
            "type": st.just("object"),
            "properties": by_name,
            "patternProperties": st.dictionaries(st.sampled_from(PATTERNS), inner, min_size=1, max_size=2),
            "additionalProperties": st.just(False) | inner,
            "unevaluatedProperties": st.just(False) | inner,
            "propertyNames": st.sampled_from([{"maxLength": 1}, {"enum": ["a", "b"]}, {"pattern": "^a"}]),
            "required": st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
            "dependentRequired": st.dictionaries(
                st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=1), min_size=1, max_size=1
            ),
            "dependentSchemas": by_name,
        }
    )


def _array(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _some(
        {
            "type": st.just("array"),
            "items": st.just(False) | inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "minContains": SMALL,
            "maxContains": SMALL,
            "minItems": SMALL,
            "maxItems": SMALL,
            "unevaluatedItems": st.just(False) | inner,
        }
    )


def _choice(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    choices = {"allOf": several, "anyOf": several, "oneOf": several, "not": inner}
    one = st.sampled_from(list(choices)).flatmap(lambda keyword: st.fixed_dictionaries({keyword: choices[keyword]}))
    return one | st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner})


def _some(keywords: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A few of these keywords."""
    names = st.lists(st.sampled_from(list(keywords)), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen}))


def _documents() -> Iterator[Any]:
    scalars = [None, True, False, -1, 0, 1, 1.0, 2, 3, 4, 6, 0.5, 1.5, "", "a", "b", "ab", "foo", "2026-03-01", "x"]
    yield from scalars
    few: list[Any] = [None, 0, 1, 1.5, "a", "b", [], {}, {"a": 1}]
    for length in range(3):
        yield from (list(items) for items in product(few, repeat=length))
    yield from (list(items) for items in product([None, 1, "a"], repeat=3))
    names = (*NAMES, "ab", "x")
    yield from ({name: value} for name in names for value in [*scalars, *few])
    for some in combinations(names, 2):
        yield from (dict(zip(some, values, strict=True)) for values in product([None, 1, "a", True], repeat=2))
    for several in (each for many in (3, 4) for each in combinations(names, many)):
        yield from (dict.fromkeys(several, value) for value in (1, "a", None))
    for one, other in product(few, repeat=2):
        yield from ({"a": {"a": one, "b": other}}, {"foo": [one, other]}, [{"a": one}, other], [[one, other]])


DOCUMENTS: Final = list(_documents())
