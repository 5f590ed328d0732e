"""Rules for passwords: their normalized form (RFC 8265), their length, and a list of easily guessed ones."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from precis_i18n import get_profile

from reyna.domain.errors import Invalid

MIN_CHARACTERS: Final = 8  # NIST SP 800-63B, section 3.1.1.2
MAX_CHARACTERS: Final = 1024  # keeps hashing cheap
MAX_TYPED_CHARACTERS: Final = 4 * MAX_CHARACTERS  # code points before normalization, which may make few of many
MAX_APPENDED_CHARACTERS: Final = 5  # digits and signs at the end of a word that make it no better
MIN_STEM_CHARACTERS: Final = 5  # of a frequent password that digits are appended to
MAX_REPEATED_CHARACTERS: Final = 4  # of the unit in a password that only repeats it
ENDING: Final = re.compile(rf"[\W\d_]{{1,{MAX_APPENDED_CHARACTERS}}}$")
WORD: Final = re.compile(r"[^\W\d_]{4,}")  # a part of an address or a name that somebody would try
PRODUCT_WORDS: Final = ("reyna", "reynastudio", "reyna studio", "reyna-studio")  # NIST: context-specific words
FREQUENT_PASSWORDS_FILE: Final = "frequent_passwords.txt"
OPAQUE_STRING: Final = get_profile("OpaqueString")


def normalize_password(password: str) -> str:
    """Returns the password in the form that is hashed: OpaqueString (RFC 8265, section 4.2), which is NFC with every
    kind of space as U+0020.

    Raises ValueError for characters that this profile does not allow, such as control characters, and for no
    characters.
    """
    return str(OPAQUE_STRING.enforce(password))


def hashed_forms_of(password: str) -> Iterator[str]:
    """Yields the forms in which a password may have been hashed, the current one first; none for one that is too long.

    Versions before the current rule have hashed passwords as typed.
    """
    if len(password) > MAX_TYPED_CHARACTERS:
        return
    try:
        form = normalize_password(password)
    except ValueError:
        form = password
    yield form
    if form != password:
        yield password


def check_password(password: str, *about: str) -> str:
    """Returns the normalized form of a new password. Raises Invalid when it is too short or long, not text, or easily
    guessed.

    `about` is what others know of its owner: the address and the name.
    """
    expected = f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters"
    if len(unicodedata.normalize("NFC", password[: MAX_TYPED_CHARACTERS + 1])) > MAX_CHARACTERS:
        raise Invalid.at("/password", f"must be {expected}", expected=expected)
    try:
        form = normalize_password(password) if password else ""
    except ValueError as error:
        raise Invalid.at("/password", f"has a character that passwords may not have ({_reason(error)})") from error
    if len(form) < MIN_CHARACTERS:
        raise Invalid.at("/password", f"must be {expected}", expected=expected)
    if reason := guessable_reason(form, *about):
        raise Invalid.at("/password", f"is easily guessed: {reason}", expected="one that is not easily guessed")
    return form


def guessable_reason(password: str, *about: str) -> str | None:
    """Returns, in words, the reason why a password is among the first that are tried, or None when it is not."""
    text = _normalize(password)
    stem = ENDING.sub("", text)
    frequent = frequent_passwords()
    if text in frequent or text.replace(" ", "") in frequent or (len(stem) >= MIN_STEM_CHARACTERS and stem in frequent):
        return "many people have it"
    known = {word for fact in about for word in _words(_normalize(fact))} | set(PRODUCT_WORDS)
    if text in known or stem in known:
        return "it is made of your address, your name or the name of this studio"
    if _is_repetition(text):
        return "it repeats itself"
    if _is_sequence(text):
        return "it is a sequence"
    return None


@cache
def frequent_passwords() -> frozenset[str]:
    """Returns the list of frequent passwords, which is read once."""
    text = (files("reyna.services.studio.passwords") / FREQUENT_PASSWORDS_FILE).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("# ") and line != "#")


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _words(text: str) -> Iterator[str]:
    """Yields the text itself, the part before the @, and the words in it."""
    yield text
    yield text.partition("@")[0]
    yield from WORD.findall(text)


def _is_repetition(text: str) -> bool:
    return any((text[:size] * len(text))[: len(text)] == text for size in range(1, MAX_REPEATED_CHARACTERS + 1))


def _is_sequence(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _reason(error: ValueError) -> str:
    """Returns the broken rule of RFC 8264 in words, which the library puts behind the last slash of its message."""
    return str(error).rpartition("/")[2].replace("_", " ")
