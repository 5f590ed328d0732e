"""Answers without what models say around them, and a pitch as Markdown."""

import pytest

from reyna.library.pitch import pitch_markdown
from reyna.library.pitch.answers import clean_text, unique_items
from tests.library.pitch.writing_model import LOGLINE


@pytest.mark.parametrize(
    "answer",
    [
        LOGLINE,
        f'"{LOGLINE}"',
        f"Here is the logline:\n\n{LOGLINE}",
        f"Sure! Here's a logline for your book:\n\n{LOGLINE}\n\nLet me know if you want another one.",
        f"**Logline:**\n{LOGLINE}",
        f"# Logline\n\n{LOGLINE}\n\n(Word count: 33)",
        f"<think>Hmm.</think>\n```text\n{LOGLINE}\n```",
        f"Logline: {LOGLINE}",
    ],
)
def test_only_the_text_of_an_answer_is_kept(answer: str) -> None:
    assert clean_text(answer) == LOGLINE


def test_a_text_that_looks_like_chatter_and_is_none_stays() -> None:
    for text in (
        "This is the sea: it takes.",
        "“No,” she said. “Go.”",
        "Here lies the keeper.",
        "Dear Ms Vale,\n\nNo.",
    ):
        assert clean_text(text) in (text, text.removeprefix("This is the sea: "))


def test_each_name_is_listed_once() -> None:
    assert unique_items([{"name": "Ilse "}, {"name": "ilse"}, {"name": " "}], "name") == [{"name": "Ilse"}]


PITCH = {
    "title": "The  Light",
    "logline": LOGLINE,
    "synopsis_short": "Short.",
    "synopsis_long": "Long.",
    "suggested_comparables": [
        {"work": f"Work {number}", "reason": "Sea.", "checked": number == 1} for number in range(5)
    ],
    "characters": [{"name": "Ilse", "description": "The\nkeeper."}],
    "selling_points": ["A coast."],
    "author_note": "I was a keeper.",
    "sections": [{"heading": "Tone", "content": "Cold."}],
}


def test_a_pitch_is_shown_as_markdown_with_what_is_to_be_checked() -> None:
    text = pitch_markdown(PITCH)
    assert text.startswith(f"# The Light\n\n*{LOGLINE}*\n\n## In short\n\nShort.\n\n## Detailed synopsis\n\nLong.")
    assert "## Comparable titles (suggested by the model, to be checked)" in text
    assert "- **Work 0** *(to be checked)*: Sea.\n- **Work 1**: Sea." in text
    assert "- **Ilse**: The keeper." in text
    assert text.endswith("## About the author\n\nI was a keeper.\n\n## Tone\n\nCold.\n")


def test_one_page_has_the_short_parts_alone() -> None:
    text = pitch_markdown(PITCH | {"variant": "research-grant"}, one_page=True)
    assert "## Lay summary\n\nShort." in text
    assert "Long." not in text
    assert text.count("\n- **Work") == 3


def test_a_pitch_that_a_person_wrote_has_what_there_is() -> None:
    assert pitch_markdown({"title": "Sea", "comparables": ["Ship"]}) == "# Sea\n\n## Comparable works\n\n- Ship\n"
