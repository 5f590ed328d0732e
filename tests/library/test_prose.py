"""What is counted of a text, against values that were counted by hand or published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.library import prose

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
    assert prose.count(text) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith met Dr. Jones. They left.", ["Mr. Smith met Dr. Jones.", "They left."]),
        ("It cost 3.50 dollars. J. R. Hale paid.", ["It cost 3.50 dollars.", "J. R. Hale paid."]),
        ('"Stop!" he said. "Go on. Now." She ran.', ['"Stop!" he said.', '"Go on. Now."', "She ran."]),
        ("“Why?” she asked. Nobody knew…", ["“Why?” she asked.", "Nobody knew…"]),
        ("„Halt. Wer da?“ Stille.", ["„Halt. Wer da?“", "Stille."]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("A title\n- milk\n- bread and butter", ["A title", "- milk", "- bread and butter"]),
        ("Siehe z.B. Seite 3. Ende.", ["Siehe z.B. Seite 3.", "Ende."]),
        ("嵐だ。船は進む。", ["嵐だ。", "船は進む。"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, found: list[str]) -> None:
    assert prose.sentences(text) == found


@given(st.text(max_size=300))
def test_no_text_loses_a_word_between_its_sentences(text: str) -> None:
    assert "".join("".join(prose.sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("word", "beats"),
    [
        *[("ship", 1), ("sailed", 1), ("table", 2), ("wanted", 2), ("dedicated", 4), ("readability", 5), ("the", 1)],
        *[("names", 1), ("horses", 2), ("café", 2), ("strength", 1), ("3", 1)],
    ],
)
def test_syllables_are_counted_as_spoken(word: str, beats: int) -> None:
    assert prose.syllables(word) == beats


def test_reading_ease_is_that_of_flesch() -> None:
    assert prose.reading_ease(words=100, sentences=5, syllables=150) == pytest.approx(206.835 - 20.3 - 126.9)


def test_grade_level_is_that_of_kincaid() -> None:
    assert prose.grade_level(words=100, sentences=5, syllables=150) == pytest.approx(7.8 + 17.7 - 15.59)


def test_a_long_sentence_of_long_words_is_harder_than_a_short_one() -> None:
    easy, hard = prose.metrics("The cat sat. The dog ran."), prose.metrics(GETTYSBURG)
    assert easy.reading_ease > 90 > hard.reading_ease
    assert easy.grade_level < 3 < hard.grade_level
    assert (hard.words, hard.sentences) == (30, 1)


def test_a_text_without_words_has_no_metrics() -> None:
    assert prose.metrics("…") == prose.Metrics(0, 0, 0.0, 0.0, "neutral")


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
    assert prose.tone(text) == tone


@pytest.mark.parametrize("sentence", ["Yes.", '"Yes."', "Really?!", "Yes 🎉".replace("s ", "s! "), "And so on…"])
def test_a_finished_sentence_is_known(sentence: str) -> None:
    assert prose.is_finished(sentence)


@pytest.mark.parametrize("sentence", ["and then the", "First:", "one,"])
def test_an_unfinished_sentence_is_known(sentence: str) -> None:
    assert not prose.is_finished(sentence)
