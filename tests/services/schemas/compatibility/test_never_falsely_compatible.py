"""Changes that a document disproves, and that were once called compatible or nearly so."""

from itertools import product
from typing import Any, Final

import pytest

from reyna.domain.caller import Caller
from reyna.domain.schema import NewSchema
from reyna.services.schemas.compatibility.comparison import RULES, ResolvedSchema, compare
from reyna.services.schemas.compatibility.conjunction import Conjunction
from reyna.services.schemas.compatibility.proof import Proof
from reyna.services.schemas.compatibility.schema_side import ASSERTED_FORMATS, SchemaSide
from reyna.services.schemas.service import Schemas
from reyna.validation.keywords import DIALECTS
from reyna.validation.validator import Validator

DIRECTION_CPU_SECONDS: Final = 0.1
URIS: Final = {dialect.name: uri for uri, dialect in DIALECTS.items()}
WRAPPED: Final = {"contentEncoding": "base64", "contentMediaType": "application/json"}
IN_BASE64: Final = "eyJhIjogMX0="  # {"a": 1}
TEXTS: Final = (
    *("", "a", "1", "a.b", "xn--X", "ab--cd", "é.de", "a@b", "ana@example.org", "é@example.org", "192.0.2.1", "::1"),
    *("2026-03-01", "2026-06-30T23:59:60Z", "12:00:00Z", "12:00:00", "PT1S", "P1W", "/a/~0", "1#", "0/a", "%zz", "a b"),
    *("http://a/{b}", "//a", "urn:x", "(?=a)", "[a-", "\\p{L}", "0190f3a2-7c1e-7b4e-8d2a-5f6b7c8d9e0f", "localhost."),
)


def is_backward(old: Any, new: Any) -> bool:
    return compare(ResolvedSchema(old), ResolvedSchema(new), seconds=DIRECTION_CPU_SECONDS).backward


def is_proved(old: Any, new: Any) -> bool:
    """Whether the rules alone show that whatever fits the one fits the other."""
    sides = SchemaSide("old", old, {}), SchemaSide("new", new, {})
    return not Proof(RULES).find_gaps(Conjunction([sides[0].root]), sides[1].root, ())


@pytest.mark.parametrize("dialect", ["draft-06", "draft-07"])
@pytest.mark.parametrize(
    "new", [{"contentMediaType": "application/json"}, {"allOf": [{key: value} for key, value in WRAPPED.items()]}]
)
def test_what_is_json_only_once_decoded_is_not_json_as_it_stands(dialect: str, new: Any) -> None:
    uri = {"$schema": URIS[dialect]}
    old, new = uri | WRAPPED, uri | new
    assert Validator(old).fits(IN_BASE64)
    assert not Validator(new).fits(IN_BASE64)
    found = compare(ResolvedSchema(old), ResolvedSchema(new), seconds=DIRECTION_CPU_SECONDS)
    assert not found.backward
    assert any(isinstance(each.counterexample, str) for each in found.differences if "backward" in each.breaks)


def test_what_is_encoded_json_is_encoded() -> None:
    uri = {"$schema": URIS["draft-07"]}
    assert is_backward(uri | WRAPPED, uri | {"contentEncoding": "base64"})


@pytest.mark.parametrize("format", sorted(ASSERTED_FORMATS))
def test_a_format_that_another_dialect_reads_differently_is_another_format(format: str) -> None:
    schemas = [{"$schema": uri, "type": "string", "format": format} for uri in DIALECTS]
    for old, new in product(schemas, schemas):
        fits, also = Validator(old), Validator(new)
        if any(fits.fits(text) and not also.fits(text) for text in TEXTS):
            assert not is_proved(old, new)
            assert not is_backward(old, new)


def test_a_host_that_only_later_dialects_refuse_is_shown() -> None:
    old, new = ({"$schema": URIS[name], "type": "string", "format": "hostname"} for name in ("draft-06", "draft-07"))
    [difference] = compare(ResolvedSchema(old), ResolvedSchema(new), seconds=DIRECTION_CPU_SECONDS).differences
    assert "backward" in difference.breaks
    assert Validator(old).fits(difference.counterexample)
    assert not Validator(new).fits(difference.counterexample)


def test_lists_of_the_names_of_types_are_not_mistaken_for_types() -> None:
    old = {
        "type": "object",
        "required": ["tag"],
        "properties": {"tag": {"enum": [["null"], ["string"]]}, "more": {"type": ["null", "string"]}},
    }
    tagged = {"anyOf": [{"properties": {"tag": {"const": [name]}}} for name in ("integer", "number")]}
    new = {"properties": {"more": {"anyOf": [{"type": "null"}, {"type": "string"}]}}, "allOf": [tagged]}
    assert Validator(old).fits({"tag": ["null"]})
    assert not Validator(new).fits({"tag": ["null"]})
    assert not is_proved(old, new)
    assert not is_backward(old, new)


def test_what_was_only_assumed_on_the_way_is_forgotten_with_the_assumption() -> None:
    """That all children have names is assumed while children are looked at, and turns out to be wrong."""
    node, named, regular = ({"$ref": f"#/$defs/{name}"} for name in ("node", "named", "regular"))
    plain = {"required": ["name"], "patternProperties": {"^odd": False}}
    definitions = {
        "node": {"type": "object", "properties": {"child": node}, "patternProperties": {"^odd": node}},
        "named": {"properties": {"child": named, "odd1": regular, "odd2": regular}, "required": ["name"]},
        "regular": {"not": plain | {"properties": {"child": plain}, "not": named}},
    }
    old = node | {"$defs": definitions}
    new = {"anyOf": [named, {"patternProperties": {"^odd": regular}}], "$defs": definitions}
    odd = {"odd1": {"name": 1, "child": {"name": 1, "child": {}}}}
    # asked of the engine itself, for the service holds no schema that is so much work
    assert SchemaSide("old", old, {}).root_validator.is_valid(odd)
    assert not SchemaSide("new", new, {}).root_validator.is_valid(odd)
    assert not is_proved(old, new)


async def test_what_accepts_more_after_a_pre_release_of_a_patch_is_a_minor(schemas: Schemas, ana: Caller) -> None:
    def recipe(longest: int, title: str, version: str | None = None) -> NewSchema:
        json_schema = {"type": "string", "maxLength": longest, "title": title}
        return NewSchema(name="recipe", json_schema=json_schema, version=version)

    await schemas.versions.register(ana, recipe(5, "Recipe"))
    await schemas.versions.register(ana, recipe(5, "A recipe", "1.0.1-rc.1"))
    assert (await schemas.versions.register(ana, recipe(9, "A recipe"))).version == "1.1.0"
