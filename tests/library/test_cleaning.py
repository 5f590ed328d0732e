"""What a model should not have written is taken out, and nothing else."""

import pytest

from reyna.library import cleaning

STORM = "The ship sailed into the storm."


@pytest.mark.parametrize(
    "answer",
    [
        STORM,
        f"Sure! Here is the expanded text:\n\n{STORM}",
        f"Here's a longer version of your note: {STORM}",
        f"Expanded text: {STORM}",
        f"Certainly, I can help with that.\n\n{STORM}",
        f"Gerne! Hier ist der Text:\n{STORM}",
        f"# The Storm\n\n{STORM}",
        f"**The Storm**\n\n{STORM}",
        f'"{STORM}"',
        f"“{STORM}”",
        f"```\n{STORM}\n```",
        f"<think>What storm?</think>{STORM}",
        f"- {STORM}",
        "The ship **sailed** into the _storm_.\n\n---\n\nLet me know if you would like more!",
        f"{STORM}\n\nWord count: 6",
        f"{STORM}<|im_end|>",
        f"{STORM}\n\nI hope this helps!",
    ],
)
def test_only_the_prose_of_an_answer_stays(answer: str) -> None:
    assert cleaning.cleaned(answer) == STORM


@pytest.mark.parametrize(
    "text",
    [
        "Here is where it began. They came at night.",
        'She said, "Sure." Then she left.',
        '"Stop!" he cried. "Go!"',
        "This is the house that Jack built.",
        "Of the five, one was here.",
        "2 * 3 * 4 is 24.",
        "snake_case_names stay.",
        "One.\n\nTwo.",
    ],
)
def test_prose_stays_as_it_is(text: str) -> None:
    assert cleaning.cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("It rained. The wind", "It rained."),
        ("It rained.", "It rained."),
        ("One.\n\nTwo. And the", "One.\n\nTwo."),
        ("One.\n\nAnd the", "One."),
        ("And the", "And the"),
    ],
)
def test_an_unfinished_end_is_cut(text: str, whole: str) -> None:
    assert cleaning.finished(text) == whole


@pytest.mark.parametrize("beginning", ["Here", "Sure, here is the", "Here is a longer version of the text you gave me"])
def test_what_may_still_be_a_preamble_is_not_shown(beginning: str) -> None:
    assert cleaning.may_be_preamble(beginning)


def test_the_beginning_of_prose_is_shown() -> None:
    assert not cleaning.may_be_preamble("The mighty vessel, its weathered hull")


@pytest.mark.parametrize(
    ("sentence", "earlier"),
    [
        ("The ship sailed into the storm!", STORM),
        ("The ship, it is said, sailed right into the storm of the century.", STORM),
        ("Her eyes sparkled with excitement.", "Tom's eyes sparkled with excitement and joy."),
    ],
)
def test_a_sentence_that_says_the_same_again_is_a_repetition(sentence: str, earlier: str) -> None:
    assert cleaning.is_repetition(sentence, [earlier])


def test_a_sentence_that_goes_on_from_another_is_no_repetition() -> None:
    assert not cleaning.is_repetition("The storm had been gathering since the morning.", [STORM])


@pytest.mark.parametrize(
    "sentence",
    ["It was the end of the day at the end of the road.", "The dash of a word, a dash of a word, a dash of a word."],
)
def test_a_sentence_that_goes_round_in_circles_is_known(sentence: str) -> None:
    assert cleaning.loops(sentence)


def test_a_figure_of_speech_of_the_source_is_no_circle() -> None:
    sentence = "It took the lake a year to empty and the wells a year to fill."
    assert cleaning.loops(sentence)
    assert not cleaning.loops(sentence, sentence)


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
    assert cleaning.is_about_itself(sentence, STORM)
    assert not cleaning.is_about_itself(sentence, f"{sentence} {STORM}")


def test_prose_is_not_about_itself() -> None:
    assert not cleaning.is_about_itself("He gave his word and read the letter to the crew.", STORM)


@pytest.mark.parametrize(
    "sentence", ["I saw the ship.", "It was our ship.", "You could see it.", "Ich sah das Schiff."]
)
def test_a_new_narrator_is_noticed(sentence: str) -> None:
    assert cleaning.changes_narrator(sentence, STORM)


@pytest.mark.parametrize("sentence", ['"I see it," said Mara.', "“We are lost,” he cried.", "They saw it."])
def test_someone_who_speaks_is_no_new_narrator(sentence: str) -> None:
    assert not cleaning.changes_narrator(sentence, STORM)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ship sailed into the storm and it was dark.", "English"),
        ("Der Zug hielt um Mitternacht, und niemand stieg aus.", "German"),
        ("Le train est dans la gare et il ne part pas.", "French"),
        ("Zug Bahnhof Mitternacht", None),
    ],
)
def test_a_language_is_known_by_its_small_words(text: str, language: str | None) -> None:
    assert cleaning.language_of(text) == language


def test_the_key_words_of_a_text_are_its_story() -> None:
    assert cleaning.key_words_kept("The storm took the ship as it sailed.", STORM) == 1.0
    assert cleaning.key_words_kept("Cats sleep.", STORM) == 0.0


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
    assert cleaning.shortened(sentence, most) == short
