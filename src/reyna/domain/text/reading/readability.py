"""Readability formulas, each with its source; all of them take counts, and sentences and words are at least one."""

from math import sqrt
from typing import Final

import msgspec

MIN_SMOG_SENTENCES: Final = 30
MIN_LIX_LETTERS: Final = 7  # of a long word
POLYSYLLABLES: Final = 3  # syllables of a long word, at least


class TextCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of a text that the formulas take.

    `letters` are letters alone; `characters` are letters and digits. `polysyllables` are words of three syllables or
    more, `monosyllables` those of one, `complex_words` the long ones that count for the Fog index, `long_words` words
    of seven letters or more.
    """

    words: int
    sentences: int
    letters: int
    characters: int
    syllables: int
    monosyllables: int = 0
    polysyllables: int = 0
    complex_words: int = 0
    long_words: int = 0


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """Returns the Flesch reading ease, for English.

    Source: R. Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948).
    """
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words


def grade_level(words: int, sentences: int, syllables: int) -> float:
    """Returns the Flesch-Kincaid grade level, for English.

    Source: J. P. Kincaid et al., Research Branch Report 8-75, US Navy (1975).
    """
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def gunning_fog(words: int, sentences: int, complex_words: int) -> float:
    """Returns the Fog index, for English: years of school.

    Source: R. Gunning, The Technique of Clear Writing (1952).
    """
    return 0.4 * (words / sentences + 100 * complex_words / words)


def smog(sentences: int, polysyllables: int) -> float:
    """Returns the SMOG grade, for English. It is made for texts of 30 sentences or more.

    Source: G. H. McLaughlin, SMOG grading: a new readability formula, Journal of Reading 12 (1969).
    """
    return 1.0430 * sqrt(polysyllables * 30 / sentences) + 3.1291


def coleman_liau(words: int, sentences: int, letters: int) -> float:
    """Returns the Coleman-Liau index, for English: years of school.

    Source: M. Coleman, T. L. Liau, A computer readability formula designed for machine scoring, Journal of Applied
    Psychology 60 (1975).
    """
    return 0.0588 * (100 * letters / words) - 0.296 * (100 * sentences / words) - 15.8


def automated_readability(words: int, sentences: int, characters: int) -> float:
    """Returns the Automated Readability Index, for English: years of school.

    Source: R. J. Senter, E. A. Smith, Automated Readability Index, AMRL-TR-66-220 (1967).
    """
    return 4.71 * characters / words + 0.5 * words / sentences - 21.43


def amstad(words: int, sentences: int, syllables: int) -> float:
    """Returns the reading ease of Flesch, fitted to German.

    Source: T. Amstad, Wie verständlich sind unsere Zeitungen? (1978).
    """
    return 180 - words / sentences - 58.5 * syllables / words


def wiener_sachtextformel(counts: TextCounts) -> float:
    """Returns the first Wiener Sachtextformel, for German: years of school.

    Source: R. Bamberger, E. Vanecek, Lesen - Verstehen - Lernen - Schreiben (1984).
    """
    return (
        19.35 * counts.polysyllables / counts.words
        + 0.1672 * counts.words / counts.sentences
        + 12.97 * counts.long_words / counts.words
        - 3.27 * counts.monosyllables / counts.words
        - 0.875
    )


def fernandez_huerta(words: int, sentences: int, syllables: int) -> float:
    """Returns the reading ease of Flesch, fitted to Spanish.

    Source: J. Fernández Huerta, Medidas sencillas de lecturabilidad, Consigna 214 (1959), with the number of words in a
    sentence as its second count, as G. Law corrected it (2011).
    """
    return 206.84 - 60 * syllables / words - 1.02 * words / sentences


def szigriszt_pazos(words: int, sentences: int, syllables: int) -> float:
    """Returns the perspicuity of a Spanish text, on the scale of Flesch.

    Source: F. Szigriszt Pazos, Sistemas predictivos de legilibilidad del mensaje escrito (1993).
    """
    return 206.835 - 62.3 * syllables / words - words / sentences


def kandel_moles(words: int, sentences: int, syllables: int) -> float:
    """Returns the reading ease of Flesch, fitted to French.

    Source: L. Kandel, A. Moles, Application de l'indice de Flesch à la langue française, Cahiers d'études de
    radio-télévision 19 (1958).
    """
    return 207 - 1.015 * words / sentences - 73.6 * syllables / words


def lix(words: int, sentences: int, long_words: int) -> float:
    """Returns the LIX, for languages of Europe with Latin letters: about 20 (very easy) to 60 (very hard).

    Source: C. H. Björnsson, Läsbarhet (1968).
    """
    return words / sentences + 100 * long_words / words
