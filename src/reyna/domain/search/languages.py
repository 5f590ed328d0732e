"""The language of a text as search knows it: a name of one of PostgreSQL's text search configurations."""

from typing import Any, Final

from reyna.domain.text.languages import detect_language

DETECTION_CHARACTERS: Final = 4_000  # of a text from which its language is detected
MIN_CYRILLIC_LETTERS: Final = 20  # of a text that is taken for Russian
# By ISO 639-1 code. Languages that are not here are searched without their grammar.
LANGUAGES: Final = {
    "ar": "arabic",
    "hy": "armenian",
    "eu": "basque",
    "ca": "catalan",
    "da": "danish",
    "nl": "dutch",
    "en": "english",
    "fi": "finnish",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "ga": "irish",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "no": "norwegian",
    "nb": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "es": "spanish",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
NAMES: Final = frozenset(LANGUAGES.values())


def named_language(name: Any) -> str | None:
    """Returns the language of the metadata field `language`: a code such as `de` or `pt-BR`, or an English name; None
    for anything else, and for languages of which the grammar is not known."""
    if not isinstance(name, str):
        return None
    lower = name.strip().lower()
    return lower if lower in NAMES else LANGUAGES.get(lower.replace("_", "-").partition("-")[0])


def detected_language(text: str) -> str | None:
    """Returns the language of the text, None where it is not clear."""
    if (found := detect_language(text[:DETECTION_CHARACTERS])) is not None:
        return found.lower()
    cyrillic = sum("\u0430" <= letter <= "\u044f" for letter in text[:DETECTION_CHARACTERS])
    return "russian" if cyrillic >= MIN_CYRILLIC_LETTERS else None
