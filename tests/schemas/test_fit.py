"""Whether data fits a schema, and what is said when it does not."""

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.schema import Schema
from reyna.fit import MOST_ERRORS, Fit, Fits
from reyna.fit.keywords import DIALECTS
from tests.schemas.documents import TREE, registered

MODERN: Final = [uri for uri, dialect in DIALECTS.items() if dialect.definitions == "$defs"]
LATEST: Final = MODERN[0]


@pytest.mark.parametrize("uri", DIALECTS)
def test_every_dialect_takes_what_fits_and_says_where_it_does_not(uri: str) -> None:
    fit = Fit(
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
    assert not Fit({"$schema": uri, "type": "string"}).fits(1)


def test_each_dialect_keeps_its_own_rules() -> None:
    assert not Fit({"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 3, "exclusiveMaximum": True}).fits(
        3
    )
    assert Fit({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}).fits(2)
    assert not Fit({"$schema": "http://json-schema.org/draft-06/schema#", "const": 1}).fits(2)
    assert not Fit({"$schema": "http://json-schema.org/draft-07/schema#", "if": {}, "then": False}).fits(2)
    assert not Fit({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}).fits([2])
    assert not Fit({"$schema": MODERN[1], "dependentRequired": {"a": ["b"]}}).fits({"a": 1})
    assert not Fit({"prefixItems": [{"type": "string"}]}).fits([2])
    assert not Fit({"properties": {"a": {}}, "unevaluatedProperties": False}).fits({"b": 1})


@pytest.mark.parametrize("uri", [f"{DIALECT}/x" for DIALECT in MODERN] + ["http://127.0.0.1:9/schema", 7, None, ""])
def test_a_dialect_that_nobody_speaks_is_refused(uri: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        Fit({"$schema": uri})
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
    fit = Fit({"$schema": uri, "type": ["string", "null"], "format": format})
    assert fit.fits(right)
    assert not fit.fits(wrong)
    assert fit.errors(wrong)[0].expected == format


NEWER: Final = {  # formats that a dialect did not have yet
    "http://json-schema.org/draft-04/schema": {"date", "time", "duration", "uuid", "json-pointer", "regex"},
    "http://json-schema.org/draft-06/schema": {"date", "time", "duration", "uuid", "regex"},
    "http://json-schema.org/draft-07/schema": {"duration", "uuid"},
}


def test_an_error_says_where_and_what_was_expected() -> None:
    fit = Fit({"properties": {"a/b": {"items": {"enum": ["x", 1]}}}})
    [error] = fit.errors({"a/b": ["x", "y"]})
    assert error.path == "/a~1b/1"
    assert error.expected == '"x" or 1'
    assert error.schema_path == "/properties/a~1b/items/enum"
    assert error.message == '"y" is not one of "x" or 1'


def test_an_error_does_not_repeat_the_whole_text() -> None:
    fit = Fit({"properties": {"content": {"type": "number"}, "list": {"type": "string"}}})
    errors = fit.errors({"content": "word " * 100_000, "list": ["word"] * 1_000})
    assert all(len(error.message) < 450 for error in errors)
    assert all(error.message.endswith(('number"', 'string"')) for error in errors)


def test_at_most_fifty_errors_are_listed() -> None:
    assert len(Fit({"items": {"type": "string"}}).errors([1] * 1_000)) == MOST_ERRORS


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
    fit = Fit(json_schema)
    assert fit.fits({"n": 1})
    assert not fit.fits({"n": "one"})


@pytest.mark.parametrize("uri", MODERN)
def test_a_tree_may_refer_to_itself(uri: str) -> None:
    fit = Fit({"$schema": uri} | TREE)
    assert fit.fits({"name": "a", "children": [{"name": "b", "children": []}]})
    [error] = fit.errors({"name": "a", "children": [{"name": "b", "children": [{"name": 3}]}]})
    assert error.path == "/children/0/children/0/name"


def test_a_schema_may_build_on_a_registered_one() -> None:
    references = {registered("base"): {"$anchor": "all", "properties": {"n": {"type": "integer"}}}}
    for fragment in ("", "#", "#all"):
        fit = Fit({"$ref": registered("base") + fragment, "required": ["n"]}, references)
        assert fit.fits({"n": 1})
        assert not fit.fits({"n": "one"})
        assert not fit.fits({})
    fit = Fit({"items": {"$ref": registered("base") + "#/properties/n"}}, references)
    assert not fit.fits(["one"])


def test_an_own_anchor_extends_a_registered_tree() -> None:
    tree = {"$dynamicAnchor": "node", "properties": {"children": {"items": {"$dynamicRef": "#node"}}}}
    strict = {"$dynamicAnchor": "node", "$ref": registered("tree"), "required": ["name"]}
    fit = Fit(strict, {registered("tree"): tree})
    assert fit.fits({"name": "a", "children": [{"name": "b"}]})
    assert not fit.fits({"name": "a", "children": [{}]})


def test_a_registered_schema_keeps_its_own_names() -> None:
    references = {
        registered("a"): {"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"},
        registered("b"): {"$defs": {"x": {"type": "integer"}}, "$ref": "#/$defs/x"},
    }
    own = {"$defs": {"x": {"type": "null"}}, "prefixItems": [{"$ref": uri} for uri in (*references, "#/$defs/x")]}
    assert Fit(own, references).fits(["a", 1, None])
    assert not Fit(own, references).fits([1, "a", None])


@pytest.mark.parametrize(
    "ref",
    [
        "http://127.0.0.1:9/schema",
        "https://json-schema.org/draft/2020-12/nothing",
        "file:///etc/hostname",
        "schema.json",
        "//127.0.0.1/x",
        registered("nowhere"),
        "#/nowhere",
        "#nowhere",
        "#/properties/n/type",
        7,
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_a_reference_to_anywhere_else_is_refused_with_its_path(keyword: str, ref: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        Fit({"properties": {"n": {"type": "string", keyword: ref}}})
    assert refusal.value.errors[0].path == f"/json_schema/properties/n/{keyword}"


def test_a_reference_to_what_is_no_schema_is_refused() -> None:
    with pytest.raises(Invalid):
        Fit({"components": {"n": {"type": "nonsense"}}, "$ref": "#/components/n"})


def test_a_reference_to_another_dialect_is_refused() -> None:
    with pytest.raises(Invalid, match="draft-07"):
        Fit({"$ref": registered("old")}, {registered("old"): {"$schema": "http://json-schema.org/draft-07/schema#"}})


def test_what_only_looks_like_a_reference_is_data() -> None:
    fit = Fit({"const": {"$ref": "http://127.0.0.1:9/"}, "examples": [{"$ref": 7}], "x-form": {"$ref": "file:///"}})
    assert fit.fits({"$ref": "http://127.0.0.1:9/"})


def test_compiling_leaves_the_schema_as_it_was() -> None:
    json_schema = {"$id": "https://example.org/x", "$defs": {"n": {"$anchor": "n"}}, "$ref": "#n"}
    before = msgspec.json.encode(json_schema)
    Fit(json_schema)
    assert msgspec.json.encode(json_schema) == before


def test_true_and_false_are_schemas() -> None:
    assert Fit(True).fits({"a": [1]})
    assert not Fit(False).fits(1)


def test_the_most_recently_used_are_kept(a_version: Schema) -> None:
    fits = Fits(most=2)
    first, second, third = (msgspec.structs.replace(a_version, fingerprint=str(number)) for number in range(3))
    kept = fits.of(first)
    fits.of(second)
    assert fits.of(first) is kept
    dropped = fits.of(second)
    fits.of(first), fits.of(third)
    assert fits.of(first) is kept
    assert fits.of(second) is not dropped


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
    fit = Fit(
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
    assert Fit({"const": data}).fits(data)
    assert Fit({"enum": [data]}).fits(data)
