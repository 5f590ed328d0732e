"""Words are counted as a writer counts them, in every language; the page is held to the same examples."""

from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.words import segments, word_count, words


class Example(msgspec.Struct, frozen=True):
    name: str
    text: str
    words: list[str]


EXAMPLES: Final = msgspec.json.decode(Path(__file__).with_name("words.json").read_bytes(), type=list[Example])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_words_are_what_a_writer_would_count(example: Example) -> None:
    assert words(example.text) == example.words
    assert word_count(example.text) == len(example.words)


@given(st.text(max_size=200))
def test_every_word_stands_in_the_text_in_order(text: str) -> None:
    at = 0
    for word in words(text):
        at = text.index(word, at) + len(word)


@given(st.text(max_size=200))
def test_the_segments_are_the_whole_text(text: str) -> None:
    assert "".join(segments(text)) == text


@given(st.lists(st.sampled_from([example.text for example in EXAMPLES]), max_size=4))
def test_the_words_of_paragraphs_are_those_of_the_text(paragraphs: list[str]) -> None:
    assert word_count("\n".join(paragraphs)) == sum(map(word_count, paragraphs))
