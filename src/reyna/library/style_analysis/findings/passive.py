"""Passive voice, by an auxiliary and a participle in the same clause."""

from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.finding import Findings, finding_at
from reyna.library.style_analysis.languages.profile import PassiveRule

CLAUSE_MARKS: Final = frozenset(",;:–—()")  # noqa: RUF001 - marks of prose


def find_passives(document: Document) -> Findings:
    """Yields the passives, from the auxiliary to the participle.

    The rule reads forms, not grammar: it knows no adjective that it has not listed, and misses what is turned around.
    """
    profile = document.language.profile
    if profile is None or profile.passive is None:
        return
    for first, after in document.ranges:
        at = first
        while at < after:
            end = _participle_after(document, profile.passive, at, after)
            if end is not None:
                span = document.span_of(at, end)
                yield finding_at("passive", span, f"Passive: “{document.text[slice(*span)]}”. Who does it?")
                at = end
            at += 1


def _participle_after(document: Document, rule: PassiveRule, at: int, after: int) -> int | None:
    """Returns the number of the participle that belongs to the auxiliary at this place, None when there is none."""
    if document.words[at] not in rule.auxiliaries:
        return None
    for number in range(at + 1, min(after, at + rule.max_gap + 2)):
        if CLAUSE_MARKS & set(document.text[document.spans[number - 1][1] : document.spans[number][0]]):
            return None
        word = document.words[number]
        if _is_participle(document, rule, number):
            return number
        if rule.between and word not in rule.between:
            return None
    return None


def _is_participle(document: Document, rule: PassiveRule, number: int) -> bool:
    word, profile = document.words[number], document.language.profile
    following = document.words[number + 1] if number + 1 < len(document.words) else ""
    if word in rule.no_participles and following not in rule.agents:
        return False
    if profile is not None and profile.writes_nouns_with_capitals and document.is_capitalized(number):
        return False
    return word in rule.irregular_participles or rule.participle.fullmatch(word) is not None
