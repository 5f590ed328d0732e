"""All findings of a text: the kinds that are wanted and that the language has rules for."""

from collections.abc import Callable, Iterable
from typing import Final

from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.cliches import find_cliches
from reyna.library.style_analysis.findings.finding import StyleFinding
from reyna.library.style_analysis.findings.grammar import find_grammar
from reyna.library.style_analysis.findings.passive import find_passives
from reyna.library.style_analysis.findings.repetition import find_repeated_phrases, find_repeated_words
from reyna.library.style_analysis.findings.sentence_shape import find_long_sentences, find_same_openings
from reyna.library.style_analysis.findings.single_words import find_adverbs, find_fillers, find_filter_words
from reyna.library.style_analysis.languages.detection import TextLanguage
from reyna.library.style_analysis.settings import FindingKind, StyleSettings

FindAll = Callable[[Document, StyleSettings], Iterable[StyleFinding]]
FINDERS: Final[dict[FindingKind, FindAll]] = {
    "passive": lambda document, settings: find_passives(document),
    "adverb": lambda document, settings: find_adverbs(document),
    "filter_word": lambda document, settings: find_filter_words(document),
    "filler": lambda document, settings: find_fillers(document),
    "cliche": lambda document, settings: find_cliches(document),
    "repeated_word": lambda document, settings: find_repeated_words(
        document, count=settings.repeat_count, window=settings.repeat_window_words
    ),
    "repeated_phrase": lambda document, settings: find_repeated_phrases(document, window=settings.repeat_window_words),
    "long_sentence": lambda document, settings: find_long_sentences(document, max_words=settings.long_sentence_words),
    "same_opening": lambda document, settings: find_same_openings(document),
}


def collect_findings(
    document: Document, kinds: Iterable[FindingKind], settings: StyleSettings, report: Callable[[float], None]
) -> dict[FindingKind, list[StyleFinding]]:
    """Returns the findings of each kind, in the order of the text."""
    found: dict[FindingKind, list[StyleFinding]] = {}
    for kind in kinds:
        if kind == "grammar":
            found[kind] = list(find_grammar(document.text, report))
        else:
            found[kind] = list(FINDERS[kind](document, settings))
    return found


def reasons_against(language: TextLanguage, words: int, settings: StyleSettings) -> dict[FindingKind, str]:
    """Returns the wanted kinds of findings that are not looked for in so many words of the language, and why."""
    reasons = {kind: _why_not(kind, language) for kind in settings.findings}
    if "grammar" in reasons and words > settings.max_grammar_words:
        limit = f"{settings.max_grammar_words:,}"
        reasons["grammar"] = f"Grammar hints are made for {limit} words at once: analyse a chapter."
    return {kind: reason for kind, reason in reasons.items() if reason is not None}


def _why_not(kind: FindingKind, language: TextLanguage) -> str | None:
    """Returns the reason for which there are no findings of this kind in the language, None when there are."""
    profile = language.profile
    if profile is None:
        if kind == "long_sentence" and language.has_spaces and language.has_sentence_marks:
            return None
        return f"There are no rules for {language.name}."
    has_rules = {
        "passive": profile.passive is not None,
        "adverb": profile.adverb is not None,
        "filter_word": bool(profile.filter_verbs),
        "grammar": profile.code == "en",
    }
    return None if has_rules.get(kind, True) else f"There is no rule for it in {profile.name}."
