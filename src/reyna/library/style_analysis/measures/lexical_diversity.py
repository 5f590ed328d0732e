"""Lexical diversity: how many different words a text has, independent of its length."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, lgamma
from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.measures.result import Measured

MTLD_THRESHOLD: Final = 0.72  # of the share of different words, at which a factor is complete
MIN_FACTOR_WORDS: Final = 10
MIN_MTLD_WORDS: Final = 100  # below which the authors found it unstable
HDD_SAMPLE_WORDS: Final = 42


def measure_diversity(document: Document) -> Measured:
    """Returns the share of different words, MTLD and HD-D, where the words stand between spaces."""
    words = document.words
    if not words or not document.language.has_spaces:
        reason = "The text has no words." if not words else f"It is not tested for {document.language.name}."
        return Measured(missing=dict.fromkeys(("lexical_diversity", "mtld", "hdd"), reason))
    values: dict[str, float] = {"lexical_diversity": round(len(set(words)) / len(words), 3)}
    missing: dict[str, str] = {}
    if len(words) >= MIN_MTLD_WORDS:
        values["mtld"] = round(mtld(words), 1)
    else:
        missing["mtld"] = f"It needs {MIN_MTLD_WORDS} words."
    if len(words) >= HDD_SAMPLE_WORDS:
        values["hdd"] = round(hdd(words), 3)
    else:
        missing["hdd"] = f"It needs {HDD_SAMPLE_WORDS} words."
    return Measured(dict(values), missing)


def mtld(words: Sequence[str]) -> float:
    """Returns the measure of textual lexical diversity: the mean number of words that keep a share of 0.72.

    It is the mean of reading forwards and backwards. Source: P. M. McCarthy, S. Jarvis, MTLD, vocd-D, and HD-D,
    Behavior Research Methods 42 (2010); a factor has ten words or more, as in the authors' Gramulator.
    """
    return (_mean_factor(words, len(words)) + _mean_factor(reversed(words), len(words))) / 2


def hdd(words: Sequence[str], sample: int = HDD_SAMPLE_WORDS) -> float:
    """Returns HD-D: the expected share of different words in a random sample of 42.

    Source: McCarthy and Jarvis (2010): each word adds the probability to be in the sample, by the hypergeometric
    distribution, divided by the size of the sample.
    """
    total = len(words)
    whole = _log_choose(total, sample)
    found = 0.0
    for count, times in Counter(Counter(words).values()).items():
        without = exp(_log_choose(total - count, sample) - whole) if total - count >= sample else 0.0
        found += times * (1.0 - without)
    return found / sample


def _mean_factor(words: Iterable[str], total: int) -> float:
    factors, length = 0.0, 0
    kinds: set[str] = set()
    for word in words:
        kinds.add(word)
        length += 1
        if length >= MIN_FACTOR_WORDS and len(kinds) / length < MTLD_THRESHOLD:
            factors, length, kinds = factors + 1, 0, set()
    if length:
        factors += (1 - len(kinds) / length) / (1 - MTLD_THRESHOLD)
    return total / factors if factors else float(total)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
