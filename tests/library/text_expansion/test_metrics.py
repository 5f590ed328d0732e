"""What is counted of a text, against values that were counted by hand or published."""

import pytest

from reyna.domain.text.words import word_count
from reyna.library.text_expansion.metrics import Metrics, measure

GETTYSBURG = (
    "Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, "
    "and dedicated to the proposition that all men are created equal."
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("  \n ", 0),
        ("The ship sailed.", 3),
        ("well-known don't 3.5 pm", 4),
        ("He came — and left.", 4),
        ("Best day 🎉 ever!", 3),
        ("Der Zug hielt über Nacht.", 5),
        ("船は嵐に入った", 7),
    ],
)
def test_words_are_what_a_writer_would_count(text: str, count: int) -> None:
    assert word_count(text) == count


def test_a_long_sentence_of_long_words_is_harder_than_a_short_one() -> None:
    easy, hard = measure("The cat sat. The dog ran."), measure(GETTYSBURG)
    assert easy.reading_ease > 90 > hard.reading_ease
    assert easy.grade_level < 3 < hard.grade_level
    assert (hard.words, hard.sentences) == (30, 1)


def test_a_text_without_words_has_no_metrics() -> None:
    assert measure("…") == Metrics(0, 0, 0.0, 0.0, "neutral")
