"""The profile of a language: the word lists and rules by which its texts are analysed."""

import re

import msgspec


class PassiveRule(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a passive: an auxiliary, then a participle within the same clause.

    `max_gap` is the number of words between them, each of which must be in `between` where that is not empty.
    `no_participles` are participles that mostly are adjectives: they count before one of the `agents` (`by`) alone.
    """

    auxiliaries: frozenset[str]
    participle: re.Pattern[str]
    irregular_participles: frozenset[str] = frozenset()
    no_participles: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    max_gap: int


class LanguageProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The lists of a language. An empty list means that there is no rule for it, and nothing is claimed.

    `adverb` matches an adverb, `no_adverbs` are words that only look like one. `filter_verbs` tell that somebody
    perceives (`she saw that`). `past_verbs` and `present_verbs` are frequent forms that show the tense.
    """

    code: str
    name: str
    function_words: frozenset[str]
    first_person: frozenset[str]
    second_person: frozenset[str]
    third_person: frozenset[str]
    past_verbs: frozenset[str]
    present_verbs: frozenset[str]
    past_ending: re.Pattern[str] | None = None
    passive: PassiveRule | None = None
    adverb: re.Pattern[str] | None = None
    no_adverbs: frozenset[str] = frozenset()
    filter_verbs: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    cliches: tuple[str, ...] = ()
    positive_words: frozenset[str] = frozenset()
    negative_words: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    writes_nouns_with_capitals: bool = False


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def phrase_list(phrases: str) -> tuple[str, ...]:
    """Returns the phrases of a text that has one in each line."""
    return tuple(line.strip() for line in phrases.splitlines() if line.strip())
