"""Counts of words, sentences and paragraphs, and the distribution of sentence lengths."""

from collections import Counter
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any, Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import is_content_word
from reyna.library.style_analysis.measures.result import Measured

LENGTH_CLASSES: Final = (1, 6, 11, 16, 21, 26, 31, 41, 51)  # the first length of each class; the last is open
READING_WORDS_PER_MINUTE: Final = 238  # silent, English: M. Brysbaert, Journal of Memory and Language 109 (2019)
MAX_FREQUENT_WORDS: Final = 30
MIN_FREQUENT_COUNT: Final = 3
MAX_WORD_CHARACTERS: Final = 100  # beyond which it is no word of a language


def count_document(document: Document) -> Measured:
    """Returns the counts of the text, and the shares of dialogue and of sentence lengths where they can be told."""
    values: dict[str, Any] = {
        "words": len(document.words),
        "sentences": len(document.ranges),
        "paragraphs": document.paragraphs,
    }
    missing: dict[str, str] = {}
    if document.words:
        values["dialogue_share"] = round(sum(document.spoken) / len(document.words), 3)
    else:
        missing["dialogue_share"] = "The text has no words."
    if document.language.code == "en" and document.words:
        values["reading_minutes"] = round(len(document.words) / READING_WORDS_PER_MINUTE, 1)
    return Measured(values | _sentence_lengths(document, missing), missing)


def count_frequent_words(document: Document) -> list[dict[str, Any]]:
    """Returns the content words that are used three times or more, the most frequent first; none without a profile."""
    if document.language.profile is None:
        return []
    words = (word for word in document.words if len(word) <= MAX_WORD_CHARACTERS)
    counts = Counter(word for word in words if is_content_word(document, word))
    frequent = [(word, count) for word, count in counts.most_common(MAX_FREQUENT_WORDS) if count >= MIN_FREQUENT_COUNT]
    return [{"word": word, "count": count} for word, count in frequent]


def count_length_classes(lengths: list[int]) -> list[dict[str, int]]:
    """Returns the number of sentences in each class of lengths in words: 1 to 5, 6 to 10, and so on to 51 and more."""
    classes: list[dict[str, int]] = []
    for first, after in pairwise((*LENGTH_CLASSES, None)):
        count = sum(1 for length in lengths if length >= (first or 0) and (after is None or length < after))
        classes.append({"from": first or 0, **({"to": after - 1} if after else {}), "count": count})
    return classes


def _sentence_lengths(document: Document, missing: dict[str, str]) -> dict[str, Any]:
    fields = ("average_sentence_words", "longest_sentence_words", "sentence_length_deviation", "sentence_lengths")
    if not document.language.has_sentence_marks:
        reason = f"{document.language.name} does not mark where a sentence ends; lines are counted instead."
        missing.update(dict.fromkeys(fields, reason))
        return {}
    lengths = [after - first for first, after in document.ranges]
    if not lengths:
        missing.update(dict.fromkeys(fields, "The text has no sentences."))
        return {}
    return {
        "average_sentence_words": round(fmean(lengths), 1),
        "longest_sentence_words": max(lengths),
        "sentence_length_deviation": round(pstdev(lengths), 1),
        "sentence_lengths": count_length_classes(lengths),
    }
