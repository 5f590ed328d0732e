"""The answer of a model while it is streamed: its sentences are read as soon as they are whole."""

import re
from collections.abc import Iterator
from typing import Final

from reyna.domain.text.sentences import END_MARKS, has_open_quotation, is_finished, split_sentences
from reyna.library.text_expansion.answer_cleaning import clean_answer, may_be_preamble

POSSIBLE_END: Final = re.compile(f"{END_MARKS}|\n")

SentenceAndGap = tuple[str, str]
"""A sentence, and the white space before it."""


class AnswerStream:
    """The text so far, and the number of its sentences that were read."""

    def __init__(self) -> None:
        self._text, self._read = "", 0

    def add(self, piece: str) -> Iterator[SentenceAndGap]:
        """Adds a piece and yields the sentences that are whole now.

        The last one may still go on, and so may one whose quotation is open.
        """
        self._text += piece
        if not POSSIBLE_END.search(piece):
            return
        for sentence, gap in self._sentences()[self._read : -1]:
            if has_open_quotation(sentence):
                return
            self._read += 1
            yield sentence, gap

    def unread_text(self) -> str:
        """Returns the sentences that were not read, once it is clear that they are no preamble."""
        if not self._read and may_be_preamble(self._text):
            return ""
        return "".join(gap + sentence for sentence, gap in self._sentences()[self._read :])

    def read_rest(self) -> list[SentenceAndGap]:
        """Returns the whole sentences that were not read, at the end of the answer."""
        return [(sentence, gap) for sentence, gap in self._sentences()[self._read :] if is_finished(sentence)]

    def _sentences(self) -> list[SentenceAndGap]:
        """Returns all sentences, cleaned; the last one may be unfinished."""
        found: list[SentenceAndGap] = []
        for paragraph in clean_answer(self._text).split("\n"):
            for number, sentence in enumerate(split_sentences(paragraph)):
                found.append((sentence, " " if number else "\n\n" if found else ""))
        return found
