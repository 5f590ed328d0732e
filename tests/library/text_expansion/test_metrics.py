"""What is counted of a text, against values that were counted by hand or published."""

import pytest

from reyna.domain.text.words import word_count
from reyna.library.text_expansion.metrics import (
    Metrics,
    count_syllables,
    detect_tone,
    grade_level,
    measure,
    reading_ease,
)

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


@pytest.mark.parametrize(
    ("word", "beats"),
    [
        *[("ship", 1), ("sailed", 1), ("table", 2), ("wanted", 2), ("dedicated", 4), ("readability", 5), ("the", 1)],
        *[("names", 1), ("horses", 2), ("café", 2), ("strength", 1), ("3", 1)],
    ],
)
def test_syllables_are_counted_as_spoken(word: str, beats: int) -> None:
    assert count_syllables(word) == beats


def test_reading_ease_is_that_of_flesch() -> None:
    assert reading_ease(words=100, sentences=5, syllables=150) == pytest.approx(206.835 - 20.3 - 126.9)


def test_grade_level_is_that_of_kincaid() -> None:
    assert grade_level(words=100, sentences=5, syllables=150) == pytest.approx(7.8 + 17.7 - 15.59)


def test_a_long_sentence_of_long_words_is_harder_than_a_short_one() -> None:
    easy, hard = measure("The cat sat. The dog ran."), measure(GETTYSBURG)
    assert easy.reading_ease > 90 > hard.reading_ease
    assert easy.grade_level < 3 < hard.grade_level
    assert (hard.words, hard.sentences) == (30, 1)


def test_a_text_without_words_has_no_metrics() -> None:
    assert measure("…") == Metrics(0, 0, 0.0, 0.0, "neutral")


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("What a day! We won! 🎉", "lively"),
        ("Thunder rolled in the dark and the crew screamed in fear.", "tense"),
        ("She smiled at her dear friend and gave him a warm hug.", "warm"),
        ("The committee evaluated alternative procurement procedures regarding infrastructure.", "formal"),
        ("The bus left at ten and came back at two.", "neutral"),
    ],
)
def test_tone_follows_its_rules(text: str, tone: str) -> None:
    assert detect_tone(text) == tone
