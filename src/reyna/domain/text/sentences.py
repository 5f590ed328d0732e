"""Sentences: splitting a text into them, and the state of a single one."""

# ruff: noqa: RUF001 - quotes and marks of several languages are what this is about
import re
from bisect import bisect_left
from itertools import accumulate
from typing import Final

from reyna.domain.text.words import Span

CLOSING_MARKS: Final = r"[\"'”’»“)\]*_」』）】〉》]*"
CLOSING_GUILLEMET: Final = r"(?:[ \u00a0\u202f]»(?=[\s,.;:]|$))?"  # French has a space before it
# In scripts with spaces a sentence ends where a space follows; in the others, and after a danda, it ends at its mark.
SENTENCE_END: Final = re.compile(
    rf"[.!?…؟۔։]+{CLOSING_MARKS}{CLOSING_GUILLEMET}(?=\s|$)|[。！？｡।॥።။។៕]+{CLOSING_MARKS}"
)
END_MARKS: Final = "[.!?…؟۔։。！？｡।॥።။។៕]"
FINISHED_SENTENCE: Final = re.compile(
    rf"{END_MARKS}{CLOSING_MARKS}$|{END_MARKS}{CLOSING_MARKS}\s*[\U0001f300-\U0001faff☀-➿️\s]+$"
)
# Words that end with a full stop and do not end a sentence.
ABBREVIATIONS: Final = frozenset(
    {
        *(
            "mr",
            "mrs",
            "ms",
            "dr",
            "prof",
            "st",
            "vs",
            "etc",
            "e.g",
            "i.e",
            "no",
            "fig",
            "jr",
            "sr",
            "inc",
            "ltd",
            "co",
        ),
        *("approx", "dept", "est", "vol"),
        *("z.b", "d.h", "u.a", "bzw", "ca", "usw", "nr", "str"),
        *("sra", "dra", "srta", "mme", "mlle"),
    }
)
INITIALS: Final = re.compile(r"(?:[A-Z]\.)+")
UNDECIDED_END: Final = re.compile(r"[!?…][\"'”’»“]+$|[!?…][ \u00a0\u202f]»$|\.\.\.$|…$")  # "Stop!" he said
JAPANESE_QUOTATION_END: Final = re.compile("[。！？｡][」』]$")
HIRAGANA: Final = re.compile("[\u3041-\u3096]")
MAX_ABBREVIATION_CHARACTERS: Final = 24
MAX_END_CHARACTERS: Final = 8  # of a sentence, in which its end mark and closing quotes are looked at


def split_sentences(text: str) -> list[str]:
    """Returns the sentences in order, each with its closing mark and quotes; the end of a line ends a sentence too.

    A full stop does not end one after an abbreviation or an initial, nor while a quotation of this line is open.
    """
    return [text[start:end] for start, end in sentence_spans(text, whole_quotations=True)]


def sentence_spans(text: str, *, whole_quotations: bool = False) -> list[Span]:
    """Returns the place of each sentence, in code points, without the white space around it.

    The rules are those of `split_sentences`; without `whole_quotations`, the sentences of a quotation count one by one.
    """
    found: list[Span] = []
    lines = text.splitlines(keepends=True)
    for at, line in zip(accumulate(map(len, lines), initial=0), lines, strict=False):
        quotations = QuotationMarks(line)
        start = 0
        for mark in SENTENCE_END.finditer(line):
            end = mark.end()
            if _goes_on(line, start, end) or (whole_quotations and quotations.close_after(start, end)):
                continue
            found += _trimmed(line, start, end, at)
            start = end
        found += _trimmed(line, start, len(line), at)
    return found


class QuotationMarks:
    """The quotation marks of one line, so that each part of it is looked at without reading it again."""

    def __init__(self, line: str) -> None:
        self._length = len(line)
        self._places = {mark: [at for at, sign in enumerate(line) if sign == mark] for mark in '"“”„' if mark in line}

    def close_after(self, start: int, end: int) -> bool:
        """Returns True when a quotation is open in this part of the line, and closed by the end of the line."""
        return bool(self._places) and self._is_open(start, end) and not self._is_open(start, self._length)

    def _is_open(self, start: int, end: int) -> bool:
        straight, opening, closing, low = (self._count(mark, start, end) for mark in '"“”„')
        if straight % 2:
            return True
        return low > opening + closing if low else opening > closing  # “ closes in German, and opens in English

    def _count(self, mark: str, start: int, end: int) -> int:
        places = self._places.get(mark, [])
        return bisect_left(places, end) - bisect_left(places, start)


def has_open_quotation(text: str) -> bool:
    """Returns True when a quotation begins in this text and does not end in it."""
    return QuotationMarks(text)._is_open(0, len(text))


def is_finished(sentence: str) -> bool:
    """Returns True when the text ends as a sentence does; a closing quote, bracket or emoji may follow."""
    return FINISHED_SENTENCE.search(sentence.strip()) is not None


def _goes_on(line: str, start: int, end: int) -> bool:
    """Returns True when the sentence goes on in the rest of its line, in spite of the end mark."""
    after = end
    while after < len(line) and line[after].isspace():
        after += 1
    if after == len(line):
        return False
    if line[end - 1] == "." and _is_abbreviation(line[max(start, end - MAX_ABBREVIATION_CHARACTERS) : end]):
        return True
    ending = line[max(start, end - MAX_END_CHARACTERS) : end]
    if line[after].islower() and UNDECIDED_END.search(ending):
        return True
    return HIRAGANA.match(line, end) is not None and JAPANESE_QUOTATION_END.search(ending) is not None


def _is_abbreviation(ending: str) -> bool:
    last = ending.split()[-1]
    return last.rstrip(".").lower().lstrip("(\"'“") in ABBREVIATIONS or INITIALS.fullmatch(last) is not None


def _trimmed(line: str, start: int, end: int, offset: int) -> list[Span]:
    """Returns the place of this part of the line in the text, without white space around it; none when it is empty."""
    part = line[start:end]
    stripped = part.strip()
    if not stripped:
        return []
    begin = offset + start + len(part) - len(part.lstrip())
    return [(begin, begin + len(stripped))]
