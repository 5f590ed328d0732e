"""Adverbs, fillers and filter words: single words that often can go."""

from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import Findings, finding_at

SUBJECTS: Final = frozenset({"i", "he", "she", "we", "they", "you", "it"})
DETERMINERS: Final = frozenset(
    {"the", "a", "an", "this", "that", "his", "her", "their", "my", "our", "your", "its", "no", "one"}
)


def find_adverbs(document: Document) -> Findings:
    """Yields adverbs by their ending; English -ly and Spanish -mente."""
    profile = document.language.profile
    if profile is None or profile.adverb is None:
        return
    for number, word in enumerate(document.words):
        if profile.adverb.fullmatch(word) and word not in profile.no_adverbs and word not in profile.fillers:
            if not document.starts_sentence(number) and document.is_capitalized(number):
                continue  # a name: Emily, Kelly
            span = document.spans[number]
            yield finding_at("adverb", span, f"“{document.text[slice(*span)]}”: would a stronger verb do without it?")


def find_fillers(document: Document) -> Findings:
    """Yields words of the list of the language that weaken more often than they say something."""
    profile = document.language.profile
    if profile is None:
        return
    for number, word in enumerate(document.words):
        if word in profile.fillers and not document.spoken[number]:
            span = document.spans[number]
            yield finding_at("filler", span, f"“{document.text[slice(*span)]}” is rarely missed.")


def find_filter_words(document: Document) -> Findings:
    """Yields verbs of perception after their subject, outside of dialogue, which stand between reader and scene."""
    profile = document.language.profile
    if profile is None or not profile.filter_verbs:
        return
    for number in range(1, len(document.words)):
        subject, verb = document.words[number - 1], document.words[number]
        if verb not in profile.filter_verbs or document.spoken[number] or document.starts_sentence(number):
            continue
        if subject in SUBJECTS or (document.is_capitalized(number - 1) and subject not in DETERMINERS):
            span = document.span_of(number - 1, number)
            yield finding_at("filter_word", span, f"“{document.text[slice(*span)]}”: could the reader perceive it?")
