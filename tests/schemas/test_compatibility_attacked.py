"""A "compatible" that is false would be the worst that the schema service can say: attacks on it."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reyna.domain.errors import Refusal
from reyna.fit import Fit
from reyna.fit.keywords import DIALECTS
from reyna.schemas.compatibility import RULES, Text, compare
from reyna.schemas.compatibility.facts import Meeting
from reyna.schemas.compatibility.proof import Proof, TooInvolved
from reyna.schemas.compatibility.search import Search
from reyna.schemas.compatibility.second import opinion
from reyna.schemas.compatibility.side import Side
from tests.schemas.compatibility_cases import CASES
from tests.schemas.made_up import DOCUMENTS, pairs

ATTACK: Final = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def breaking(taking: Any, asking: Any) -> list[Any]:
    """The documents of ours that the one takes and the other refuses, by the engine's own word."""
    takes, asks = Fit(taking), Fit(asking)
    return [document for document in DOCUMENTS if takes.fits(document) and not asks.fits(document)]


def is_held(pair: tuple[Any, Any]) -> bool:
    """Whether both are schemas that the service would hold."""
    try:
        return all(Fit(each) for each in pair)
    except Refusal:
        return False


def shown(taking: Any, asking: Any) -> bool:
    """Whether the rules alone show that whatever fits the one fits the other."""
    sides = Side("old", taking, {}), Side("new", asking, {})
    try:
        return not Proof(RULES).gaps(Meeting([sides[0].root]), sides[1].root, ())
    except TooInvolved:
        return False


@ATTACK
@given(pairs().filter(is_held))
def test_what_the_rules_show_is_so(pair: tuple[Any, Any]) -> None:
    for taking, asking in (pair, pair[::-1]):
        if shown(taking, asking):
            note(f"{taking} -> {asking}")
            assert breaking(taking, asking) == []


@ATTACK
@given(pairs().filter(is_held), st.sampled_from(list(DIALECTS)), st.sampled_from(list(DIALECTS)))
def test_what_the_rules_show_is_so_in_and_between_all_dialects(pair: tuple[Any, Any], one: str, other: str) -> None:
    dressed = speaking(pair[0], one), speaking(pair[1], other)
    if is_held(dressed):
        for taking, asking in (dressed, dressed[::-1]):
            if shown(taking, asking):
                note(f"{taking} -> {asking}")
                assert breaking(taking, asking) == []


def speaking(schema: Any, uri: str) -> Any:
    return schema | {"$schema": uri} if isinstance(schema, dict) else schema


@settings(ATTACK, max_examples=40)
@given(pairs().filter(is_held))
def test_what_is_called_compatible_is_broken_by_no_document(pair: tuple[Any, Any]) -> None:
    old, new = pair
    found = compare(Text(old), Text(new), seconds=0.05)
    note(str(found.differences))
    assert not (found.backward and breaking(old, new))
    assert not (found.forward and breaking(new, old))
    out_of_time = any(difference.rule == "undecided" for difference in found.differences)  # then no rule was asked
    surprising = [difference for difference in found.differences if difference.rule == "counterexample"]
    assert out_of_time or not surprising, "a rule is wrong"


@settings(ATTACK, max_examples=80)
@given(pairs().filter(is_held))
def test_a_tree_of_such_schemas_is_judged_no_more_kindly(pair: tuple[Any, Any]) -> None:
    old, new = map(tree_of, pair)
    if is_held((old, new)) and shown(old, new):
        assert breaking(old, new) == []


def tree_of(leaf: Any) -> dict[str, Any]:
    branch = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    return {"$ref": "#/$defs/node", "$defs": {"node": {"anyOf": [leaf, branch]}}}


@settings(ATTACK, max_examples=80)
@given(pairs().filter(is_held))
def test_the_second_engines_are_asked_only_what_they_know(pair: tuple[Any, Any]) -> None:
    sides = Side("old", pair[0], {}), Side("new", pair[1], {})
    if opinion(*sides) == "yes":
        assert breaking(*pair) == []


@pytest.mark.parametrize(
    "case", [case for cases in CASES.values() for case in cases if not case.backward], ids=lambda case: case.says
)
def test_the_search_finds_by_itself_what_breaks_a_well_known_case(case: Any) -> None:
    if "not decided" in case.says:
        return
    search = Search(Side("old", case.old, {}), Side("new", case.new, {}), until=float("inf"))
    [found, *_] = search.run([])
    assert Fit(case.old).fits(found.document)
    assert not Fit(case.new).fits(found.document)
