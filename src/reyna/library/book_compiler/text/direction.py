"""The direction of writing: of a text by its first strong letter, and of a language."""

import unicodedata
from typing import Final

from reyna.library.book_compiler.text.blocks import TextDirection

RIGHT_TO_LEFT_LANGUAGES: Final = frozenset(
    {"ar", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "ps", "sd", "ug", "ur", "yi"}
)
RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"arab", "hebr", "syrc", "thaa", "nkoo", "adlm"})


def direction_of_text(text: str, default: TextDirection) -> TextDirection:
    """Returns the direction of the first letter that has one (rule P2 of UAX #9)."""
    for letter in text:
        match unicodedata.bidirectional(letter):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return default


def direction_of_language(code: str) -> TextDirection:
    """Returns the direction of a BCP 47 code, by its script where it names one."""
    language, *further = code.lower().split("-")
    scripts = [subtag for subtag in further if len(subtag) == 4 and subtag.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if language in RIGHT_TO_LEFT_LANGUAGES else "ltr"
