"""The meaning of JSON Schema keywords in every dialect, seen from registration and validation."""

from typing import Any, Final

import pytest

from tests.services.schemas.conftest import Client

DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
DRAFT_2020: Final = "https://json-schema.org/draft/2020-12/schema"
BOTH: Final = (DRAFT_7, DRAFT_2020)
NUMBER: Final = {"type": "number"}
TEXT: Final = {"type": "string"}
NODE: Final = {"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": False}

# a schema, then data that fits it, then data that does not
IN_BOTH: Final[list[tuple[Any, list[Any], list[Any]]]] = [
    (True, [1, None, {}], []),
    (False, [], [1, None, {}]),
    ({"type": "integer"}, [1, 1.0, -7], [1.5, "1", None, True]),
    ({"type": "number"}, [1, 1.5], ["1", False]),
    ({"type": ["string", "null"]}, ["x", None], [1, []]),
    ({"type": "boolean"}, [True, False], [0, "true"]),
    ({"enum": [1, "x", None, [1], {"a": 1}]}, [1, 1.0, "x", None, [1.0], {"a": 1}], [True, "X", [2], {}]),
    ({"enum": [False]}, [False], [0, None]),
    ({"const": {"a": [1, True]}}, [{"a": [1, True]}], [{"a": [1, 1]}, {"a": [True, True]}, 1]),
    ({"const": "a\0b"}, ["a\0b"], ["ab", "a0b", "a"]),
    ({"multipleOf": 0.01}, [0.07, 19.99, 1], [0.075]),
    ({"multipleOf": 2}, [4, -2, "x"], [3]),
    ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9, "x"], [0.9, 3]),
    ({"maximum": 1, "exclusiveMinimum": -1}, [1, 0], [-1, 1.1]),
    ({"minLength": 2, "maxLength": 3}, ["ab", "äöü", "\N{PILE OF POO}\N{PILE OF POO}", 1], ["a", "abcd"]),
    ({"pattern": "^a+$"}, ["a", "aaa", 1], ["", "ab"]),
    ({"pattern": "\\d"}, ["x1y"], ["xy"]),
    ({"minItems": 1, "maxItems": 2}, [[1], [1, 2], {}], [[], [1, 2, 3]]),
    ({"uniqueItems": True}, [[1, 2], [1, True], [[1], [2]]], [[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}]]),
    ({"items": {"type": "integer"}}, [[], [1, 2], "x"], [[1, "x"]]),
    ({"contains": {"minimum": 5}}, [[1, 5], "x"], [[], [1, 4]]),
    ({"minProperties": 1, "maxProperties": 2}, [{"a": 1}, []], [{}, {"a": 1, "b": 2, "c": 3}]),
    ({"required": ["a", "b"]}, [{"a": 1, "b": None}, []], [{"a": 1}, {}]),
    ({"properties": {"a": {"type": "string"}, "b": False}}, [{}, {"a": "x", "c": 1}], [{"a": 1}, {"b": 1}]),
    ({"patternProperties": {"^x": {"type": "integer"}}}, [{"xy": 1, "y": "z"}], [{"xy": "z"}]),
    (
        {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": {"type": "null"}},
        [{"a": 1, "x": 1, "z": None}],
        [{"z": 1}],
    ),
    ({"propertyNames": {"maxLength": 2}}, [{"ab": 1}, {}], [{"abc": 1}]),
    ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, [2], [0, 4]),
    ({"anyOf": [{"type": "string"}, {"minimum": 2}]}, ["x", 3], [1]),
    ({"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]}, [3, 5], [15, 7]),
    ({"not": {"type": "integer"}}, ["x", 1.5], [1]),
    ({"if": {"minimum": 0}, "then": {"multipleOf": 2}, "else": {"maximum": -5}}, [4, -6], [3, -4]),
    ({"if": {"const": 1}}, [1, 2], []),
    ({"format": "date", "type": "string"}, ["2026-03-01"], ["2026-02-30", "x", 1]),
    ({"default": "x", "title": "T", "examples": [1], "$comment": "none of it asserts"}, [1, "y", None], []),
    ({"properties": {"$ref": {"type": "string"}}}, [{"$ref": "x"}], [{"$ref": 1}]),
    (NODE, [{}, {"next": {"next": {}}}], [{"nxt": {}}, {"next": {"x": 1}}, {"next": 1}]),
]
IN_DRAFT_7: Final[list[tuple[Any, list[Any], list[Any]]]] = [
    ({"items": [{"type": "integer"}, {}], "additionalItems": False}, [[1, "x"], [1]], [["x"], [1, "x", 2]]),
    ({"items": {"type": "integer"}, "additionalItems": False}, [[1, 2]], [["x"]]),
    ({"dependencies": {"a": ["b"], "c": {"minProperties": 3}}}, [{"a": 1, "b": 1}, {"b": 1}], [{"a": 1}, {"c": 1}]),
    (
        {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n", "minimum": 9}}},
        [{"a": 1}],
        [{"a": "x"}],
    ),
    (
        {"definitions": {"n": {"$id": "#number", "type": "integer"}}, "items": {"$ref": "#number"}},
        [[1]],
        [["x"]],
    ),
    (
        {
            "$id": "http://example.com/tree",
            "definitions": {"leaf": {"$id": "leaf", "type": "string"}},
            "items": {"$ref": "http://example.com/leaf"},
        },
        [["x"]],
        [[1]],
    ),
    ({"$ref": DRAFT_7}, [{"minLength": 1}, True], [{"minLength": -1}, 1]),
    ({"format": "date"}, ["2026-03-01", 1], ["x"]),
]  # fmt: skip
TREE: Final = {
    "$id": "https://example.com/tree",
    "$dynamicAnchor": "node",
    "type": "object",
    "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
}
LIST_OF: Final = {
    "$id": "https://example.com/list",
    "items": {"$dynamicRef": "#item"},
    "$defs": {"any": {"$dynamicAnchor": "item"}},
}
IN_2020: Final[list[tuple[Any, list[Any], list[Any]]]] = [
    ({"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, [[1, "x"], []], [["x"], [1, 2]]),
    ({"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3}, [[1, 2, "x"]], [[1], [1, 2, 3, 4]]),
    ({"contains": {"type": "integer"}, "minContains": 0}, [[], ["x"]], []),
    ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 1}, {}], [{"a": 1}]),
    ({"dependentSchemas": {"a": {"minProperties": 2}}}, [{"a": 1, "b": 1}, {}], [{"a": 1}]),
    (
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
        [{"a": 1}, {}],
        [{"b": 1}],
    ),
    (
        {"if": {"required": ["a"], "properties": {"a": {}}}, "else": False, "unevaluatedProperties": {"type": "null"}},
        [{"a": 1, "b": None}],
        [{"a": 1, "b": 1}, {}],
    ),
    ({"prefixItems": [{}], "contains": {"const": 7}, "unevaluatedItems": False}, [[1, 7], [7]], [[7, 8], [1]]),
    ({"$defs": {"n": {"$anchor": "number", "type": "integer"}}, "items": {"$ref": "#number"}}, [[1]], [["x"]]),
    ({"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n", "minimum": 3}, [3], [2, "x"]),
    ({"$defs": {"a/b~c %": {"type": "integer"}}, "$ref": "#/$defs/a~1b~0c%20%25"}, [3], ["x"]),
    (TREE, [{"children": [{"children": []}]}, {"children": [{"x": 1}]}], [{"children": [1]}, []]),
    (
        {"$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": False, "$id": "https://example.com/strict",
         "$defs": {"tree": TREE}},
        [{"children": [{"children": []}]}],
        [{"children": [{"x": 1}]}, {"x": 1}],
    ),
    (
        {
            "$id": "https://example.com/top",
            "properties": {"numbers": {"$ref": "numbers"}, "words": {"$ref": "words"}},
            "$defs": {
                "list": LIST_OF,
                "numbers": {"$id": "numbers", "$ref": "list", "$defs": {"n": {"$dynamicAnchor": "item"} | NUMBER}},
                "words": {"$id": "words", "$ref": "list", "$defs": {"w": {"$dynamicAnchor": "item"} | TEXT}},
            },
        },
        [{"numbers": [1.1], "words": ["x"]}],
        [{"numbers": ["x"]}, {"words": [1]}],
    ),
    ({"$ref": DRAFT_2020}, [{"minLength": 1}, {"$defs": {"a": True}}], [{"minLength": -1}, {"$defs": {"a": 1}}]),
    ({"format": "date"}, ["2026-03-01", "x", 1], []),
    ({"format": "date", "type": ["string", "null"]}, ["2026-03-01", None], ["x"]),
]  # fmt: skip
CASES: Final = [
    *((uri, *case) for uri in BOTH for case in IN_BOTH),
    *((DRAFT_7, *case) for case in IN_DRAFT_7),
    *((DRAFT_2020, *case) for case in IN_2020),
]


@pytest.mark.parametrize(("uri", "json_schema", "right", "wrong"), CASES)
async def test_data_is_judged_as_the_dialect_says(
    client: Client, uri: str, json_schema: Any, right: list[Any], wrong: list[Any]
) -> None:
    spoken = {"$schema": uri} | json_schema if isinstance(json_schema, dict) else json_schema
    compile_validator_off_loop = await client.post("/schemas", json={"name": "case", "json_schema": spoken})
    assert compile_validator_off_loop.status_code == 201, compile_validator_off_loop.text
    for data, expected in [*((each, True) for each in right), *((each, False) for each in wrong)]:
        verdict = (await client.post("/schemas/case-v1/validate", json={"data": data})).json()
        assert (verdict["valid"], bool(verdict["errors"])) == (expected, not expected), data


async def test_text_with_u0000_fits_only_what_names_it(client: Client) -> None:
    await client.post("/schemas", json={"name": "case", "json_schema": {"enum": ["a\0b"]}})
    for id, data, fits in (
        ("case-v1", "a\0b", True),
        ("case-v1", "a\0c", False),
        ("text-input-v1", {"content": "a\0b"}, False),
    ):
        verdict = (await client.post(f"/schemas/{id}/validate", json={"data": data})).json()
        assert verdict["valid"] is fits
    assert verdict["errors"][0]["path"] == "/content"


async def test_dynamic_references_that_would_multiply_are_refused(client: Client) -> None:
    resources: dict[str, Any] = {
        f"r{number}": {
            "$id": f"r{number}",
            "$defs": {"a": {"$dynamicAnchor": f"a{number}"}},
            "properties": {f"p{other}": {"$ref": f"r{other}"} for other in range(30)}
            | {f"q{other}": {"$dynamicRef": f"r{other}#a{other}"} for other in range(30)},
        }
        for number in range(30)
    }
    anchors = {f"b{number}": {"$dynamicAnchor": f"a{number}"} for number in range(30)}
    hostile = {"$id": "https://example.com/", "$defs": resources | {"x": {"$id": "x", "$defs": anchors}}, "$ref": "r0"}
    answer = await client.post("/schemas", json={"name": "case", "json_schema": hostile})
    assert answer.status_code == 422
    assert "too many" in answer.json()["detail"]
