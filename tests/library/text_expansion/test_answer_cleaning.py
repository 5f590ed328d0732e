"""What a model should not have written is taken out, and nothing else."""

import pytest

from reyna.library.text_expansion.answer_cleaning import clean_answer, may_be_preamble, remove_unfinished_end

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
    assert clean_answer(answer) == STORM


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
    assert clean_answer(text) == text


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
    assert remove_unfinished_end(text) == whole


@pytest.mark.parametrize("beginning", ["Here", "Sure, here is the", "Here is a longer version of the text you gave me"])
def test_what_may_still_be_a_preamble_is_not_shown(beginning: str) -> None:
    assert may_be_preamble(beginning)


def test_the_beginning_of_prose_is_shown() -> None:
    assert not may_be_preamble("The mighty vessel, its weathered hull")
