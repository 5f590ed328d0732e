"""Long sentences, and sentences that begin alike."""

from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import Findings, finding_at

MIN_SAME_OPENINGS: Final = 3  # sentences in a row


def find_long_sentences(document: Document, *, max_words: int) -> Findings:
    for first, after in document.ranges:
        if after - first > max_words:
            yield finding_at(
                "long_sentence", document.span_of(first, after - 1), f"A sentence of {after - first} words."
            )


def find_same_openings(document: Document) -> Findings:
    """Yields the first word of the third sentence in a row that begins with it."""
    before, streak = "", 0
    for first, _ in document.ranges:
        opening = document.words[first]
        streak = streak + 1 if opening == before else 1
        before = opening
        if streak == MIN_SAME_OPENINGS:
            message = f"Three sentences in a row begin with “{document.text[slice(*document.spans[first])]}”."
            yield finding_at("same_opening", document.spans[first], message)
