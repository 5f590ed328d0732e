"""Ranking: texts scored against the terms of a question, and the scores of several lists brought together."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import msgspec

from reyna.domain.text.folding import fold
from reyna.library.research_assistant.question import Question, terms_of
from reyna.library.research_assistant.sources.found_source import FoundSource

# Okapi BM25 with its usual constants: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009).
BM25_K1: Final = 1.2
BM25_B: Final = 0.75
TITLE_WEIGHT: Final = 2  # a term in a title counts as often
FUSION_CONSTANT: Final = 60  # of reciprocal rank fusion: Cormack, Clarke and Büttcher (SIGIR 2009)
SECOND_SERVICE_SCORE: Final = 0.003  # for each further service that found the same source
PREFERRED_SCORE: Final = 0.05  # of a source that the user named: before all others


class TextScores:
    """The BM25 scores of texts, which are added one by one; only the counts of the terms are kept."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = frozenset(terms)
        self._counts: dict[Hashable, tuple[Counter[str], int]] = {}
        self._texts = self._length = 0

    def add(self, key: Hashable, text: str, title: str = "") -> bool:
        """Adds a text, and tells whether it holds any of the terms."""
        found = terms_of(text)
        self._texts += 1
        self._length += len(found)
        counts = Counter(term for term in (*found, *(terms_of(title) * TITLE_WEIGHT)) if term in self._terms)
        if counts:
            self._counts[key] = counts, len(found)
        return bool(counts)

    def scores(self) -> dict[Hashable, float]:
        """Returns the score of each text that holds any of the terms."""
        frequencies = Counter(term for counts, _ in self._counts.values() for term in counts)
        average = max(self._length / max(self._texts, 1), 1.0)
        return {
            key: sum(self._score_of(count, frequencies[term], length / average) for term, count in counts.items())
            for key, (counts, length) in self._counts.items()
        }

    def _score_of(self, count: int, texts_with_it: int, relative_length: float) -> float:
        rarity = math.log(1 + (self._texts - texts_with_it + 0.5) / (texts_with_it + 0.5))
        return rarity * count * (BM25_K1 + 1) / (count + BM25_K1 * (1 - BM25_B + BM25_B * relative_length))


class RankedSource(msgspec.Struct, frozen=True):
    """A source with its score; `is_relevant` is False when it holds none of the terms of the question."""

    source: FoundSource
    score: float
    is_relevant: bool


def rank_sources(sources: Sequence[FoundSource], question: Question) -> list[RankedSource]:
    """Returns the sources, best first: by how well they fit the question, and by where their own service put them."""
    texts = TextScores(question.terms)
    for number, source in enumerate(sources):
        texts.add(number, source.text, source.title)
    scores = texts.scores()
    by_fit = sorted(range(len(sources)), key=lambda number: -scores.get(number, 0.0))
    fit_ranks = {number: rank for rank, number in enumerate(by_fit)}
    ranked = [
        RankedSource(source, _fused_score(source, fit_ranks[number], question), number in scores)
        for number, source in enumerate(sources)
    ]
    return sorted(ranked, key=lambda one: (not one.is_relevant, -one.score))


def is_wanted(source: FoundSource, wish: str) -> bool:
    """Tells whether a user means this source, by a part of its title or by the beginning of its address."""
    return wish in fold(source.title) or fold(source.url or "").startswith(wish.rstrip("/"))


def _fused_score(source: FoundSource, fit_rank: int, question: Question) -> float:
    return (
        1 / (FUSION_CONSTANT + fit_rank)
        + 1 / (FUSION_CONSTANT + source.rank)
        + SECOND_SERVICE_SCORE * len(source.also_in)
        + (PREFERRED_SCORE if any(is_wanted(source, wish) for wish in question.preferred) else 0.0)
    )
