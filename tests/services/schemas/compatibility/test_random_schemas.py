"""Random schemas and documents never disprove a "compatible"."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reyna.domain.errors import Refusal
from reyna.services.schemas.compatibility.comparison import RULES, ResolvedSchema, compare
from reyna.services.schemas.compatibility.conjunction import Conjunction
from reyna.services.schemas.compatibility.counterexamples.search import CounterexampleSearch
from reyna.services.schemas.compatibility.cross_check import second_opinion
from reyna.services.schemas.compatibility.proof import Proof, ProofTooLong
from reyna.services.schemas.compatibility.schema_side import SchemaSide
from reyna.validation.keywords import DIALECTS
from reyna.validation.validator import Validator
from tests.services.schemas.compatibility.known_cases import CASES
from tests.services.schemas.compatibility.random_schemas import DOCUMENTS, pairs

ATTACK: Final = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def counterexamples(accepting: Any, asking: Any) -> list[Any]:
    """The documents of ours that the one takes and the other refuses, by the engine's own word."""
    takes, asks = Validator(accepting), Validator(asking)
    return [document for document in DOCUMENTS if takes.fits(document) and not asks.fits(document)]


def is_accepted(pair: tuple[Any, Any]) -> bool:
    """Whether both are schemas that the service would hold."""
    try:
        return all(Validator(each) for each in pair)
    except Refusal:
        return False


def is_proved(accepting: Any, asking: Any) -> bool:
    """Whether the rules alone show that whatever fits the one fits the other."""
    sides = SchemaSide("old", accepting, {}), SchemaSide("new", asking, {})
    try:
        return not Proof(RULES).find_gaps(Conjunction([sides[0].root]), sides[1].root, ())
    except ProofTooLong:
        return False


@ATTACK
@given(pairs().filter(is_accepted))
def test_what_the_rules_show_is_so(pair: tuple[Any, Any]) -> None:
    for accepting, asking in (pair, pair[::-1]):
        if is_proved(accepting, asking):
            note(f"{accepting} -> {asking}")
            assert counterexamples(accepting, asking) == []


@ATTACK
@given(pairs().filter(is_accepted), st.sampled_from(list(DIALECTS)), st.sampled_from(list(DIALECTS)))
def test_what_the_rules_show_is_so_in_and_between_all_dialects(pair: tuple[Any, Any], one: str, other: str) -> None:
    dressed = with_dialect(pair[0], one), with_dialect(pair[1], other)
    if is_accepted(dressed):
        for accepting, asking in (dressed, dressed[::-1]):
            if is_proved(accepting, asking):
                note(f"{accepting} -> {asking}")
                assert counterexamples(accepting, asking) == []


def with_dialect(schema: Any, uri: str) -> Any:
    return schema | {"$schema": uri} if isinstance(schema, dict) else schema


@settings(ATTACK, max_examples=40)
@given(pairs().filter(is_accepted))
def test_what_is_called_compatible_is_broken_by_no_document(pair: tuple[Any, Any]) -> None:
    old, new = pair
    found = compare(ResolvedSchema(old), ResolvedSchema(new), seconds=0.05)
    note(str(found.differences))
    assert not (found.backward and counterexamples(old, new))
    assert not (found.forward and counterexamples(new, old))
    out_of_time = any(difference.rule == "undecided" for difference in found.differences)  # then no rule was asked
    surprising = [difference for difference in found.differences if difference.rule == "counterexample"]
    assert out_of_time or not surprising, "a rule is wrong"


@settings(ATTACK, max_examples=80)
@given(pairs().filter(is_accepted))
def test_a_tree_of_such_schemas_is_judged_no_more_kindly(pair: tuple[Any, Any]) -> None:
    old, new = map(tree_of, pair)
    if is_accepted((old, new)) and is_proved(old, new):
        assert counterexamples(old, new) == []


def tree_of(leaf: Any) -> dict[str, Any]:
    branch = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    return {"$ref": "#/$defs/node", "$defs": {"node": {"anyOf": [leaf, branch]}}}


@settings(ATTACK, max_examples=80)
@given(pairs().filter(is_accepted))
def test_the_second_engines_are_asked_only_what_they_know(pair: tuple[Any, Any]) -> None:
    sides = SchemaSide("old", pair[0], {}), SchemaSide("new", pair[1], {})
    if second_opinion(*sides) == "yes":
        assert counterexamples(*pair) == []


@pytest.mark.parametrize(
    "case", [case for cases in CASES.values() for case in cases if not case.backward], ids=lambda case: case.says
)
def test_the_search_finds_by_itself_what_breaks_a_well_known_case(case: Any) -> None:
    if "not decided" in case.says:
        return
    search = CounterexampleSearch(
        SchemaSide("old", case.old, {}), SchemaSide("new", case.new, {}), deadline=float("inf")
    )
    [found, *_] = search.run([])
    assert Validator(case.old).fits(found.document)
    assert not Validator(case.new).fits(found.document)
