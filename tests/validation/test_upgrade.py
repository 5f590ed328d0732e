"""Upgrades of data from one major to the next: named steps, JSON Patch, and refusals."""

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid, Refusal, TooLarge
from reyna.domain.json.data import MAX_DEPTH, encode_json
from reyna.domain.schema import Upgrade, major_before
from reyna.validation.upgrade import apply_upgrade, check_upgrade

SONG: Final = {"title": "Dawn", "parts": [{"t": "A"}, {"t": "B"}, {}]}


def apply_steps(data: Any, *steps: dict[str, Any]) -> Any:
    """The data after these steps, which are looked at first, as at registration."""
    upgrade = msgspec.convert({"steps": steps}, Upgrade)
    check_upgrade(upgrade)
    return apply_upgrade(data, upgrade)


def refusal_of(upgrade: dict[str, Any]) -> str:
    with pytest.raises(Invalid) as refusal:
        check_upgrade(msgspec.convert(upgrade, Upgrade))
    return refusal.value.errors[0].path


@pytest.mark.parametrize(
    ("step", "data", "expected"),
    [
        ({"do": "rename", "path": "/stile", "to": "style"}, {"stile": 1, "b": 2}, {"style": 1, "b": 2}),
        ({"do": "rename", "path": "/parts/*/t", "to": "n"}, SONG, SONG | {"parts": [{"n": "A"}, {"n": "B"}, {}]}),
        ({"do": "move", "path": "/style", "to": "/meta/style"}, {"style": "x"}, {"meta": {"style": "x"}}),
        ({"do": "move", "path": "/a/0", "to": "/a/-"}, {"a": [1, 2, 3]}, {"a": [2, 3, 1]}),
        ({"do": "move", "path": "/a/2", "to": "/a/0"}, {"a": [1, 2, 3]}, {"a": [3, 1, 2]}),
        ({"do": "move", "path": "/content", "to": "", "overwrite": True}, {"content": "x"}, "x"),
        ({"do": "remove", "path": "/a"}, {"a": 1, "b": 2}, {"b": 2}),
        ({"do": "remove", "path": "/a/*"}, {"a": [1, 2]}, {"a": []}),
        ({"do": "remove", "path": "/a/1"}, {"a": [1, 2]}, {"a": [1]}),
        ({"do": "set", "path": "/style", "value": "plain"}, {}, {"style": "plain"}),
        ({"do": "set", "path": "/style", "value": "plain"}, {"style": None}, {"style": None}),
        ({"do": "set", "path": "/style", "value": "plain", "overwrite": True}, {"style": 1}, {"style": "plain"}),
        ({"do": "set", "path": "/a/b/c", "value": []}, {}, {"a": {"b": {"c": []}}}),
        ({"do": "set", "path": "/p/*/t", "value": "?"}, {"p": [{}, {"t": 1}]}, {"p": [{"t": "?"}, {"t": 1}]}),
        ({"do": "set", "path": "/parts/*/t", "value": "?"}, {}, {}),
        ({"do": "copy", "path": "/a", "to": "/b"}, {"a": {"x": 1}}, {"a": {"x": 1}, "b": {"x": 1}}),
        ({"do": "copy", "path": "/p/*/a", "to": "/p/*/b"}, {"p": [{"a": 1}, {}]}, {"p": [{"a": 1, "b": 1}, {}]}),
        ({"do": "wrap", "path": "/author", "to": "name"}, {"author": "Ana"}, {"author": {"name": "Ana"}}),
        ({"do": "wrap", "path": "", "to": "content"}, "text", {"content": "text"}),
        ({"do": "convert", "path": "/n", "to": "number"}, {"n": "42"}, {"n": 42}),
        ({"do": "rename", "path": "/a~1b/m~0n", "to": "x"}, {"a/b": {"m~n": 1}}, {"a/b": {"x": 1}}),
        ({"do": "remove", "path": "/*"}, {"*": 1, "a": 2}, {"a": 2}),
        ({"do": "set", "path": "/x/-", "value": 1}, {}, {"x": {"-": 1}}),
    ],
)  # fmt: skip
def test_a_step_does_what_its_name_says(step: dict[str, Any], data: Any, expected: Any) -> None:
    before = msgspec.json.encode(data)
    assert apply_steps(data, step) == expected
    assert msgspec.json.encode(data) == before


@pytest.mark.parametrize("do", ["rename", "move", "remove", "copy", "convert", "wrap"])
def test_what_is_not_there_is_left_alone(do: str) -> None:
    to = {"rename": "x", "move": "/x", "copy": "/x", "convert": "number", "wrap": "x"}.get(do)
    step = {"do": do, "path": "/a/b"} | ({"to": to} if to else {})
    untouched: list[Any] = [{}, {"a": 1}, {"a": [1]}, "text", None, []]
    for data in untouched:
        assert apply_steps(data, step) == data


@pytest.mark.parametrize(
    ("to", "value", "expected"),
    [
        ("string", 7, "7"),
        ("string", 1.5, "1.5"),
        ("string", True, "true"),
        ("string", "x", "x"),
        ("number", " -1.5e2 ", -150.0),
        ("number", 3, 3),
        ("number", True, 1),
        ("integer", "12", 12),
        ("integer", 12.0, 12),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", False, False),
        ("list", None, []),
        ("list", "a", ["a"]),
        ("list", [1], [1]),
    ],
)
def test_a_value_is_converted_where_there_is_no_doubt(to: str, value: Any, expected: Any) -> None:
    found = apply_steps({"a": value}, {"do": "convert", "path": "/a", "to": to})["a"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("to", "value"),
    [
        ("string", None),
        ("string", []),
        ("number", "forty"),
        ("number", "1e400"),
        ("number", "9" * 30),
        ("number", None),
        ("integer", 1.5),
        ("integer", "1.5"),
        ("boolean", "perhaps"),
        ("boolean", 2),
        ("boolean", {}),
    ],
)
def test_what_cannot_be_converted_is_refused_with_the_step_and_the_place(to: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        apply_steps([{"a": value}], {"do": "remove", "path": "/b"}, {"do": "convert", "path": "/*/a", "to": to})
    [error] = refusal.value.errors
    assert error.path == "/upgrade/steps/1"
    assert "at /0/a" in error.message


@pytest.mark.parametrize(
    "step",
    [
        {"do": "rename", "path": "/a", "to": "b"},
        {"do": "move", "path": "/a", "to": "/b"},
        {"do": "copy", "path": "/a", "to": "/b"},
        {"do": "move", "path": "/a", "to": "/b/c"},
        {"do": "move", "path": "/a", "to": "/list/9"},
        {"do": "rename", "path": "/list/0", "to": "x"},
        {"do": "set", "path": "/list/x", "value": 1},
    ],
)
def test_nothing_that_is_there_is_lost_without_being_asked_to(step: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        apply_steps({"a": 1, "b": 2, "list": [1]}, step)


def test_what_is_there_is_overwritten_where_it_may_be() -> None:
    step = {"do": "move", "path": "/a", "to": "/b", "overwrite": True}
    assert apply_steps({"a": 1, "b": 2}, step) == {"b": 1}


def test_steps_come_one_after_the_other() -> None:
    steps: list[Any] = [{"do": "rename", "path": "/a", "to": "b"}, {"do": "set", "path": "/a", "value": 0}]
    assert apply_steps({"a": 1}, *steps) == {"b": 1, "a": 0}
    assert apply_steps({"a": 1}) == {"a": 1}


def test_a_json_patch_does_as_well_and_a_refusal_names_its_operation() -> None:
    patch = [{"op": "move", "from": "/stile", "path": "/style"}, {"op": "replace", "path": "/n", "value": 2}]
    upgrade = msgspec.convert({"patch": patch}, Upgrade)
    check_upgrade(upgrade)
    assert apply_upgrade({"stile": "x", "n": 1}, upgrade) == {"style": "x", "n": 2}
    with pytest.raises(Invalid) as refusal:
        apply_upgrade({"stile": "x"}, upgrade)
    assert refusal.value.errors[0].path == "/upgrade/patch/1"


@pytest.mark.parametrize(
    ("upgrade", "path"),
    [
        ({}, "/upgrade"),
        ({"patch": [], "steps": []}, "/upgrade"),
        ({"patch": [{"op": "test", "path": "/a", "value": 1}] * 1_001}, "/upgrade"),
        ({"patch": [{"op": "ad", "path": "/a"}]}, "/upgrade/patch/0/op"),
        ({"patch": [{"op": ["add"], "path": "/a"}]}, "/upgrade/patch/0/op"),
        ({"patch": [{"op": "remove", "path": "a"}]}, "/upgrade/patch/0/path"),
        ({"patch": [{"op": "remove", "path": "/a~2"}]}, "/upgrade/patch/0/path"),
        ({"patch": [{"op": "remove", "path": "/a" * (MAX_DEPTH + 1)}]}, "/upgrade/patch/0/path"),
        ({"patch": [{"op": "remove", "path": "/a"}, {"op": "add", "path": "/a"}]}, "/upgrade/patch/1/value"),
        ({"patch": [{"op": "move", "path": "/a"}]}, "/upgrade/patch/0/from"),
        ({"steps": [{"do": "remove", "path": "a"}]}, "/upgrade/steps/0/path"),
        ({"steps": [{"do": "remove", "path": ""}]}, "/upgrade/steps/0/path"),
        ({"steps": [{"do": "remove", "path": "/a", "to": "b"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "rename", "path": "/a"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "move", "path": "/a", "to": "b"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "move", "path": "/a", "to": "/a/b"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "move", "path": "/a/*", "to": "/b"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "convert", "path": "/a", "to": "date"}]}, "/upgrade/steps/0/to"),
        ({"steps": [{"do": "set", "path": "/a"}]}, "/upgrade/steps/0/value"),
        ({"steps": [{"do": "wrap", "path": "/a", "to": "b", "value": 1}]}, "/upgrade/steps/0/value"),
        ({"steps": [{"do": "wrap", "path": "/a", "to": "b", "overwrite": True}]}, "/upgrade/steps/0/overwrite"),
        ({"steps": [{"do": "wrap", "path": "/a", "to": "b\0"}]}, "/upgrade/steps/0/to"),
    ],
)
def test_what_is_no_upgrade_is_refused_before_any_data_is_looked_at(upgrade: dict[str, Any], path: str) -> None:
    assert refusal_of(upgrade) == path


def test_an_upgrade_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        check_upgrade(msgspec.convert({"steps": [{"do": "set", "path": "/a", "value": "x" * 70_000}]}, Upgrade))


@pytest.mark.parametrize(
    ("data", "steps"),
    [
        ([{"a": 1}] * 20_000, [{"do": "convert", "path": "/*/a", "to": "string"}] * 20),
        ({"a": "x" * 100_000}, [{"do": "copy", "path": "/a", "to": f"/b/{number}"} for number in range(400)]),
        ({"a": 1}, [{"do": "wrap", "path": "/a", "to": "a"}] * (MAX_DEPTH + 1)),
    ],
)
def test_an_upgrade_that_would_take_too_long_or_grow_too_large_is_refused(data: Any, steps: list[Any]) -> None:
    with pytest.raises(Refusal):
        apply_steps(data, *steps)


def test_doubling_a_document_with_every_step_ends_early() -> None:
    steps = [{"do": "copy", "path": "/a", "to": "/b"}, {"do": "wrap", "path": "/a", "to": "a"}]
    steps += [{"do": "move", "path": "/b", "to": "/a/b"}]
    with pytest.raises(Refusal):
        apply_steps({"a": {"x": "y" * 1_000}}, *(steps * 300))


POINTERS = st.sampled_from(["", "/a", "/a/b", "/a/*", "/a/*/b", "/b/0", "/b/-", "/*"])
STEPS = st.builds(
    lambda do, path, to, name, kind, value, overwrite: (
        {"do": do, "path": path}
        | ({"to": {"rename": name, "wrap": name, "convert": kind}.get(do, to)} if do not in ("set", "remove") else {})
        | ({"value": value} if do == "set" else {})
        | ({"overwrite": True} if overwrite and do in ("set", "move", "copy") else {})
    ),
    st.sampled_from(["rename", "move", "remove", "set", "copy", "convert", "wrap"]),
    POINTERS,
    POINTERS,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["string", "number", "boolean", "list"]),
    st.sampled_from([1, "x", [1], {"b": 2}]),
    st.booleans(),
)
DATA = st.recursive(
    st.sampled_from([None, True, 1, "2", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "*"]), inner, max_size=3),
    max_leaves=8,
)


@given(DATA, st.lists(STEPS, max_size=6))
def test_any_steps_on_any_data_give_data_or_a_refusal_and_leave_the_data_alone(data: Any, steps: list[Any]) -> None:
    before = msgspec.json.encode(data)
    try:
        encode_json(apply_steps(data, *steps))
    except Refusal as refusal:
        assert refusal.errors[0].path.startswith("/upgrade/steps/")
    assert msgspec.json.encode(data) == before


def test_the_major_before_is_the_largest_smaller_one() -> None:
    assert [major_before(major, [0, 1, 3]) for major in (0, 1, 2, 3, 4)] == [None, 0, 1, 1, 3]
