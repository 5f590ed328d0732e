"""Detection of the language of a text by its most frequent small words."""

import re
from typing import Final

from reyna.library.text_expansion.word_lists import FREQUENT_WORDS

MIN_HITS: Final = 2  # small words in a text whose language is clear


def detect_language(text: str) -> str | None:
    """Returns the English name of the language with most of its small words in the text, None when it is not clear."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    hits = sorted(
        ((sum(word in common for word in words), name) for name, common in FREQUENT_WORDS.items()), reverse=True
    )
    clear = hits[0][0] >= MIN_HITS and hits[0][0] > hits[1][0]
    return hits[0][1] if clear else None


def changes_language(sentence: str, source: str) -> bool:
    """Returns True when both languages are clear, and they differ."""
    now, before = detect_language(sentence), detect_language(source)
    return now is not None and before is not None and now != before
