"""Sections: a text in parts of some hundred words, for its pace and for the course of its sentiment."""

from typing import Any, Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.measures.result import Measured
from reyna.library.style_analysis.measures.sentiment import MIN_SENTIMENT_WORDS, measure_sentiment

MAX_SECTIONS: Final = 20
MIN_SECTION_WORDS: Final = 200
MIN_SECTIONS: Final = 3
MAX_FAST_RATIO: Final = 0.8  # of the average length of sentences in the whole text
MIN_SLOW_RATIO: Final = 1.25


def measure_sections(document: Document) -> Measured:
    """Returns `sections`, in code points, each with its pace: fast where sentences are a fifth shorter than in the
    whole text, slow where they are a quarter longer; and `sentiment` where the language has lists."""
    profile, values, missing = document.language.profile, dict[str, Any](), dict[str, str]()
    if profile is None or not profile.positive_words:
        missing["sentiment"] = f"There is no list of words for {document.language.name}."
    elif (sentiment := measure_sentiment(document.words, profile)) is not None:
        values["sentiment"] = sentiment
    else:
        missing["sentiment"] = f"The text has fewer than {MIN_SENTIMENT_WORDS} words of the lists."
    sections = split_sections(document) if document.language.has_sentence_marks else []
    if len(sections) >= MIN_SECTIONS:
        average = len(document.words) / len(document.ranges)
        values["sections"] = [_describe(document, first, after, average) for first, after in sections]
    else:
        missing["sections"] = f"Pace compares parts of {MIN_SECTION_WORDS} words, and needs {MIN_SECTIONS} of them."
    return Measured(values, missing)


def split_sections(document: Document) -> list[tuple[int, int]]:
    """Returns at most 20 parts of 200 words or more, as ranges of sentences."""
    wanted = max(MIN_SECTION_WORDS, -(-len(document.words) // MAX_SECTIONS))
    sections: list[tuple[int, int]] = []
    begin = words = 0
    for number, (first, after) in enumerate(document.ranges):
        words += after - first
        if words >= wanted:
            sections.append((begin, number + 1))
            begin, words = number + 1, 0
    if words and sections:  # the rest is shorter than a part
        sections[-1] = (sections[-1][0], len(document.ranges))
    return sections


def pace_of(sentence_words: float, average: float) -> str:
    """Returns the pace of a part by the length of its sentences, compared with that of the whole."""
    if sentence_words <= MAX_FAST_RATIO * average:
        return "fast"
    return "slow" if sentence_words >= MIN_SLOW_RATIO * average else "even"


def _describe(document: Document, begin: int, end: int, average: float) -> dict[str, Any]:
    first, after = document.ranges[begin][0], document.ranges[end - 1][1]
    start, stop = document.span_of(first, after - 1)
    mean = (after - first) / (end - begin)
    section: dict[str, Any] = {
        "start": start,
        "end": stop,
        "words": after - first,
        "average_sentence_words": round(mean, 1),
        "dialogue_share": round(sum(document.spoken[first:after]) / (after - first), 3),
        "pace": pace_of(mean, average),
    }
    profile = document.language.profile
    sentiment = measure_sentiment(document.words[first:after], profile) if profile else None
    return section if sentiment is None else section | {"sentiment": sentiment}
