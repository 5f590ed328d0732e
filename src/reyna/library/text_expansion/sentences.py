"""Sentences: splitting a text into them, and the state of a single one."""

# ruff: noqa: RUF001 - quotes and marks of several languages are what this is about
import re
from typing import Final

from reyna.library.text_expansion.word_lists import ABBREVIATIONS

CLOSING_MARKS: Final = r"[\"'”’»“)\]*_」』）】〉》]*"
# In scripts with spaces a sentence ends where a space follows; in the others, and after a danda, it ends at its mark.
SENTENCE_END: Final = re.compile(rf"[.!?…؟۔։]+{CLOSING_MARKS}(?=\s|$)|[。！？｡।॥።။។៕]+{CLOSING_MARKS}")
END_MARKS: Final = "[.!?…؟۔։。！？｡।॥።။។៕]"
FINISHED_SENTENCE: Final = re.compile(
    rf"{END_MARKS}{CLOSING_MARKS}$|{END_MARKS}{CLOSING_MARKS}\s*[\U0001f300-\U0001faff☀-➿️\s]+$"
)


def split_sentences(text: str) -> list[str]:
    """Returns the sentences in order, each with its closing mark and quotes; the end of a line ends a sentence too.

    A full stop does not end one after an abbreviation or an initial, nor while a quotation of this line is open.
    """
    found: list[str] = []
    for line in text.splitlines():
        start = 0
        for end in SENTENCE_END.finditer(line):
            sentence = line[start : end.end()]
            if not _continues(sentence, line[end.end() :]):
                found.append(sentence.strip())
                start = end.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _continues(sentence: str, rest: str) -> bool:
    """Returns True when the sentence goes on in the rest of its line, in spite of the end mark."""
    last = sentence.split()[-1] if sentence.split() else ""
    if last.endswith(".") and (
        last.rstrip(".").lower().lstrip("(\"'“") in ABBREVIATIONS or re.fullmatch(r"[A-Z]\.", last)
    ):
        return bool(rest.strip())
    if re.match(r"\s*[a-z]", rest) and re.search(r"[!?…][\"'”’»“]+$|\.\.\.$|…$", sentence):
        return True  # “Stop!” he said
    if re.match("[\u3041-\u3096]", rest) and re.search("[。！？｡][」』]$", sentence):
        return True  # the same in Japanese, which goes on with a particle
    return has_open_quotation(sentence) and not has_open_quotation(sentence + rest)


def has_open_quotation(text: str) -> bool:
    """Returns True when a quotation begins in this text and does not end in it."""
    if text.count('"') % 2:
        return True
    if "„" in text:  # “ closes in German, and opens in English
        return text.count("„") > text.count("“") + text.count("”")
    return text.count("“") > text.count("”")


def is_finished(sentence: str) -> bool:
    """Returns True when the text ends as a sentence does; a closing quote, bracket or emoji may follow."""
    return FINISHED_SENTENCE.search(sentence.strip()) is not None
