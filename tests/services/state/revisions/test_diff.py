"""What a writer may rely on about the difference between two revisions."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.clusters import clusters
from reyna.services.state.revisions.diff import differences, words

SIGNS = ["👨‍👩‍👧", "👨‍👩‍👦", "🇩🇪", "🇫🇷", "👍🏽", "👍", "क्षि", "क", "e\u0301", "e", "กำ", "ก", "◌ี", "한", "1️⃣"]
TEXT = st.lists(st.sampled_from([*"ab \n.é🚢\u0301", *SIGNS]), max_size=30).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc/~"), inner, max_size=4),
    max_leaves=12,
)


def shown(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(found.path, found.kind) for found in differences(before, after)]


def marked(before: str, after: str) -> str:
    """As a reader sees it: [removed] and {added}."""
    marks = {"same": "{}", "removed": "[{}]", "added": "{{{}}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in words(before, after))


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("The ship sailed.", "The ship sank.", "The ship [sailed]{sank}."),
        ("The ship sailed.", "The old ship sailed.", "The {old }ship sailed."),
        ("One.\nTwo.\nThree.", "One.\nThree.", "One.\n[Two.\n]Three."),
        ("same", "same", "same"),
        ("", "new", "{new}"),
        ("old", "", "[old]"),
        ("don't", "do not", "[don't]{do not}"),
        ("a 🇩🇪 flag", "a 🇩🇰 flag", "a [🇩🇪]{🇩🇰} flag"),
        ("the 👨‍👩‍👧 came", "the 👨‍👩‍👦 came", "the [👨‍👩‍👧]{👨‍👩‍👦} came"),
        ("well 👍🏽", "well 👍🏿", "well [👍🏽]{👍🏿}"),
        ("cafe\u0301", "cafe", "[cafe\u0301]{cafe}"),
        ("कि है", "की है", "[कि]{की} है"),
        ("ภาษาไทยง่าย", "ภาษาไทยยาก", "ภาษาไทย[ง่าย]{ยาก}"),
        ("今天天气很好", "今天天气不好", "今天天气[很好]{不好}"),
    ],
)
def test_texts_are_compared_word_by_word(before: str, after: str, seen: str) -> None:
    assert marked(before, after) == seen


def test_data_is_compared_place_by_place() -> None:
    before = {"title": "A", "tags": ["x", "y"], "deep": {"a/b": 1}, "gone": None, "same": [1, {"b": 2}]}
    after = {"title": "A", "tags": ["y", "z"], "deep": {"a/b": 2}, "new": 1, "same": [1, {"b": 2}]}
    assert shown(before, after) == [
        ("/tags/0", "removed"),
        ("/tags/1", "added"),
        ("/deep/a~1b", "changed"),
        ("/new", "added"),
        ("/gone", "removed"),
    ]


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (None, False), ([], {}), ("1", 1)])
def test_what_looks_alike_but_is_not_differs(before: Any, after: Any) -> None:
    assert shown(before, after) == [("", "changed")]


def test_a_long_text_that_was_written_anew_is_shown_as_replaced() -> None:
    before, after = "red " * 5000, "blue " * 5000
    assert [piece.kind for piece in words(before, after)] == ["removed", "added", "same"]


@given(before=TEXT, after=TEXT)
def test_the_pieces_are_the_whole_of_both_texts(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


@given(before=TEXT, after=TEXT)
def test_what_is_one_sign_to_a_reader_is_in_one_piece(before: str, after: str) -> None:
    for kept, text in (("removed", before), ("added", after)):
        of_it = [piece.text for piece in words(before, after) if piece.kind in ("same", kept)]
        assert [sign for piece in of_it for sign in clusters(piece)] == [*clusters(text)]


@given(before=JSON, after=JSON)
def test_there_are_no_differences_exactly_when_both_are_the_same(before: Any, after: Any) -> None:
    same = [msgspec.json.encode(data, order="deterministic") for data in (before, after)]
    assert (shown(before, after) == []) == (same[0] == same[1])
