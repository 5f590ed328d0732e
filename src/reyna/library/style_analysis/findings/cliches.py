"""Clichés, by the list of the language."""

from functools import lru_cache

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import Findings, finding_at
from reyna.library.style_analysis.languages.detection import PROFILES

PhrasesByFirstWord = dict[str, list[tuple[str, ...]]]


def find_cliches(document: Document) -> Findings:
    """Yields the phrases of the list, the longest one at each place; none goes beyond its sentence."""
    profile = document.language.profile
    if profile is None:
        return
    phrases = _phrases_of(profile.code)
    for first, after in document.ranges:
        for number in range(first, after):
            for phrase in phrases.get(document.words[number], ()):
                end = number + len(phrase)
                if end <= after and tuple(document.words[number:end]) == phrase:
                    span = document.span_of(number, end - 1)
                    yield finding_at("cliche", span, f"“{document.text[slice(*span)]}” is a cliché.")
                    break


@lru_cache
def _phrases_of(code: str) -> PhrasesByFirstWord:
    found: PhrasesByFirstWord = {}
    for phrase in sorted(PROFILES[code].cliches, key=len, reverse=True):
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append(words)
    return found
