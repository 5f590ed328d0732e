"""The range of input that a processor states, and the texts within it."""

from typing import Any

import pytest

from reyna.domain.processing.input_range import InputRange, parse_input_range


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("10 to 1,000 words", InputRange("words", 10, 1000)),
        ("3-50 Words.", InputRange("words", 3, 50)),
        ("3 – 50 words", InputRange("words", 3, 50)),  # noqa: RUF001
        ("at least 3 words", InputRange("words", 3)),
        ("up to 20,000 characters", InputRange("characters", 0, 20_000)),
        ("notes of any length", None),
        ("to words", None),
        (", to , words", InputRange("words")),
        ("", None),
        (None, None),
    ],
)
def test_a_range_is_read_from_the_words_for_it(said: str | None, meant: InputRange | None) -> None:
    assert parse_input_range(said) == meant


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        ({"content": "one two"}, False),
        ({"content": "one two three"}, True),
        ({"content": "Run—hide—wait."}, True),
        ({"content": "one two", "title": "a long title that does not count"}, False),
        ({"content": "word " * 10}, True),
        ({"content": "word " * 11}, False),
        ({"content": "word " * 400_000}, False),
        ({"content": "語" * 11}, False),
        ({"content": ""}, False),
        ({"content": 5, "parts": ["one", {"two": "two three"}]}, True),
        ({}, False),
        (None, False),
        ("one two three", True),
    ],
)
def test_what_is_as_long_as_it_should_be_is_taken(data: Any, taken: bool) -> None:
    assert InputRange("words", 3, 10).accepts(data) is taken


def test_a_long_text_is_counted_exactly() -> None:
    data = {"content": "somewhat " * 5_000}
    assert InputRange("words", 5_000, 5_000).accepts(data)
    assert not InputRange("words", 5_001).accepts(data)
    assert not InputRange("words", 0, 4_999).accepts(data)


def test_the_reason_is_for_people() -> None:
    assert (
        InputRange("words", 3, 1000).explain_mismatch({"content": "too short"}) == "needs 3 to 1,000 words; this has 2"
    )
    assert InputRange("words", 3, 10).explain_mismatch({"content": "a " * 11}) == "needs 3 to 10 words; this has 11"
    assert InputRange("words", 3).explain_mismatch({"content": ""}) == "needs at least 3 words; this has 0"
    assert (
        InputRange("characters", 0, 3).explain_mismatch({"content": "long"}) == "needs at most 3 characters; this has 4"
    )
    endless = InputRange("words", 3, 10).explain_mismatch({"content": "word " * 200_000})
    assert endless is not None
    assert endless.startswith("needs 3 to 10 words; this has more than 5")
