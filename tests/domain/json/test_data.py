"""The check that data is JSON which can be stored."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_BLOB_BYTES, MAX_DEPTH, encode_json

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
STORABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)
NOT_STORABLE = st.sampled_from(
    [float("nan"), float("inf"), -float("inf"), "a\0", "\ud800", "a\udfff", 2**64, -(2**63) - 1]
)
STEPS = st.lists(st.integers(0, 3) | TEXT, max_size=6)


def nested(levels: int) -> Any:
    data: Any = "x"
    for level in range(levels):
        data = [data] if level % 2 else {"a": data}
    return data


def follow_pointer(document: Any, path: str) -> Any:
    """What a JSON Pointer points to (RFC 6901, section 4)."""
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


@given(STORABLE)
def test_what_is_accepted_is_given_back_unchanged(data: Any) -> None:
    body = encode_json(data)
    assert msgspec.json.decode(body) == data
    assert json.loads(body) == data


@given(STORABLE, STEPS, NOT_STORABLE)
def test_what_is_refused_is_named_by_its_place(around: Any, steps: list[int | str], wrong: Any) -> None:
    data = wrong
    for step in reversed(steps):
        data = [around] * step + [data] if isinstance(step, int) else {step + "x": around, step: data}
    with pytest.raises(Invalid) as refused:
        encode_json(data)
    found = follow_pointer({"data": data}, refused.value.errors[0].path)
    assert found is wrong or found == wrong


@pytest.mark.parametrize("key", ["a\0", "\ud800", "\0"])
def test_a_key_that_cannot_be_kept_is_named_by_what_holds_it(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        encode_json({"a": [{"b/c": {key: 1}}]})
    assert refused.value.errors[0].path == "/data/a/0/b~1c"


@pytest.mark.parametrize("data", [{None: 1}, {("a",): 1}, {"a": object()}, {"a": [object()]}])
def test_what_is_not_json_is_refused(data: Any) -> None:
    with pytest.raises(Invalid) as refused:
        encode_json(data)
    assert refused.value.errors[0].path == "/data"


def test_words_that_look_like_trouble_are_kept() -> None:
    data = {"null": "null", "a": "\\u0000", "b": "0" * 50, "c": "[{" * 200, "NaN": "Infinity", "d": [None]}
    assert json.loads(encode_json(data)) == data


@pytest.mark.parametrize("levels", [0, 1, 50, MAX_DEPTH])
def test_data_may_be_nested_a_hundred_deep(levels: int) -> None:
    assert msgspec.json.decode(encode_json(nested(levels))) == nested(levels)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 500, 2_000, 100_000])
def test_deeper_data_is_refused_however_deep(levels: int) -> None:
    with pytest.raises(Invalid) as refused:
        encode_json(nested(levels))
    assert refused.value.errors[0].expected == "at most 100 levels"


def test_wide_data_is_not_deep_data() -> None:
    assert encode_json([[]] * 10_000)


@pytest.mark.parametrize(("most", "size"), [(MAX_BLOB_BYTES, MAX_BLOB_BYTES), (10, 10), (2, 2)])
def test_data_may_be_as_large_as_is_allowed_and_no_larger(most: int, size: int) -> None:
    assert len(encode_json("x" * (size - 2), most=most)) == most
    with pytest.raises(TooLarge) as refused:
        encode_json("x" * (size - 1), most=most, field="metadata")
    assert refused.value.facts == {"size": most + 1, "allowed": most}
    assert "metadata" in refused.value.detail


def test_size_is_counted_in_bytes_and_not_in_characters() -> None:
    with pytest.raises(TooLarge):
        encode_json("ä" * 5, most=11)


def test_another_field_is_named_as_it_is_called() -> None:
    with pytest.raises(Invalid) as refused:
        encode_json({"genre": "a\0"}, field="metadata")
    assert refused.value.errors[0].path == "/metadata/genre"
