"""The searchable form of names, which is the same in the page and the server for all ways to write a letter."""

# ruff: noqa: RUF001 - letters of many scripts are what this is about
import re
import unicodedata
from typing import Any, Final

MAX_LINE_CHARACTERS: Final = 200  # of a text in which its first line is looked for
TEXT_FIELDS: Final = ("content", "expanded")  # fields of a blob whose first line is shown in lists
# Accents, points of Hebrew, vowel signs of Arabic, and tatweel. Vowel signs of Indic scripts and of Thai are letters.
ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
# Letters that are not composed of a base letter and an accent, but are typed as a base letter all the same.
BASE_LETTERS: Final = {
    "ø": "o",
    "đ": "d",
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ß": "ss",
    "ς": "σ",
}
SPECIAL_LETTERS: Final = re.compile(f"[{''.join(BASE_LETTERS)}]")


def fold(text: str) -> str:
    """Returns the text without case, accents, width and invisible characters, with single spaces between words."""
    if text.isascii():
        if text.isprintable() and "  " not in text:  # then a space is the only white space
            return text.strip(" ").lower()
    else:
        plain = INVISIBLE.sub("", ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
        # Upper and then lower case, which every language has, is case folding: ß becomes ss.
        lower = SPECIAL_LETTERS.sub(lambda letter: BASE_LETTERS[letter[0]], plain.upper().lower())
        text = ACCENTS.sub("", unicodedata.normalize("NFKC", lower))
    return " ".join(text.lower().split())


def folded_name_of(data: Any) -> str:
    """Returns the folded title of a blob's data and the first line of its text."""
    if not isinstance(data, dict):
        return ""
    title, line = data.get("title"), ""
    for field in TEXT_FIELDS:
        if isinstance(text := data.get(field), str):
            line = text[:MAX_LINE_CHARACTERS].strip().partition("\n")[0]
            break
    return fold("\n".join([title[:MAX_LINE_CHARACTERS], line]) if isinstance(title, str) else line)
