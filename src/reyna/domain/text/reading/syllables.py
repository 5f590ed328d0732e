"""Syllables: counted by the rules of spelling of English, German, Spanish and French."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from reyna.domain.text.reading.syllable_exceptions import ENGLISH_SYLLABLES

MAX_CACHED_WORDS: Final = 16_384  # of each language; a novel has about ten thousand different words

ENGLISH_VOWELS: Final = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ]+")
ENGLISH_SILENT: Final = re.compile(  # an e that is not spoken
    r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[aeiouy]l)es$|(?<=[^aeiouysxzcghl])es$|(?<=[^aeiouytd])ed$"
    r"|(?<=[^aeiouyl])e(?=ly$|ments?$|ful|less|ness|some|thing|body|where|times?$)|(?<=[aeiou]l)e(?=ly$|ments?$|ss)"
)
ENGLISH_SPLITS: Final = re.compile(  # two vowels that are spoken as two
    r"(?<![cgstxln])i[ao](?!u)|(?<![cgstxln])ious|io$|iu|[^aeioucst]ier|[^aeioucst]ien[ct]|iet|(?<![gp])eo(?!u)|eum|creat"
    r"|(?<![qg])u[ao]|[eou]ing|[aeou]y(?!ed$|es$|e$)[aeiou]|sm$|ying"
)

GERMAN_VOWELS: Final = re.compile(r"äu|aa|ee|oo|ai|ei|ey|ay|au|eu|ie|[aeiouäöüyàâéèê]")
GERMAN_SILENT_U: Final = re.compile(r"(?<=q)u")

SPANISH_CONSONANT_Y: Final = re.compile(r"y(?=[aeoáéóíúiuü])")  # cu-yo
SPANISH_STRONG: Final = re.compile(r"[aeoáéóíú]")
SPANISH_WEAK: Final = re.compile(r"(?<![aeoáéóíúiuüy])[iuüy]+(?![aeoáéóíúiuüy])")

FRENCH_VOWELS: Final = re.compile(
    r"(?<=[bcdfgptv][lr])i(?=[aeéèoâô])"  # cri-er, pri-ons: spoken as two after two consonants
    r"|(?:ue|eu|ou|œu?|[ae])il|[aou]y|[ou]?[iy](?:eu|œu|au|eau|ou|[aeéèêoâô])[uiy]?|eau|œu|oeu|aî|ai|ay|au|eai|ei|ey|eu|eû|oi|oî|oy|oe|ou|où|oû|ui|uî"
    r"|(?<=[gq])u[aeéèêiîoâô][iu]?|[aàâäeéèêëiîïoôöuùûüyæ]"
)
FRENCH_SILENT_E: Final = re.compile(r"(?<=g)e(?=[aoâô])")  # bour-geois
FRENCH_SILENT_END: Final = re.compile(r"(?<=[^aeiouyàâäéèêëîïôöùûü])es?$|(?<=[iuyéa])es?$|(?<=ai)ent$|(?<=èr)ent$")


def count_syllables(word: str, language: str = "en") -> int:
    """Returns the number of syllables of a word of English, German, Spanish or French (`en de es fr`), at least one.

    Raises KeyError for another language.
    """
    return COUNTERS[language]("".join(sign for sign in word.lower() if sign.isalpha()))


def has_syllables(language: str | None) -> bool:
    """Returns True for a language whose syllables can be counted."""
    return language in COUNTERS


@lru_cache(MAX_CACHED_WORDS)
def _count_english(letters: str) -> int:
    """Counts groups of vowels, without silent endings, and with those that are spoken as two.

    Source of the frequent exceptions: the CMU Pronouncing Dictionary.
    """
    if letters in ENGLISH_SYLLABLES:
        return ENGLISH_SYLLABLES[letters]
    spoken = ENGLISH_SILENT.sub("", letters)
    return max(1, len(ENGLISH_VOWELS.findall(spoken)) + len(ENGLISH_SPLITS.findall(spoken)))


@lru_cache(MAX_CACHED_WORDS)
def _count_german(letters: str) -> int:
    return max(1, len(GERMAN_VOWELS.findall(GERMAN_SILENT_U.sub("", letters))))


@lru_cache(MAX_CACHED_WORDS)
def _count_spanish(letters: str) -> int:
    """Counts strong vowels and accented weak ones, and weak vowels that stand beside neither.

    Source: Real Academia Española, Ortografía de la lengua española (2010), chapter II 3.2.
    """
    spoken = SPANISH_CONSONANT_Y.sub("j", letters)
    return max(1, len(SPANISH_STRONG.findall(spoken)) + len(SPANISH_WEAK.findall(spoken)))


@lru_cache(MAX_CACHED_WORDS)
def _count_french(letters: str) -> int:
    """Counts groups of vowels as prose is spoken: a mute e at the end is none."""
    spoken = FRENCH_SILENT_E.sub("", FRENCH_SILENT_END.sub("", letters) if len(letters) > 2 else letters)
    return max(1, len(FRENCH_VOWELS.findall(spoken)))


COUNTERS: Final[dict[str | None, Callable[[str], int]]] = {
    "en": _count_english,
    "de": _count_german,
    "es": _count_spanish,
    "fr": _count_french,
}
