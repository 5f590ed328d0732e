"""Readability by the formulas that exist for the language of the text."""

from collections.abc import Callable
from typing import Final

import msgspec

from reyna.domain.text.reading import readability
from reyna.domain.text.reading.readability import MIN_LIX_LETTERS, MIN_SMOG_SENTENCES, POLYSYLLABLES, TextCounts
from reyna.domain.text.reading.syllables import count_syllables
from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.measures.result import Measured

LIX_LANGUAGES: Final = frozenset({"en", "de", "es", "fr", "it", "nl", "pt"})
COMPLEX_ENDINGS: Final = ("es", "ed", "ing")  # which alone make no word complex for the Fog index
FLESCH, KINCAID = "flesch_reading_ease", "flesch_kincaid_grade"


class Formula(msgspec.Struct, frozen=True):
    """A formula by its id, its name for people, and its scale: "ease" rises with ease, "grade" is years of school."""

    id: str
    name: str
    scale: str
    compute: Callable[[TextCounts], float]


def _of_syllables(compute: Callable[[int, int, int], float]) -> Callable[[TextCounts], float]:
    return lambda counts: compute(counts.words, counts.sentences, counts.syllables)


LIX: Final = Formula("lix", "LIX", "difficulty", lambda c: readability.lix(c.words, c.sentences, c.long_words))
SMOG: Final = Formula("smog", "SMOG", "grade", lambda c: readability.smog(c.sentences, c.polysyllables))
FORMULAS: Final = {
    "en": (
        Formula(FLESCH, "Flesch reading ease", "ease", _of_syllables(readability.reading_ease)),
        Formula(KINCAID, "Flesch-Kincaid", "grade", _of_syllables(readability.grade_level)),
        Formula(
            "gunning_fog",
            "Gunning fog",
            "grade",
            lambda c: readability.gunning_fog(c.words, c.sentences, c.complex_words),
        ),
        SMOG,
        Formula(
            "coleman_liau", "Coleman-Liau", "grade", lambda c: readability.coleman_liau(c.words, c.sentences, c.letters)
        ),
        Formula(
            "automated_readability",
            "Automated Readability Index",
            "grade",
            lambda c: readability.automated_readability(c.words, c.sentences, c.characters),
        ),
    ),
    "de": (
        Formula("amstad", "Amstad", "ease", _of_syllables(readability.amstad)),
        Formula("wiener_sachtextformel", "Wiener Sachtextformel", "grade", readability.wiener_sachtextformel),
    ),
    "es": (
        Formula("fernandez_huerta", "Fernández Huerta", "ease", _of_syllables(readability.fernandez_huerta)),
        Formula("szigriszt_pazos", "Szigriszt-Pazos", "ease", _of_syllables(readability.szigriszt_pazos)),
    ),
    "fr": (Formula("kandel_moles", "Kandel-Moles", "ease", _of_syllables(readability.kandel_moles)),),
}


def measure_reading(document: Document) -> Measured:
    """Returns `readability`, a list of formulas with their values, and for English the fields of Flesch and Kincaid."""
    code = document.language.code or ""
    formulas = (*FORMULAS.get(code, ()), *((LIX,) if code in LIX_LANGUAGES else ()))
    if not document.ranges or not formulas:
        name = document.language.name
        reason = f"There is no formula for {name}." if document.ranges else "The text has no sentences."
        return Measured(missing=dict.fromkeys(("readability", "reading_ease", "grade_level"), reason))
    counts, missing = count_for_formulas(document), dict[str, str]()
    if SMOG in formulas and counts.sentences < MIN_SMOG_SENTENCES:
        formulas = tuple(formula for formula in formulas if formula != SMOG)
        missing["readability.smog"] = f"It needs {MIN_SMOG_SENTENCES} sentences."
    by_id = {formula.id: round(formula.compute(counts), 1) for formula in formulas}
    listed = [{"formula": one.id, "name": one.name, "scale": one.scale, "value": by_id[one.id]} for one in formulas]
    values: dict[str, object] = {"readability": listed}
    if counts.syllables:
        values["syllables"] = counts.syllables
    if code == "en":
        return Measured(values | {"reading_ease": by_id[FLESCH], "grade_level": by_id[KINCAID]}, missing)
    flesch = f"The formula of Flesch is made for English; `readability` has those for {document.language.name}."
    return Measured(values, missing | dict.fromkeys(("reading_ease", "grade_level"), flesch))


def count_for_formulas(document: Document) -> TextCounts:
    """Returns the counts that the formulas take; no syllables for a language without rules for them."""
    code = document.language.code or ""
    syllables = [count_syllables(word, code) for word in document.words] if code in FORMULAS else []
    letters = sum(map(str.isalpha, "".join(document.words)))
    return TextCounts(
        words=len(document.words),
        sentences=len(document.ranges),
        letters=letters,
        characters=sum(map(str.isalnum, "".join(document.words))),
        syllables=sum(syllables),
        monosyllables=syllables.count(1),
        polysyllables=sum(count >= POLYSYLLABLES for count in syllables),
        complex_words=_count_complex_words(document, syllables) if code == "en" else 0,
        long_words=sum(len(word) >= MIN_LIX_LETTERS for word in document.words),
    )


def _count_complex_words(document: Document, syllables: list[int]) -> int:
    """Counts words of three syllables or more without names, compounds of short words, and endings (Gunning, 1952)."""
    return sum(
        count >= POLYSYLLABLES and not _is_excused(document, number, document.words[number])
        for number, count in enumerate(syllables)
    )


def _is_excused(document: Document, number: int, word: str) -> bool:
    if document.is_capitalized(number) and not document.starts_sentence(number):
        return True
    if "-" in word:
        return all(count_syllables(part) < POLYSYLLABLES for part in word.split("-"))
    stems = (word.removesuffix(ending) for ending in COMPLEX_ENDINGS if word.endswith(ending))
    return any(count_syllables(stem) < POLYSYLLABLES for stem in stems)
