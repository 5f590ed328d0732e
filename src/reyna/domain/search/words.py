"""The words of a text as search compares them: without case and accents, and pairs of letters where a script has no
spaces between its words."""

import re
from collections.abc import Iterator
from typing import Final

from reyna.domain.text.folding import fold

MAX_WORD_LENGTH: Final = 64  # code points of a word that are compared
# Letters and digits, and the vowel signs of Indic scripts, Thai, Lao, Burmese and Khmer, which are no letters for `re`.
WORD: Final = re.compile("[^\\W_\u0964\u0965]+(?:[\u0900-\u0963\u0966-\u0eff\u1000-\u109f\u1780-\u17d3]|[^\\W_])*")
ASCII_WORD: Final = re.compile("[a-z0-9]+")
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def words_of(text: str) -> list[str]:
    """Returns the words of a text in their order; a run of a script without spaces as its overlapping pairs of
    letters and its last letter, so that each of its letters begins one."""
    folded = fold(text)
    if folded.isascii():
        return [word if len(word) <= MAX_WORD_LENGTH else word[:MAX_WORD_LENGTH] for word in ASCII_WORD.findall(folded)]
    return [word for match in WORD.finditer(folded) for word in _split_unspaced(match[0], closing=True)]


def query_words_of(text: str) -> list[str]:
    """Returns the words to look for: those of `words_of`, but of a run of several letters only the pairs."""
    return [word for match in WORD.finditer(fold(text)) for word in _split_unspaced(match[0], closing=False)]


def is_unspaced(word: str) -> bool:
    """Tells whether the word is of a script that has no spaces between words."""
    return UNSPACED.match(word) is not None


def _split_unspaced(word: str, *, closing: bool) -> Iterator[str]:
    if word.isascii():
        yield word[:MAX_WORD_LENGTH]
        return
    at = 0
    for run in UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()][:MAX_WORD_LENGTH]
        letters, at = run[0], run.end()
        yield from (letters[index : index + 2] for index in range(len(letters) - 1))
        if closing or len(letters) == 1:
            yield letters[-1]
    if at < len(word):
        yield word[at:][:MAX_WORD_LENGTH]
