"""Metrics of a text: counts of words and sentences, readability, and a tone from word lists."""

import msgspec

from reyna.domain.text.reading.readability import grade_level, reading_ease
from reyna.domain.text.reading.syllables import count_syllables
from reyna.domain.text.sentences import sentence_spans
from reyna.domain.text.tone import Tone, detect_tone
from reyna.domain.text.words import words


class Metrics(msgspec.Struct, frozen=True):
    """`reading_ease` is about 0 (hard) to 100 (easy), `grade_level` is years of school; both are made for English."""

    words: int
    sentences: int
    reading_ease: float
    grade_level: float
    tone: Tone


def measure(text: str) -> Metrics:
    """Returns all metrics of the text; a text without a word is 0 everywhere."""
    spoken, sentences = words(text), len(sentence_spans(text))
    if not spoken:
        return Metrics(0, 0, 0.0, 0.0, "neutral")
    syllables = sum(map(count_syllables, spoken))
    return Metrics(
        words=len(spoken),
        sentences=sentences,
        reading_ease=round(reading_ease(len(spoken), sentences, syllables), 1),
        grade_level=round(grade_level(len(spoken), sentences, syllables), 1),
        tone=detect_tone(text),
    )
