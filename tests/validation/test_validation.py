"""Validation of data against a schema, and its messages."""

import itertools
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.schema import Schema
from reyna.validation.keywords import DIALECTS
from reyna.validation.validator import MAX_ERRORS, Validator, ValidatorCache
from tests.support.schemas import TREE, schema_uri

MODERN: Final = [uri for uri, dialect in DIALECTS.items() if dialect.definitions == "$defs"]
LATEST: Final = MODERN[0]


@pytest.mark.parametrize("uri", DIALECTS)
def test_every_dialect_takes_what_fits_and_says_where_it_does_not(uri: str) -> None:
    fit = Validator(
        {
            "$schema": uri,
            "type": "object",
            "properties": {"title": {"type": "string", "maxLength": 5}, "parts": {"items": {"minimum": 1}}},
            "required": ["title"],
            "additionalProperties": False,
        }
    )
    assert fit.fits({"title": "Dawn", "parts": [1, 2]})
    assert fit.errors({"title": "Dawn"}) == ()
    wrong = {"title": "Daybreak", "parts": [1, 0], "b": 1}
    assert not fit.fits(wrong)
    assert {error.path for error in fit.errors(wrong)} == {"", "/title", "/parts/1"}


@pytest.mark.parametrize("uri", [f"{uri}#" for uri in DIALECTS])
def test_a_dialect_may_be_named_with_an_empty_fragment(uri: str) -> None:
    assert not Validator({"$schema": uri, "type": "string"}).fits(1)


def test_each_dialect_keeps_its_own_rules() -> None:
    assert not Validator(
        {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 3, "exclusiveMaximum": True}
    ).fits(3)
    assert Validator({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}).fits(2)
    assert not Validator({"$schema": "http://json-schema.org/draft-06/schema#", "const": 1}).fits(2)
    assert not Validator({"$schema": "http://json-schema.org/draft-07/schema#", "if": {}, "then": False}).fits(2)
    assert not Validator({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}).fits(
        [2]
    )
    assert not Validator({"$schema": MODERN[1], "dependentRequired": {"a": ["b"]}}).fits({"a": 1})
    assert not Validator({"prefixItems": [{"type": "string"}]}).fits([2])
    assert not Validator({"properties": {"a": {}}, "unevaluatedProperties": False}).fits({"b": 1})


@pytest.mark.parametrize("uri", [f"{DIALECT}/x" for DIALECT in MODERN] + ["http://127.0.0.1:9/schema", 7, None, ""])
def test_a_dialect_that_nobody_speaks_is_refused(uri: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        Validator({"$schema": uri})
    assert refusal.value.errors[0].path == "/json_schema/$schema"


@pytest.mark.parametrize(
    ("format", "right", "wrong"),
    [
        ("date-time", "2026-03-01T12:00:00Z", "yesterday"),
        ("date", "2026-03-01", "2026-02-30"),
        ("time", "12:00:00Z", "25:00:00Z"),
        ("duration", "PT4M", "4 minutes"),
        ("email", "ana@example.org", "ana at example"),
        ("hostname", "example.org", "-example-"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8"),
        ("uri", "https://example.org/a", "not a uri"),
        ("uuid", "0190f3a2-7c1e-7b4e-8d2a-5f6b7c8d9e0f", "0190f3a2"),
        ("json-pointer", "/a/0", "a/0"),
        ("regex", "^a+$", "(("),
    ],
)
@pytest.mark.parametrize("uri", DIALECTS)
def test_well_known_formats_are_asserted(uri: str, format: str, right: str, wrong: str) -> None:
    if format in NEWER.get(uri, ()):
        return
    fit = Validator({"$schema": uri, "type": ["string", "null"], "format": format})
    assert fit.fits(right)
    assert not fit.fits(wrong)
    assert fit.errors(wrong)[0].expected == format


NEWER: Final = {  # formats that a dialect did not have yet
    "http://json-schema.org/draft-04/schema": {"date", "time", "duration", "uuid", "json-pointer", "regex"},
    "http://json-schema.org/draft-06/schema": {"date", "time", "duration", "uuid", "regex"},
    "http://json-schema.org/draft-07/schema": {"duration", "uuid"},
}


def test_an_error_says_where_and_what_was_expected() -> None:
    fit = Validator({"properties": {"a/b": {"items": {"enum": ["x", 1]}}}})
    [error] = fit.errors({"a/b": ["x", "y"]})
    assert error.path == "/a~1b/1"
    assert error.expected == '"x" or 1'
    assert error.schema_path == "/properties/a~1b/items/enum"
    assert error.message == 'the value is not one of "x" or 1'


def test_an_error_repeats_nothing_of_the_text() -> None:
    fit = Validator({"properties": {"content": {"type": "number"}, "list": {"type": "string"}}})
    errors = fit.errors({"content": "word " * 100_000, "list": ["word"] * 1_000})
    assert not any("word" in error.message for error in errors)
    assert all(error.message.endswith(('number"', 'string"')) for error in errors)


def test_at_most_fifty_errors_are_listed() -> None:
    assert len(Validator({"items": {"type": "string"}}).errors([1] * 1_000)) == MAX_ERRORS


@pytest.mark.parametrize(
    "json_schema",
    [
        {"$defs": {"n": {"type": "integer"}}, "properties": {"n": {"$ref": "#/$defs/n"}}},
        {"$defs": {"a b/c": {"type": "integer"}}, "properties": {"n": {"$ref": "#/$defs/a%20b~1c"}}},
        {"$defs": {"n": {"$anchor": "number", "type": "integer"}}, "properties": {"n": {"$ref": "#number"}}},
        {"$defs": {"n": {"$dynamicAnchor": "n", "type": "integer"}}, "properties": {"n": {"$dynamicRef": "#n"}}},
        {
            "$id": "https://example.org/a/schema",
            "$defs": {"n": {"type": "integer"}},
            "properties": {"n": {"$ref": "schema#/$defs/n"}},
        },
        {
            "$id": "https://example.org/a/schema",
            "$defs": {"n": {"$id": "number", "$defs": {"m": {"type": "integer"}}, "$ref": "#/$defs/m"}},
            "properties": {"n": {"$ref": "https://example.org/a/number"}},
        },
        {"components": {"n": {"type": "integer"}}, "properties": {"n": {"$ref": "#/components/n"}}},
        {"components": {"n": {"m": {"type": "integer"}}}, "properties": {"n": {"$ref": "#/components/n/m"}}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"n": {"$id": "#number", "type": "integer"}},
            "properties": {"n": {"$ref": "#number"}},
        },
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "definitions": {"n": {"id": "#number", "type": "integer"}},
            "properties": {"n": {"$ref": "#number"}},
        },
    ],
)
def test_a_reference_may_point_inside_the_schema(json_schema: Any) -> None:
    fit = Validator(json_schema)
    assert fit.fits({"n": 1})
    assert not fit.fits({"n": "one"})


@pytest.mark.parametrize("uri", MODERN)
def test_a_tree_may_refer_to_itself(uri: str) -> None:
    fit = Validator({"$schema": uri} | TREE)
    assert fit.fits({"name": "a", "children": [{"name": "b", "children": []}]})
    [error] = fit.errors({"name": "a", "children": [{"name": "b", "children": [{"name": 3}]}]})
    assert error.path == "/children/0/children/0/name"


def test_a_schema_may_build_on_a_registered_one() -> None:
    references = {schema_uri("base"): {"$anchor": "all", "properties": {"n": {"type": "integer"}}}}
    for fragment in ("", "#", "#all"):
        fit = Validator({"$ref": schema_uri("base") + fragment, "required": ["n"]}, references)
        assert fit.fits({"n": 1})
        assert not fit.fits({"n": "one"})
        assert not fit.fits({})
    fit = Validator({"items": {"$ref": schema_uri("base") + "#/properties/n"}}, references)
    assert not fit.fits(["one"])


def test_an_own_anchor_extends_a_registered_tree() -> None:
    tree = {"$dynamicAnchor": "node", "properties": {"children": {"items": {"$dynamicRef": "#node"}}}}
    strict = {"$dynamicAnchor": "node", "$ref": schema_uri("tree"), "required": ["name"]}
    fit = Validator(strict, {schema_uri("tree"): tree})
    assert fit.fits({"name": "a", "children": [{"name": "b"}]})
    assert not fit.fits({"name": "a", "children": [{}]})


def test_a_registered_schema_keeps_its_own_names() -> None:
    references = {
        schema_uri("a"): {"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"},
        schema_uri("b"): {"$defs": {"x": {"type": "integer"}}, "$ref": "#/$defs/x"},
    }
    own = {"$defs": {"x": {"type": "null"}}, "prefixItems": [{"$ref": uri} for uri in (*references, "#/$defs/x")]}
    assert Validator(own, references).fits(["a", 1, None])
    assert not Validator(own, references).fits([1, "a", None])


@pytest.mark.parametrize(
    "ref",
    [
        "http://127.0.0.1:9/schema",
        "https://json-schema.org/draft/2020-12/nothing",
        "file:///etc/hostname",
        "schema.json",
        "//127.0.0.1/x",
        schema_uri("nowhere"),
        "#/nowhere",
        "#nowhere",
        "#/properties/n/type",
        7,
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_a_reference_to_anywhere_else_is_refused_with_its_path(keyword: str, ref: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        Validator({"properties": {"n": {"type": "string", keyword: ref}}})
    assert refusal.value.errors[0].path == f"/json_schema/properties/n/{keyword}"


def test_a_reference_to_what_is_no_schema_is_refused() -> None:
    with pytest.raises(Invalid):
        Validator({"components": {"n": {"type": "nonsense"}}, "$ref": "#/components/n"})


def test_a_reference_to_another_dialect_is_refused() -> None:
    with pytest.raises(Invalid, match="draft-07"):
        Validator(
            {"$ref": schema_uri("old")}, {schema_uri("old"): {"$schema": "http://json-schema.org/draft-07/schema#"}}
        )


def test_what_only_looks_like_a_reference_is_data() -> None:
    fit = Validator(
        {"const": {"$ref": "http://127.0.0.1:9/"}, "examples": [{"$ref": 7}], "x-form": {"$ref": "file:///"}}
    )
    assert fit.fits({"$ref": "http://127.0.0.1:9/"})


def test_compiling_leaves_the_schema_as_it_was() -> None:
    json_schema = {"$id": "https://example.org/x", "$defs": {"n": {"$anchor": "n"}}, "$ref": "#n"}
    before = msgspec.json.encode(json_schema)
    Validator(json_schema)
    assert msgspec.json.encode(json_schema) == before


def test_true_and_false_are_schemas() -> None:
    assert Validator(True).fits({"a": [1]})
    assert not Validator(False).fits(1)


def version(fingerprint: str) -> Schema:
    return Schema(
        id="recipe-v1",
        name="recipe",
        major=1,
        version="1.0.0",
        kind="blob",
        scope="user",
        json_schema={"type": "object"},
        fingerprint=fingerprint,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="user-ana",
    )


def test_the_most_recently_used_are_kept() -> None:
    fits = ValidatorCache(max_validators=2)
    first, second, third = version("first"), version("second"), version("third")
    kept = fits.get(first)
    fits.get(second)
    assert fits.get(first) is kept
    dropped = fits.get(second)
    fits.get(first), fits.get(third)
    assert fits.get(first) is kept
    assert fits.get(second) is not dropped


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_whatever_fits_has_no_errors_and_whatever_does_not_has_some(data: Any) -> None:
    fit = Validator(
        {
            "anyOf": [
                {"type": ["string", "boolean", "null"], "maxLength": 3},
                {"type": "array", "items": {"$ref": "#"}, "uniqueItems": True},
                {"type": "object", "additionalProperties": {"$ref": "#"}, "propertyNames": {"minLength": 1}},
            ]
        }
    )
    assert fit.fits(data) == (not fit.errors(data))


@given(JSON)
def test_a_constant_fits_itself(data: Any) -> None:
    assert Validator({"const": data}).fits(data)
    assert Validator({"enum": [data]}).fits(data)


def test_what_a_schema_costs_does_not_depend_on_the_order_of_its_parts() -> None:
    text = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    defs = {"inner": text, "outer": {"allOf": [{"$ref": "#/$defs/inner"}, {"minLength": 1, "$ref": "#/$defs/inner"}]}}
    defs["outermost"] = {"allOf": [{"$ref": "#/$defs/outer"}, {"$ref": "#/$defs/outer"}]}
    costs = {
        Validator({"$defs": defs, "allOf": [{"properties": {"a": {"$ref": f"#/$defs/{name}"}}} for name in order]}).cost
        for order in itertools.permutations(defs)
    }
    assert len({cost.max_quick_bytes for cost in costs}) == 1


@pytest.mark.parametrize(
    "keyword",
    [
        {"format": "date"},
        {"pattern": "^a"},
        {"patternProperties": {"^a": True}},
        {"enum": [[1], [2]]},
        {"uniqueItems": True},
        {"multipleOf": 2},
    ],
)
def test_what_takes_time_counts_in_what_a_schema_costs(keyword: dict[str, Any]) -> None:
    plain = {"type": ["string", "array", "object", "integer"]}
    body = msgspec.json.encode(["a" * 1_000_000])
    assert Validator(plain | keyword).cost.of(body) > Validator(plain).cost.of(body)
