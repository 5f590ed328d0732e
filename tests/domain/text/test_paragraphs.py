"""Paragraphs of texts; `web/src/language/paragraphs.test.ts` has the same examples."""

import pytest

from reyna.domain.text.paragraphs import paragraph_spans, split_paragraphs


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("", []),
        (" \n\n ", []),
        ("One.", ["One."]),
        ("One.\n\nTwo.", ["One.", "Two."]),
        ("One,\nstill one.\n \n\t\n\nTwo.", ["One,\nstill one.", "Two."]),
        ("\n\nOne.\r\n\r\nTwo.\r\n", ["One.", "Two.\r\n"]),
        ("One.\n\n    indented", ["One.", "    indented"]),
    ],
)
def test_paragraphs_are_what_stands_between_blank_lines(text: str, paragraphs: list[str]) -> None:
    assert split_paragraphs(text) == paragraphs
    assert [text[start:end] for start, end in paragraph_spans(text)] == paragraphs
