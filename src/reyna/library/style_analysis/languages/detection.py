"""The language of a text: its profile, and what cannot be said of it."""

import re
from typing import Final

import msgspec

from reyna.domain.text.languages import detect_language
from reyna.library.style_analysis.languages.english import ENGLISH
from reyna.library.style_analysis.languages.french import FRENCH
from reyna.library.style_analysis.languages.german import GERMAN
from reyna.library.style_analysis.languages.profile import LanguageProfile
from reyna.library.style_analysis.languages.spanish import SPANISH

PROFILES: Final = {profile.code: profile for profile in (ENGLISH, GERMAN, SPANISH, FRENCH)}
NAMES: Final = {
    **{code: profile.name for code, profile in PROFILES.items()},
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ja": "Japanese",
    "ko": "Korean",
    "lo": "Lao",
    "km": "Khmer",
    "my": "Burmese",
    "th": "Thai",
    "zh": "Chinese",
}
CODES: Final = {name: code for code, name in NAMES.items()}
# Scripts of one language each; Han alone is Chinese where there is no kana beside it.
SCRIPTS: Final = {
    "ja": re.compile("[\u3041-\u30ff]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "th": re.compile("[\u0e01-\u0e3a\u0e40-\u0e4f]"),
    "lo": re.compile("[\u0e81-\u0edf]"),
    "km": re.compile("[\u1780-\u17ff]"),
    "my": re.compile("[\u1000-\u109f]"),
}
MIN_SCRIPT_SHARE: Final = 0.3  # of the letters of a sample, by which a script gives the language
SAMPLE_CHARACTERS: Final = 20_000
WITHOUT_SPACES: Final = frozenset({"ja", "zh", "th", "lo", "km", "my"})
WITHOUT_SENTENCE_MARKS: Final = frozenset({"th", "lo"})


class TextLanguage(msgspec.Struct, frozen=True):
    """The language of a text: its code where that is known, and its profile where there is one."""

    code: str | None
    profile: LanguageProfile | None = None

    @property
    def name(self) -> str:
        return NAMES.get(self.code or "", self.code or "a language that was not recognised")

    @property
    def has_spaces(self) -> bool:
        """True where words stand between spaces, and for a language that is not known."""
        return self.code not in WITHOUT_SPACES

    @property
    def has_sentence_marks(self) -> bool:
        return self.code not in WITHOUT_SENTENCE_MARKS


def find_language(text: str, given: str | None) -> TextLanguage:
    """Returns the given language, `en` for `en-GB`, or the one that the text shows."""
    code = given.lower().split("-")[0] if given else _detect(text)
    return TextLanguage(code, PROFILES.get(code or ""))


def _detect(text: str) -> str | None:
    sample = text[:SAMPLE_CHARACTERS]
    letters = sum(map(str.isalpha, sample))
    for code, script in SCRIPTS.items():
        if letters and len(script.findall(sample)) >= MIN_SCRIPT_SHARE * letters:
            return code
    return CODES.get(detect_language(sample) or "")
