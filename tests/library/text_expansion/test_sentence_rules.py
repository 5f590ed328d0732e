"""A sentence of a model is kept or rejected by these rules."""

import pytest

from reyna.library.text_expansion.sentence_rules import (
    changes_narrator,
    content_word_share,
    is_about_the_text,
    is_looping,
    is_repetition,
    shorten_sentence,
)

STORM = "The ship sailed into the storm."


@pytest.mark.parametrize(
    ("sentence", "earlier"),
    [
        ("The ship sailed into the storm!", STORM),
        ("The ship, it is said, sailed right into the storm of the century.", STORM),
        ("Her eyes sparkled with excitement.", "Tom's eyes sparkled with excitement and joy."),
    ],
)
def test_a_sentence_that_says_the_same_again_is_a_repetition(sentence: str, earlier: str) -> None:
    assert is_repetition(sentence, [earlier])


def test_a_sentence_that_goes_on_from_another_is_no_repetition() -> None:
    assert not is_repetition("The storm had been gathering since the morning.", [STORM])


@pytest.mark.parametrize(
    "sentence",
    ["It was the end of the day at the end of the road.", "The dash of a word, a dash of a word, a dash of a word."],
)
def test_a_sentence_that_goes_round_in_circles_is_known(sentence: str) -> None:
    assert is_looping(sentence)


def test_a_figure_of_speech_of_the_source_is_no_circle() -> None:
    sentence = "It took the lake a year to empty and the wells a year to fill."
    assert is_looping(sentence)
    assert not is_looping(sentence, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This sentence is a metaphor for the sea.",
        "I'm glad to help you with your writing.",
        "The original text has been rewritten.",
        "In this context, the ship stands for life.",
    ],
)
def test_a_sentence_about_the_text_is_not_of_the_text(sentence: str) -> None:
    assert is_about_the_text(sentence, STORM)
    assert not is_about_the_text(sentence, f"{sentence} {STORM}")


def test_prose_is_not_about_itself() -> None:
    assert not is_about_the_text("He gave his word and read the letter to the crew.", STORM)


@pytest.mark.parametrize(
    "sentence", ["I saw the ship.", "It was our ship.", "You could see it.", "Ich sah das Schiff."]
)
def test_a_new_narrator_is_noticed(sentence: str) -> None:
    assert changes_narrator(sentence, STORM)


@pytest.mark.parametrize("sentence", ['"I see it," said Mara.', "“We are lost,” he cried.", "They saw it."])
def test_someone_who_speaks_is_no_new_narrator(sentence: str) -> None:
    assert not changes_narrator(sentence, STORM)


def test_the_key_words_of_a_text_are_its_story() -> None:
    assert content_word_share("The storm took the ship as it sailed.", STORM) == 1.0
    assert content_word_share("Cats sleep.", STORM) == 0.0


@pytest.mark.parametrize(
    ("sentence", "most", "short"),
    [
        (
            "The tower fell at last, and the gulls rose, and no one spoke.",
            9,
            "The tower fell at last, and the gulls rose.",
        ),
        ("The tower fell at last, and the gulls rose.", 6, "The tower fell at last."),
        ("As the sun went down, the tower fell.", 6, None),
        ("The tower fell without a sound.", 4, None),
    ],
)
def test_a_sentence_is_shortened_where_it_can_end(sentence: str, most: int, short: str | None) -> None:
    assert shorten_sentence(sentence, most) == short
