"""Metrics of a text: counts of words and sentences, readability formulas, and a tone from word lists."""

import re
from typing import Final, Literal

import msgspec

from reyna.domain.text.words import words
from reyna.library.text_expansion.sentences import split_sentences
from reyna.library.text_expansion.word_lists import TENSE_WORDS, WARM_WORDS

Tone = Literal["neutral", "warm", "tense", "formal", "lively"]

VOWELS: Final = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ]+", re.IGNORECASE)
SILENT_END: Final = re.compile(r"(?:[^aeiouyl]e|[^aeiouy]les|[^aeiouytd]ed|[^aeiouysxzcgl]es)$", re.IGNORECASE)
EMOJI: Final = re.compile("[\U0001f300-\U0001faff☀-➿]")
CONTRACTION: Final = re.compile(r"\w['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)  # noqa: RUF001

MIN_TONE_WORDS_PER_HUNDRED: Final = 1.2  # that make a text warm or tense
MIN_LIVELY_SHARE: Final = 0.2  # of the sentences, that end with an exclamation mark or hold an emoji
MIN_FORMAL_LETTERS_PER_WORD: Final = 5.2  # on average; fiction has about 4.3, reports about 5.3


class Metrics(msgspec.Struct, frozen=True):
    """`reading_ease` is about 0 (hard) to 100 (easy), `grade_level` is years of school; both are made for English."""

    words: int
    sentences: int
    reading_ease: float
    grade_level: float
    tone: Tone


def count_syllables(word: str) -> int:
    """Returns the number of groups of vowels, at least one.

    A silent ending does not count: -e, -es, -ed, but not -le, -ted, -ded.

    The usual heuristic for English: right for about nine words in ten, and too high or too low by one otherwise.
    """
    letters = "".join(sign for sign in word if sign.isalpha())
    groups = len(VOWELS.findall(letters))
    if groups > 1 and SILENT_END.search(letters):
        groups -= 1
    return max(1, groups)


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """Returns the Flesch reading ease.

    Source: R. Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948).
    """
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words


def grade_level(words: int, sentences: int, syllables: int) -> float:
    """Returns the Flesch-Kincaid grade level.

    Source: J. P. Kincaid et al., Research Branch Report 8-75, US Navy (1975).
    """
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def detect_tone(text: str) -> Tone:
    """Returns the first tone whose rule holds.

    Lively: at least a fifth of the sentences end with "!" or contain an emoji. Warm or tense: at least 1.2 of every 100
    words are in a short English list; the list with more hits wins. Formal: words of 5.2 letters or more on average,
    and no contraction. Neutral: everything else.

    It only counts: irony, and languages other than English, mostly come out as neutral.
    """
    spoken, lines = words(text), split_sentences(text)
    if not spoken:
        return "neutral"
    if sum("!" in line[-3:] or EMOJI.search(line) is not None for line in lines) >= MIN_LIVELY_SHARE * len(lines):
        return "lively"
    bare = ["".join(sign for sign in word.lower() if sign.isalpha()) for word in spoken]
    warm, tense = sum(word in WARM_WORDS for word in bare), sum(word in TENSE_WORDS for word in bare)
    if max(warm, tense) >= MIN_TONE_WORDS_PER_HUNDRED * len(bare) / 100:
        return "warm" if warm > tense else "tense"
    if sum(map(len, bare)) >= MIN_FORMAL_LETTERS_PER_WORD * len(bare) and not CONTRACTION.search(text):
        return "formal"
    return "neutral"


def measure(text: str) -> Metrics:
    """Returns all metrics of the text; a text without a word is 0 everywhere."""
    spoken, lines = words(text), split_sentences(text)
    if not spoken:
        return Metrics(0, 0, 0.0, 0.0, "neutral")
    syllables = sum(map(count_syllables, spoken))
    return Metrics(
        words=len(spoken),
        sentences=len(lines),
        reading_ease=round(reading_ease(len(spoken), len(lines), syllables), 1),
        grade_level=round(grade_level(len(spoken), len(lines), syllables), 1),
        tone=detect_tone(text),
    )
