"""A text as it is analysed: its words, sentences, paragraphs and dialogue, each with its place."""

# ruff: noqa: RUF001 - quotes of several languages are what this is about
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from reyna.domain.text.sentences import sentence_spans
from reyna.domain.text.words import Span, word_spans
from reyna.library.style_analysis.languages.detection import TextLanguage

DASH_LANGUAGES: Final = frozenset({"es", "fr"})  # which open speech with a dash
QUOTATION: Final = re.compile(
    r'"[^"\n]*(?:"|$)|“[^”\n]*(?:”|$)|„[^“”\n]*(?:[“”]|$)|«[^»\n]*(?:»|$)|»[^«\n]*(?:«|$)|「[^」\n]*(?:」|$)|『[^』\n]*(?:』|$)'
    r"|(?<!\w)‘[^\n]{2,}?’(?!\w)",
    re.MULTILINE,
)
DASH_LINE: Final = re.compile(r"^[ \t]*[—–][^\n]*$", re.MULTILINE)
DASH_PART: Final = re.compile(r"[—–][^—–]*")
SEPARATOR: Final = "\n\n"  # of joined texts
BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n")


class Document:
    """A text with everything that was found in it; places are in code points.

    `words` are in lower case, with straight apostrophes; `spoken` tells for each whether it is dialogue; `ranges` are
    the first word of each sentence, and the one after its last.
    """

    def __init__(
        self,
        text: str,
        language: TextLanguage,
        *,
        spans: list[Span],
        sentences: list[Span],
        dialogue: list[Span],
        paragraphs: int,
    ) -> None:
        self.text, self.language, self.paragraphs = text, language, paragraphs
        self.spans, self.sentences, self.dialogue = spans, sentences, dialogue
        self.words = [text[start:end].lower().replace("’", "'") for start, end in spans]
        self.ranges = self._sentence_ranges()
        self._range_starts = [first for first, _ in self.ranges]
        self.spoken = self._spoken_words()

    def span_of(self, first: int, last: int) -> Span:
        """Returns the place from one word to another, both included."""
        return self.spans[first][0], self.spans[last][1]

    def starts_sentence(self, word: int) -> bool:
        at = bisect_left(self._range_starts, word)
        return at < len(self._range_starts) and self._range_starts[at] == word

    def is_capitalized(self, word: int) -> bool:
        return self.text[self.spans[word][0]].isupper()

    def narration(self) -> Iterator[str]:
        """Yields the words outside of dialogue."""
        return (word for word, spoken in zip(self.words, self.spoken, strict=True) if not spoken)

    def _sentence_ranges(self) -> list[tuple[int, int]]:
        """Returns the words of each sentence; a sentence without a word, as a line of dots, is left out."""
        starts = [start for start, _ in self.spans]
        ranges: list[tuple[int, int]] = []
        for start, end in self.sentences:
            first, after = bisect_left(starts, start), bisect_left(starts, end)
            if first < after:
                ranges.append((first, after))
        return ranges

    def _spoken_words(self) -> list[bool]:
        ends = [end for _, end in self.dialogue]
        found: list[bool] = []
        for start, _ in self.spans:
            at = bisect_right(ends, start)
            found.append(at < len(ends) and self.dialogue[at][0] <= start)
        return found


def read_document(text: str, language: TextLanguage) -> Document:
    return Document(
        text,
        language,
        spans=word_spans(text),
        sentences=sentence_spans(text),
        dialogue=find_dialogue(text, dashes=language.code in DASH_LANGUAGES),
        paragraphs=count_paragraphs(text),
    )


def join_documents(documents: list[Document]) -> Document:
    """Returns one document of all of them, in the language of the first; nothing is looked for again."""
    offsets = list(accumulate((len(one.text) + len(SEPARATOR) for one in documents), initial=0))

    def shifted(spans_of: Callable[[Document], list[Span]]) -> list[Span]:
        return [
            (start + offset, end + offset)
            for one, offset in zip(documents, offsets, strict=False)
            for start, end in spans_of(one)
        ]

    return Document(
        SEPARATOR.join(one.text for one in documents),
        documents[0].language,
        spans=shifted(lambda one: one.spans),
        sentences=shifted(lambda one: one.sentences),
        dialogue=shifted(lambda one: one.dialogue),
        paragraphs=sum(one.paragraphs for one in documents),
    )


def find_dialogue(text: str, *, dashes: bool) -> list[Span]:
    """Returns the places of what is spoken: quotations, which end at the end of their line, and lines with a dash."""
    found = [quotation.span() for quotation in QUOTATION.finditer(text)]
    if not dashes:
        return found
    for line in DASH_LINE.finditer(text):  # —Speech —narration —speech
        parts = [part.span() for part in DASH_PART.finditer(text, line.start(), line.end())]
        found += parts[::2]
    return _merged(found)


def count_paragraphs(text: str) -> int:
    """Returns the number of blocks between blank lines; in a text without a blank line, of the lines themselves."""
    blocks = BLANK_LINE.split(text) if BLANK_LINE.search(text.strip()) else text.splitlines()
    return sum(1 for block in blocks if block.strip())


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
