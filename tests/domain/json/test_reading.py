"""JSON from outside is decoded into structs, or refused with the name of the field."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.json.reading import decode_json, mismatch, pointer


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    pages: int = 0


class Book(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = {}
    data: Any = None


BOOKS = msgspec.json.Decoder(Book)


@pytest.mark.parametrize(
    ("message", "path", "words"),
    [
        ("Expected `int`, got `str` - at `$.limit`", "/limit", "expected `int`, got `str`"),
        ("Expected `int` >= 1 - at `$.limit`", "/limit", "expected `int` >= 1"),
        ("Expected `str`, got `int` - at `$.new.bucket_ids[3]`", "/new/bucket_ids/3", "expected `str`, got `int`"),
        ("Expected `str`, got `int` - at `$.by_name[...].title`", "/by_name/title", "expected `str`, got `int`"),
        ("Expected `str`, got `int` - at `key in $.by_name`", "/by_name", "expected `str`, got `int`"),
        ("Object missing required field `data` - at `$.new`", "/new/data", "is required"),
        ("Object missing required field `data`", "/data", "is required"),
        ("Object contains unknown field `colour`", "/colour", "is not known here"),
        ("Object contains unknown field `a/b~c\n`", "/a~1b~0c\n", "is not known here"),
        ("Expected `object`, got `array`", "", "expected `object`, got `array`"),
        ("Invalid value 'fly' - at `$.action`", "/action", "invalid value 'fly'"),
        ("anything at all", "", "anything at all"),
    ],
)
def test_a_misfit_names_the_place(message: str, path: str, words: str) -> None:
    (error,) = mismatch(message).errors
    assert (error.path, error.message) == (path, words)


def test_a_misfit_says_what_was_expected() -> None:
    assert mismatch("Expected `int`, got `str` - at `$.limit`").errors[0].expected == "`int`"
    assert mismatch("Object missing required field `data`").errors[0].expected is None


@pytest.mark.parametrize(
    ("book", "path"),
    [
        ({}, "/title"),
        ({"title": 1}, "/title"),
        ({"title": "a", "parts": [{"name": "b"}, {"name": 2}]}, "/parts/1/name"),
        ({"title": "a", "parts": [{"name": "b", "pages": "many"}]}, "/parts/0/pages"),
        ({"title": "a", "parts": [{"name": "b", "colour": "red"}]}, "/parts/0/colour"),
        ({"title": "a", "by_name": {"b": {"name": 2}}}, "/by_name/name"),
        ([], ""),
    ],
)
def test_what_does_not_fit_is_refused_by_place(book: Any, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_json(BOOKS, json.dumps(book))
    assert refused.value.errors[0].path == path


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"title":"\xff"}',
        b"NaN",
        b'{"data":' + b"[" * 100_000,
        b'{"title":"\\ud800"}',
        "{",
        "\ud800",
    ],
)
def test_what_is_no_json_is_refused_without_a_place(body: bytes | str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_json(BOOKS, body)
    assert refused.value.errors == ()


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reading(body: bytes) -> None:
    try:
        assert isinstance(decode_json(BOOKS, body), Book)
    except Invalid:
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda e: st.lists(e) | st.dictionaries(st.text(), e)
    )
)
def test_no_json_at_all_breaks_the_reading(document: Any) -> None:
    try:
        assert isinstance(decode_json(BOOKS, json.dumps(document)), Book)
    except Invalid:
        return


@pytest.mark.parametrize(
    ("steps", "path"), [((), ""), (("a", "0"), "/a/0"), (("a/b", "c~d", "~1", ""), "/a~1b/c~0d/~01/")]
)
def test_a_pointer_is_written_as_rfc_6901_says(steps: tuple[str, ...], path: str) -> None:
    assert pointer(*steps) == path
