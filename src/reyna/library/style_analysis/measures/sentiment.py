"""Sentiment, by counting words of two short lists."""

from collections.abc import Sequence
from typing import Final

from reyna.library.style_analysis.languages.profile import LanguageProfile

MIN_SENTIMENT_WORDS: Final = 5
NEGATION_REACH_WORDS: Final = 3  # before a word, in which a negation turns it around


def measure_sentiment(words: Sequence[str], profile: LanguageProfile) -> float | None:
    """Returns -1 (all negative) to 1 (all positive): the difference of both counts by their sum.

    A negation among the three words before turns a word around. None with fewer than five words of the lists. It only
    counts: irony is lost on it.
    """
    positive = negative = 0
    for number, word in enumerate(words):
        good, bad = word in profile.positive_words, word in profile.negative_words
        if not (good or bad):
            continue
        before = words[max(0, number - NEGATION_REACH_WORDS) : number]
        if any(one in profile.negations for one in before):
            good = not good
        positive, negative = positive + good, negative + (not good)
    total = positive + negative
    return round((positive - negative) / total, 2) if total >= MIN_SENTIMENT_WORDS else None
