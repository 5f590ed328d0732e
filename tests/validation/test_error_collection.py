"""Errors that are listed part by part are those of the engine, and listing takes bounded memory."""

import itertools
from typing import Any

import jsonschema_rs as rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.validation.bundling.bundle import bundle_schema
from reyna.validation.complexity.patterns import guard_large_patterns
from reyna.validation.error_collection import ErrorCollector
from reyna.validation.keywords import DEFAULT_DIALECT, DIALECTS, Dialect, dialect_of, pointer
from reyna.validation.messages import failure_message
from reyna.validation.validator import compile_engine
from tests.services.schemas.compatibility import random_schemas as made_up

DOCUMENTS = st.recursive(
    st.sampled_from([None, True, 0, 1, 1.5, 3, "", "a", "ab", "zzz"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(made_up.NAMES), inner, max_size=3),
    max_leaves=6,
)


def walk_errors(json_schema: Any, data: Any) -> list[tuple[str, str]]:
    """Path and schema path of each error, when the engine may list nothing."""
    dialect = dialect_of(json_schema)
    document = bundle_schema(json_schema, {})
    reasons = ErrorCollector(document, dialect, compile_engine(document, dialect), lambda data: False)
    return [(error.path, error.schema_path or "") for error in reasons.collect(data)]


def engine_errors(json_schema: Any, data: Any) -> list[tuple[str, str]]:
    """The same, as the engine lists them."""
    dialect = dialect_of(json_schema)
    engine = compile_engine(bundle_schema(json_schema, {}), dialect)
    return [(pointer(tuple(e.instance_path)), pointer(tuple(e.schema_path))) for e in engine.iter_errors(data)]


def is_plain(json_schema: Any) -> bool:
    """Without what the engine tells in more detail, or what nothing tells apart."""
    return not any(word in str(json_schema) for word in ("unevaluated", "propertyNames", "dependent", "contains"))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(made_up.schemas(), DOCUMENTS)
def test_part_by_part_the_same_places_are_found(json_schema: Any, data: Any) -> None:
    try:
        expected = engine_errors(json_schema, data)
    except Invalid:
        return
    found = walk_errors(json_schema, data)
    assert bool(found) == bool(expected)
    if is_plain(json_schema):
        assert set(found) == set(expected)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("keywords", "data"),
    [
        ({"maximum": 3, "exclusiveMaximum": 3}, 3),
        ({"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}, [1, "a"]),
        ({"items": {"type": "string"}, "additionalItems": False}, ["a", 1]),
        ({"dependencies": {"a": {"required": ["b"]}}}, {"a": 1}),
        ({"definitions": {"n": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/n"}}}, {"a": 1}),
        ({"definitions": {"a/b %é~": {"type": "string"}}, "items": {"$ref": "#/definitions/a~1b%20%25%C3%A9~0"}}, [1]),
        ({"properties": {"a": {"items": {"$ref": "#"}}}, "type": "object"}, {"a": [{"a": [7]}]}),
        (
            {"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": {"type": "null"}},
            {"ab": 1, "c": 1},
        ),
    ],
)
def test_every_dialect_is_walked(dialect: Dialect, keywords: Any, data: Any) -> None:
    if dialect.name == "draft-04" and "exclusiveMaximum" in keywords:
        keywords = {"maximum": 3, "exclusiveMaximum": True}
    if dialect is DEFAULT_DIALECT and isinstance(keywords.get("items"), list):
        keywords = {"prefixItems": keywords["items"], "items": keywords["additionalItems"]}
    json_schema = {"$schema": dialect.uri, **keywords}
    found, expected = walk_errors(json_schema, data), engine_errors(json_schema, data)
    assert sorted(path for path, _ in found) == sorted(path for path, _ in expected)
    assert bool(found) == (not compile_engine(bundle_schema(json_schema, {}), dialect).is_valid(data))


def test_walking_stops_when_its_time_is_over_and_still_says_that_data_does_not_fit() -> None:
    document = bundle_schema({"items": {"type": "string"}}, {})
    reasons = ErrorCollector(document, DEFAULT_DIALECT, rs.validator_for(document), lambda data: False)
    assert len(list(reasons.collect([1] * 100, seconds=-1.0))) == 1
    assert len(list(itertools.islice(reasons.collect([1] * 1_000_000), 50))) == 50


@pytest.mark.parametrize(
    ("json_schema", "keyword"), [({"unevaluatedProperties": False}, "unevaluatedProperties"), ({"not": {}}, "")]
)
def test_what_there_was_no_time_to_find_is_said_in_words(json_schema: Any, keyword: str) -> None:
    document = bundle_schema(json_schema, {})
    reasons = ErrorCollector(document, DEFAULT_DIALECT, rs.validator_for(document), lambda data: False)
    (error,) = reasons.collect({"a": 1}, seconds=-1.0)
    assert (error.schema_path or "").endswith(keyword)
    assert error.message == (
        failure_message(keyword) if keyword else "does not fit; there is too much of it to say where"
    )


def test_a_name_that_a_pattern_matches_is_told_with_its_whole_path() -> None:
    inner = {"patternProperties": {"^a": {"items": {"type": "string"}}}}
    data = {"part": {"a": [1], "b": [1]}}
    assert [path for path, _ in walk_errors({"properties": {"part": inner}}, data)] == ["/part/a/0"]


def test_a_large_pattern_is_kept_from_long_text_in_every_dialect() -> None:
    large = {"pattern": "(ab){1,2000}", "maxLength": 1_000}
    for dialect in DIALECTS.values():
        moved = guard_large_patterns(
            document := bundle_schema({"$schema": dialect.uri, "properties": {"a": dict(large)}}, {}), dialect
        )
        assert list(moved.values()) == ["/properties/a/pattern"]
        assert "pattern" not in document["properties"]["a"]


def test_only_what_is_missing_is_told_as_required() -> None:
    document = bundle_schema({"required": ["a", "b", "c"]}, {})
    (first, second) = ErrorCollector(document, DEFAULT_DIALECT, rs.validator_for(document), lambda data: False).collect(
        {"b": 1}
    )
    assert [first.message, second.message] == [f'"{name}" is a required property' for name in "ac"]
