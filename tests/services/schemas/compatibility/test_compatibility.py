"""Comparisons of two versions of a schema, and their messages."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from reyna.services.schemas.compatibility.comparison import Comparison, ResolvedSchema, compare
from reyna.services.schemas.compatibility.difference import Difference
from reyna.validation.keywords import DIALECTS
from reyna.validation.validator import Validator
from tests.services.schemas.compatibility.known_cases import CASES, CLOSED, OPEN, STRING, Case, array, text, with_b
from tests.support.schemas import BLOCKS, schema_uri

SECONDS: Final = 0.3  # of CPU for the search, for each direction
ENOUGH_SECONDS: Final = 5.0  # where a document must be found, also by a slow processor; the search ends when it is
REFERENCE: Final = Path(__file__).parents[4] / "docs" / "reference" / "compatibility.md"
BY_ENDS: Final[dict[str, Any]] = {
    "type": "object",
    "patternProperties": {"^x": {"type": "string"}, "x$": {"type": "integer"}},
    "additionalProperties": False,
}
ALL: Final = [pytest.param(case, id=f"{group}: {case.says}") for group, cases in CASES.items() for case in cases]


def compare_schemas(old: Any, new: Any, seconds: float = SECONDS) -> Comparison:
    return compare(ResolvedSchema(old), ResolvedSchema(new), seconds=seconds)


def difference_of_rule(old: Any, new: Any, rule: str, seconds: float = SECONDS) -> Difference:
    """The only difference of this rule."""
    [difference] = [each for each in compare_schemas(old, new, seconds).differences if each.rule == rule]
    return difference


@pytest.fixture(scope="module", params=ALL)
def judged(request: pytest.FixtureRequest) -> tuple[Case, Comparison]:
    """A case and its comparison, which takes a tenth of a second and serves every test of the case."""
    case: Case = request.param
    return case, compare_schemas(case.old, case.new)


def test_a_well_known_change_is_judged_rightly(judged: tuple[Case, Comparison]) -> None:
    case, found = judged
    assert (found.backward, found.forward) == (case.backward, case.forward), found.differences


@pytest.mark.parametrize("case", ALL)
def test_every_verdict_can_be_turned_round(case: Case) -> None:
    found = compare_schemas(case.new, case.old)
    assert (found.backward, found.forward) == (case.forward, case.backward), found.differences


def test_every_broken_direction_is_explained_and_every_counterexample_is_one(judged: tuple[Case, Comparison]) -> None:
    case, found = judged
    broken = {direction for each in found.differences for direction in each.breaks}
    assert broken == {name for name in ("backward", "forward") if not getattr(found, name)}
    for each in found.differences:
        assert each.message.endswith("."), each
        assert each.hint or not each.breaks, each
        if each.counterexample is not msgspec.UNSET:
            fits = (Validator(case.old).fits(each.counterexample), Validator(case.new).fits(each.counterexample))
            assert fits in {(True, False) if way == "backward" else (False, True) for way in each.breaks}, each


@pytest.mark.parametrize("uri", DIALECTS)
def test_every_dialect_is_compared_by_its_own_rules(uri: str) -> None:
    old = {"$schema": uri, **CLOSED}
    assert compare_schemas(old, {"$schema": uri, **with_b(CLOSED, STRING)}).backward
    assert not compare_schemas(old, {"$schema": uri, **CLOSED, "required": ["a"]}).backward


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"const": 1}, {"const": 2}),
        ({"prefixItems": [{"type": "string"}]}, {"prefixItems": [{"type": "integer"}]}),
        ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["c"]}}),
    ],
)
def test_a_keyword_that_the_dialect_does_not_know_changes_nothing(old: Any, new: Any) -> None:
    uri = {"$schema": "http://json-schema.org/draft-04/schema#"}
    found = compare_schemas(old | uri, new | uri)
    assert (found.backward, found.forward) == (True, True)


def test_a_difference_says_where_and_shows_a_document_and_how_to_mend_it() -> None:
    difference = difference_of_rule(with_b(OPEN, {"maximum": 10}), with_b(OPEN, {"maximum": 5}), "maximum")
    assert difference.path == "/properties/b/maximum"
    assert difference.message == "b: was at most 10, is at most 5 (maximum)."
    assert difference.breaks == ("backward",)
    assert 5 < difference.counterexample["b"] <= 10
    assert difference.hint == "Keep the wider limit."


def test_what_breaks_both_directions_is_one_difference() -> None:
    difference = difference_of_rule(with_b(OPEN, {"type": "string"}), with_b(OPEN, {"type": "null"}), "type")
    assert set(difference.breaks) == {"backward", "forward"}
    assert difference.message == "b: was string, is null (type)."


def test_words_are_differences_that_break_nothing() -> None:
    difference = difference_of_rule(OPEN, OPEN | {"title": "A note"}, "title")
    assert (difference.path, difference.breaks, difference.message) == ("/title", (), "title was added.")


def test_a_property_removed_from_a_closed_model_is_named() -> None:
    difference = difference_of_rule(with_b(CLOSED, {"type": "null"}), CLOSED, "additionalProperties")
    assert difference.path == "/properties/b"
    assert difference.message == "b: was allowed, is not allowed (additionalProperties)."
    assert difference.counterexample == {"b": None}


def test_what_cannot_be_decided_counts_as_breaking_and_says_so() -> None:
    difference = difference_of_rule(text(pattern="^ab"), text(pattern="^(ab|cd)"), "pattern")
    assert "backward" in difference.breaks
    one = {"type": "string", "pattern": "^aaaa$"}
    other = {"type": "string", "pattern": "^a{4}$"}
    undecided = difference_of_rule(one, other, "pattern")
    assert undecided.undecided
    assert undecided.counterexample is msgspec.UNSET
    assert "could not be decided" in undecided.message


def test_a_counterexample_too_large_to_show_is_still_evidence() -> None:
    difference = difference_of_rule(text(), text(maxLength=900_000), "maxLength")
    assert difference.counterexample is msgspec.UNSET
    assert not difference.undecided
    assert "900," in difference.message


def test_a_registered_schema_is_compared_as_what_it_is() -> None:
    old = ResolvedSchema({"items": {"$ref": schema_uri("base")}}, {schema_uri("base"): {"maximum": 2}})
    new = ResolvedSchema(
        {"items": {"$ref": schema_uri("base", "1.1.0")}}, {schema_uri("base", "1.1.0"): {"maximum": 1}}
    )
    [difference] = compare(old, new, seconds=SECONDS).differences
    assert difference.path == f"{schema_uri('base', '1.1.0')}#/maximum"
    assert difference.breaks == ("backward",)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (array(), array(maxItems=61), "maxItems"),
        (array(minItems=400), array(minItems=500), "minItems"),
        ({"type": "object"}, {"type": "object", "maxProperties": 43}, "maxProperties"),
        ({"type": "object", "minProperties": 47}, {"type": "object", "minProperties": 53}, "minProperties"),
        (BY_ENDS, BY_ENDS | {"patternProperties": {"^x": {"type": "string"}}}, "false"),
    ],
)
def test_a_document_is_found_however_many_items_or_names_it_takes(old: Any, new: Any, rule: str) -> None:
    assert not difference_of_rule(old, new, rule, ENOUGH_SECONDS).undecided


def test_what_older_dialects_call_dependencies_is_named_and_shown() -> None:
    uri = {"$schema": "http://json-schema.org/draft-07/schema#"}
    old, new = uri | {"dependencies": {"a": ["b"]}}, uri | {"dependencies": {"a": ["b", "c"]}}
    difference = difference_of_rule(old, new, "dependentRequired")
    assert difference.path == "/dependencies/a"
    assert difference.counterexample.keys() == {"a", "b"}


def test_content_that_is_not_asserted_is_an_annotation() -> None:
    uri = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}
    found = compare_schemas(uri | {"contentMediaType": "image/png"}, uri | {"contentMediaType": "image/jpeg"})
    assert (found.backward, found.forward) == (True, True)
    found = compare_schemas(uri, uri | {"contentMediaType": "application/json"})
    assert (found.backward, found.forward) == (False, True)
    found = compare_schemas(uri | {"contentEncoding": "base64"}, uri | {"contentEncoding": "base1"})
    assert (found.backward, found.forward) == (True, False)


def test_a_document_that_breaks_is_shown_even_where_no_rule_points_to_it() -> None:
    found = compare(
        *(ResolvedSchema(linked_schema(types)) for types in (("integer", "boolean"), ("boolean", "number"))),
        seconds=ENOUGH_SECONDS,
    )
    assert (found.backward, found.forward) == (False, False)
    shown = [each.counterexample for each in found.differences if each.counterexample is not msgspec.UNSET]
    assert any(isinstance(each["root"]["id"], float) for each in shown)


def linked_schema(types: tuple[str, str]) -> Any:
    """Two kinds of object that lead to each other through a third; `root` is exactly one of them."""

    def kind(id: str, to: str) -> Any:
        return {"type": "object", "properties": {"id": {"type": id}, "to": {"oneOf": [{"$ref": f"#/$defs/{to}"}]}}}

    kinds = {"one": kind(types[0], "third"), "other": kind(types[1], "third"), "third": kind("integer", "one")}
    root = {"oneOf": [{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/other"}]}
    return {"type": "object", "properties": {"root": root}, "$defs": kinds}


def test_schemas_that_lead_in_circles_are_compared() -> None:
    definitions = BLOCKS["$defs"]
    more = definitions | {"text": {"properties": definitions["text"]["properties"] | {"bold": True}}}
    found = compare_schemas(BLOCKS, BLOCKS | {"$defs": more})
    assert (found.backward, found.forward) == (True, True)
    less = definitions | {"text": {"properties": {"type": {"const": "text"}, "text": {"type": "null"}}}}
    assert not compare_schemas(BLOCKS, BLOCKS | {"$defs": less}).backward


def test_the_reference_lists_these_cases() -> None:
    written = REFERENCE.read_text(encoding="utf-8")
    assert reference_table() in written, (
        "python -m tests.services.schemas.compatibility.test_compatibility writes the table anew"
    )


def reference_table() -> str:
    """The cases as the reference has them."""
    word = {True: "yes", False: "**no**"}
    lines = []
    for group, cases in CASES.items():
        lines += [f"### {group}", "", "| change | backward | forward |", "|---|---|---|"]
        lines += [f"| {case.says} | {word[case.backward]} | {word[case.forward]} |" for case in cases]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    before, _, _ = REFERENCE.read_text(encoding="utf-8").partition(f"### {next(iter(CASES))}")
    REFERENCE.write_text(before + reference_table(), encoding="utf-8")


@pytest.mark.parametrize("direction", ["backward", "forward"])
def test_what_breaks_one_direction_is_not_lost_among_hundreds_that_break_the_other(direction: str) -> None:
    one = {"properties": {f"p{number}": {"maxLength": 5} for number in range(300)} | {"x": {"maxLength": 3}}}
    other = {"properties": {f"p{number}": {"maxLength": 3} for number in range(300)} | {"x": {"maxLength": 5}}}
    found = (
        compare(ResolvedSchema(one), ResolvedSchema(other))
        if direction == "backward"
        else compare(ResolvedSchema(other), ResolvedSchema(one))
    )
    assert (found.backward, found.forward) == (False, False)
    told = [each for each in found.differences if direction not in each.breaks]
    assert [each.path for each in told if each.breaks] == ["/properties/x/maxLength"]
