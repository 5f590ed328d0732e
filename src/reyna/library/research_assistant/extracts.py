"""Extracts: the part of a long text that says most about a question, exactly as it is written there."""

from collections.abc import Collection
from typing import Final

from reyna.domain.text.clusters import truncate
from reyna.domain.text.sentences import sentence_spans
from reyna.library.research_assistant.question import terms_of

MAX_SEARCHED_CHARACTERS: Final = 200_000  # of one text in which the best part is looked for


def best_extract(text: str, terms: Collection[str], most: int) -> str:
    """Returns the sentences in a row, of at most so many characters together, that hold most of the terms."""
    if len(text) <= most:
        return text.strip()
    searched, wanted = text[:MAX_SEARCHED_CHARACTERS], frozenset(terms)
    spans = sentence_spans(searched)
    if not spans:
        return truncate(searched, most)
    hits = [wanted.intersection(terms_of(searched[start:end])) for start, end in spans]
    first, best, best_score = 0, (0, 0), -1.0
    for last, (_, end) in enumerate(spans):
        while first < last and end - spans[first][0] > most:
            first += 1
        score = len(set[str]().union(*hits[first : last + 1])) + sum(map(len, hits[first : last + 1])) / 100
        if score > best_score:
            best, best_score = (first, last), score
    return truncate(searched[spans[best[0]][0] : spans[best[1]][1]], most)
