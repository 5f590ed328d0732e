"""Numbers in a text, in digits or in words, so that one that is written otherwise is recognised."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

DIGITS: Final = re.compile(r"\d+(?:[.,:]\d+)*")
WORD: Final = re.compile(r"[^\W\d_]+")
GROUPS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")

# One is left out: in most languages it is the article too.
NUMBER_WORDS: Final = {
    "English": (
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen  nineteen twenty"
    ),
    "German": (
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
        "siebzehn achtzehn  neunzehn zwanzig"
    ),
    "Spanish": (
        "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
        "dieciocho  diecinueve veinte"
    ),
    "French": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
}
TENS: Final = {
    "English": "thirty forty fifty sixty seventy eighty ninety hundred",
    "German": "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
    "Spanish": "treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
}
AMBIGUOUS_WORDS: Final = frozenset({"acht", "neuf", "once"})  # attention, new, an ounce and once: never asked for


class FoundNumber(msgspec.Struct, frozen=True):
    """A number as it is written, its value as text, and its place in code points."""

    text: str
    value: str
    start: int
    end: int


def find_numbers(text: str, language: str | None) -> list[FoundNumber]:
    """Returns the numbers in order: those in digits, and in English, German, Spanish and French those in words to 20
    and the tens to 100. `language` is the English name of the language."""
    return sorted(_in_digits_and_words(text, language), key=lambda number: number.start)


def _in_digits_and_words(text: str, language: str | None) -> Iterator[FoundNumber]:
    for found in DIGITS.finditer(text):
        yield FoundNumber(found[0], _value_of(found[0]), found.start(), found.end())
    values = VALUES.get(language or "", {})
    for found in WORD.finditer(text):
        word = found[0].lower()
        if (value := values.get(word)) is not None and word not in AMBIGUOUS_WORDS:
            yield FoundNumber(found[0], value, found.start(), found.end())


def _value_of(digits: str) -> str:
    """Returns the digits without the marks between groups of three: `1,000` and `1.000` are one thousand."""
    return re.sub(r"[.,]", "", digits) if GROUPS.fullmatch(digits) else digits


def _values_of(language: str) -> dict[str, str]:
    small = enumerate(NUMBER_WORDS[language].split(), start=2)
    tens = enumerate(TENS.get(language, "").split(), start=3)
    return {word: str(number) for number, word in small} | {word: str(10 * number) for number, word in tens}


VALUES: Final = {language: _values_of(language) for language in NUMBER_WORDS}
