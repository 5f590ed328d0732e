"""Schemas that are made to do harm are refused with a reason, and such data is answered in time."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_DEPTH, encode_json
from reyna.services.schemas.registry.examination.references import MAX_REFERENCED_BYTES, MAX_REFERENCED_SCHEMAS
from reyna.services.schemas.registry.examination.schema_rules import (
    MAX_ENUM_VALUES,
    MAX_LARGE_PATTERNS,
    MAX_PATTERNS,
    MAX_SCHEMA_BYTES,
    MAX_SUBSCHEMAS,
    MAX_WIDE_PATTERNS,
    check_schema,
    check_whole,
)
from reyna.validation.bundling.scoped_bundle import MAX_SCHEMA_COPIES
from reyna.validation.complexity.complexity import MANY_SCHEMAS_PER_PLACE, MAX_SCHEMAS_PER_PLACE
from reyna.validation.complexity.patterns import MAX_LARGE_PATTERN_TEXT
from reyna.validation.validator import Validator
from tests.support.schemas import BLOCKS, TREE


def register(json_schema: Any) -> Validator:
    """What registering does with a schema before it is stored."""
    check_schema(json_schema)
    check_whole(json_schema, {})
    return Validator(json_schema)


def why_refused(json_schema: Any) -> tuple[str, str]:
    with pytest.raises(Invalid) as refusal:
        register(json_schema)
    return refusal.value.errors[0].path, refusal.value.errors[0].message


def doubling(times: int, double: Any) -> dict[str, Any]:
    """Each definition leads to the next one twice: 2 to the power of `times` ways to the last."""
    definitions = {f"d{number}": double(f"#/$defs/d{number + 1}") for number in range(times)}
    return {"$defs": definitions | {f"d{times}": {"type": "string"}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    "json_schema",
    [
        {"$ref": "#"},
        {"$dynamicAnchor": "me", "$dynamicRef": "#me"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
        {"not": {"$ref": "#"}},
        {"if": {"$ref": "#"}},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": {"$ref": "#"}}},
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": True, "$recursiveRef": "#"},
    ],
)
def test_an_endless_reference_is_refused(json_schema: Any) -> None:
    assert "never end" in why_refused(json_schema)[1]


def test_going_round_through_the_data_is_no_endless_reference() -> None:
    assert register({"anyOf": [{"type": "null"}, {"items": {"$ref": "#"}}]}).fits([[None]])


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_a_reference_bomb_is_refused(keyword: str) -> None:
    assert why_refused(doubling(14, lambda ref: {keyword: [{"$ref": ref}, {"$ref": ref}]}))


def test_a_reference_bomb_through_the_data_is_refused() -> None:
    bomb = doubling(20, lambda ref: {"allOf": [{"properties": {"a": {"$ref": ref}}}] * 2})
    assert "combines so many" in why_refused(bomb)[1]


def test_many_names_that_lead_back_to_the_whole_are_followed_once_each() -> None:
    recursive = [{"properties": {f"r{n}": {}}, "additionalProperties": {"$ref": "#"}} for n in range(8)]
    plain: list[Any] = [{"properties": {f"p{n}": {}}} for n in range(600)]
    assert "combines so many" in why_refused({"allOf": [*recursive, *plain]})[1]
    assert register({"allOf": [*recursive, *plain[:100]]}).fits({"p1": {"r1": {}}})


def test_sharing_a_definition_is_no_reference_bomb() -> None:
    shared = doubling(30, lambda ref: {"properties": {"left": {"$ref": ref}, "right": {"$ref": ref}}})
    assert register(shared).fits({"left": {"right": {}}})


def test_schemas_piled_on_top_of_one_another_are_refused() -> None:
    pile = {f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}]} for number in range(40)}
    assert "on top of one another" in why_refused({"$defs": pile | {"d40": {}}, "$ref": "#/$defs/d0"})[1]


def test_a_schema_nested_too_deep_is_refused() -> None:
    json_schema: dict[str, Any] = {}
    for _ in range(101):
        json_schema = {"not": json_schema}
    assert "nested deeper" in why_refused(json_schema)[1]


def test_a_schema_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        register({"description": "x" * 300_000})
    assert "more than" in why_refused({"properties": {str(number): {} for number in range(MAX_SUBSCHEMAS)}})[1]
    assert (
        why_refused({"properties": {"a": {"enum": list(range(MAX_ENUM_VALUES + 1))}}})[0]
        == "/json_schema/properties/a/enum"
    )
    assert "patterns" in why_refused({"patternProperties": {f"^{n}$": {} for n in range(MAX_PATTERNS + 1)}})[1]


def test_letters_of_every_script_are_asked_for_in_so_many_patterns_and_in_each_as_often_as_one_likes() -> None:
    different = {f"p{number}": {"pattern": rf"^\p{{L}}+{number}$"} for number in range(MAX_WIDE_PATTERNS + 1)}
    path, message = why_refused({"properties": different})
    assert path.endswith("/pattern")
    assert "every script" in message
    names = {f"p{number}": {"pattern": r"^\p{L}+$"} for number in range(MAX_WIDE_PATTERNS * 3)}
    assert register({"properties": names}).fits({"p1": "Åsa", "p2": "Өнер"})


def test_a_schema_that_is_large_but_simple_is_taken() -> None:
    refers = {f"p{number}": {"$ref": "#"} for number in range(2_000)}
    assert not register({"properties": refers | {"n": {"type": "string"}}}).fits({"p7": {"p8": {"n": 1}}})


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?<!a)b", "(a)\\1", "(?!x)"])
def test_a_pattern_that_needs_backtracking_is_refused(pattern: str) -> None:
    path, message = why_refused({"properties": {"a": {"pattern": pattern}}})
    assert path == "/json_schema/properties/a/pattern"
    assert "backtracking" in message
    path, message = why_refused({"patternProperties": {pattern: {}}})
    assert "backtracking" in message


@pytest.mark.parametrize("pattern", ["((", "[", "*", "(?:a{1000}){1000}"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    assert why_refused({"pattern": pattern})[0] == "/json_schema/pattern"


def test_a_pattern_hidden_where_no_keyword_is_looked_at_all_the_same() -> None:
    assert "backtracking" in why_refused({"components": {"a": {"pattern": "(?=a)"}}, "$ref": "#/components/a"})[1]


def test_a_large_pattern_needs_a_bound_on_the_text() -> None:
    pattern = "a[ab]{900}[^ab]"
    assert "large" in why_refused({"pattern": pattern})[1]
    assert "large" in why_refused({"pattern": pattern, "maxLength": 100_000})[1]
    assert "large" in why_refused({"patternProperties": {pattern: {}}})[1]
    fit = register({"pattern": pattern, "maxLength": 1_000})
    assert fit.fits("a" + "b" * 900 + "c")
    assert [error.schema_path for error in fit.errors("b")] == ["/pattern"]
    assert [error.schema_path for error in fit.errors("ab" * 500_000)] == ["/maxLength"]


@pytest.mark.parametrize(
    "pattern", [r"^\p{L}[\p{L}\p{M}' -]*$", r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"^\w{1,64}$", "^(a+)+$", r"^\d{4}-\d{2}$"]
)
def test_an_ordinary_pattern_is_taken(pattern: str) -> None:
    assert register({"pattern": pattern})


def test_nested_repetition_does_not_hang() -> None:
    assert not register({"pattern": "^(a+)+$"}).fits("a" * 100_000 + "b")


def test_uniqueness_of_many_items_does_not_hang() -> None:
    fit = register({"uniqueItems": True})
    assert fit.fits([{"a": [number]} for number in range(20_000)])
    assert not fit.fits([*({"a": number} for number in range(20_000)), {"a": 7}])


def test_an_ambiguous_schema_gives_a_verdict_however_deep_the_data() -> None:
    fit = register(BLOCKS)
    data: Any = {"type": "text", "text": 1}
    for depth in range(40):
        data = {"type": "quote", "content": [data]}
        if depth in (0, 39):
            assert not fit.fits(data)
            assert fit.errors(data)


def test_a_heavy_schema_takes_little_data_and_refuses_much() -> None:
    fit = register({"items": {"allOf": [{"minimum": number} for number in range(1_000)]}})
    assert fit.fits([1_000] * 100)
    with pytest.raises(TooLarge):
        fit.fits([1_000] * 100_000)


DEEPEST = """
from reyna.validation.validator import Validator

def deep(inner):
    for _ in range(99):
        inner = {"a": inner}
    return inner

wraps = [
    lambda ref: {"allOf": [{"$ref": ref}, {"minProperties": 0}]},
    lambda ref: {"anyOf": [{"$ref": ref}]},
    lambda ref: {"$ref": ref, "unevaluatedProperties": {"type": "object"}},
    lambda ref: {"not": {"not": {"$ref": ref}}},
    lambda ref: {"if": {"$ref": ref}, "else": False},
]
for wrap in wraps:
    for pile in (9, 14, 28):
        definitions = {f"d{n}": wrap(f"#/$defs/d{n + 1}") for n in range(pile)}
        definitions[f"d{pile}"] = {"properties": {"a": {"$ref": "#"}}, "type": "object"}
        try:
            fit = Validator({"$defs": definitions, "$ref": "#/$defs/d0"})
        except Exception:
            continue
        fit.fits(deep({})), fit.fits(deep(1)), fit.errors(deep({})), fit.errors(deep(1))
print("alive")
"""


def test_the_deepest_data_under_the_highest_pile_does_not_break_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", DEEPEST], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "alive\n", done.stderr


def test_data_nested_deeper_than_any_store_takes_never_reaches_a_schema() -> None:
    data: Any = {"name": "a"}
    for _ in range(60):
        data = {"name": "a", "children": [data]}
    with pytest.raises(Invalid):
        encode_json(data)
    assert register(TREE).fits({"name": "a"})


def test_the_reference_says_what_a_schema_may_be() -> None:
    reference = (Path(__file__).parents[3] / "docs/reference/compatibility.md").read_text()
    said = reference.partition("## What a schema may be")[2].partition("|---|")[2].partition("\n## ")[0]
    sizes = (
        MAX_SCHEMA_BYTES,
        MAX_DEPTH,
        MAX_SUBSCHEMAS,
        MAX_SCHEMA_COPIES,
        MAX_REFERENCED_SCHEMAS,
        MAX_REFERENCED_BYTES,
        MAX_ENUM_VALUES,
    )
    limits = (
        *sizes,
        MAX_PATTERNS,
        MAX_WIDE_PATTERNS,
        MAX_LARGE_PATTERNS,
        MAX_LARGE_PATTERN_TEXT,
        MAX_SCHEMAS_PER_PLACE,
        MANY_SCHEMAS_PER_PLACE,
    )
    assert re.findall(r"\d[\d,]*(?<!,)", said) == [f"{limit:,}" for limit in limits]
