"""The rules for names in any script, which hold wherever a name is given."""

import re
import unicodedata
from typing import Final

from reyna.domain.errors import Invalid
from reyna.domain.json.data import encode_json
from reyna.domain.text.clusters import truncate

MAX_NAME_CHARACTERS: Final = 200  # code points
MAX_TYPE_CHARACTERS: Final = 64  # code points
OVERRIDES: Final = frozenset("\u202d\u202e")
EMBEDDINGS: Final = frozenset("\u202a\u202b")
END_OF_EMBEDDING: Final = "\u202c"
ISOLATES: Final = frozenset("\u2066\u2067\u2068")
END_OF_ISOLATE: Final = "\u2069"
DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
BREAKS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BREAKS_IN_PROSE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")  # all but line breaks and tabs
# Letters and a symbol that are drawn as nothing: Hangul fillers, the empty Braille cell.
BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Categories of spaces, controls, format characters, marks that need a letter, and of no characters.
INVISIBLE_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Mc", "Me"})
FIRST_TAG, LAST_TAG = "\U000e0000", "\U000e0fff"  # ignored by what draws text, assigned or not


def normalize_name(text: str, *, field: str = "name", most: int = MAX_NAME_CHARACTERS) -> str:
    """Returns the name in the normal form NFC, without space around it.

    Raises Invalid, which names the field, for a name that is empty, too long (in code points) or invisible, breaks the
    line, or changes the direction of the text around it: by overrides, or embeddings or isolates left open. Joiners in
    words and emoji are letters of their scripts, and stay.
    """
    encode_json(text, field=field)  # no lone surrogate, no U+0000
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= most:
        raise Invalid.at(f"/{field}", f"must be 1 to {most} characters", expected=f"1 to {most} characters")
    if BREAKS.search(name):
        raise Invalid.at(f"/{field}", "contains a control character or a line break", expected="one line of text")
    if not is_visible(name):
        raise Invalid.at(f"/{field}", "shows nothing", expected="a letter, a digit or a sign that can be seen")
    check_direction(name, field=field)
    return name


def normalize_type(text: str) -> str:
    """Returns the type of a bucket, a short name, in its normal form."""
    return normalize_name(text, field="type", most=MAX_TYPE_CHARACTERS)


def normalize_description(text: str, *, field: str = "description") -> str:
    """Returns a text of any number of lines in the normal form NFC.

    Raises Invalid as `normalize_name` does for control characters and open directions.
    """
    encode_json(text, field=field)
    if BREAKS_IN_PROSE.search(text):
        raise Invalid.at(f"/{field}", "contains a control character")
    check_direction(text, field=field)
    return unicodedata.normalize("NFC", text)


def make_name(text: str, *, instead: str, most: int = MAX_NAME_CHARACTERS) -> str:
    """Returns a valid name made from a text: forbidden characters become spaces, and a long text is truncated.

    `instead` is the name when nothing remains.
    """
    text = text.encode(errors="replace").decode()
    text = unicodedata.normalize("NFC", DIRECTIONS.sub("", BREAKS.sub(" ", text)))
    name = truncate(" ".join(text.split()), most).strip()
    return name if is_visible(name) else instead


def is_same_name(text: str, name: str) -> bool:
    """Returns whether the name is the whole text, apart from white space and its normal form."""
    return " ".join(unicodedata.normalize("NFC", text).split()) == name


def remove_controls(text: str) -> str:
    """Returns a text of several lines without what `as_description` refuses."""
    return unicodedata.normalize("NFC", DIRECTIONS.sub("", BREAKS_IN_PROSE.sub(" ", text)))


def is_visible(text: str) -> bool:
    """Returns whether the text has a visible character."""
    return any(_is_drawn(sign) for sign in text)


def check_direction(text: str, *, field: str) -> None:
    """Raises Invalid for a text that changes the direction of the text after it, or overrides its own."""
    if not DIRECTIONS.search(text):
        return
    open: list[str] = []
    for sign in text:
        if sign in OVERRIDES:
            raise Invalid.at(f"/{field}", f"overrides the direction of text (U+{ord(sign):04X})")
        if sign in EMBEDDINGS:
            open.append(END_OF_EMBEDDING)
        elif sign in ISOLATES:
            open.append(END_OF_ISOLATE)
        elif sign in (END_OF_EMBEDDING, END_OF_ISOLATE) and (not open or open.pop() != sign):
            raise Invalid.at(f"/{field}", f"ends a direction that it does not begin (U+{ord(sign):04X})")
    if open:
        raise Invalid.at(f"/{field}", "leaves a direction of text open")


def _is_drawn(sign: str) -> bool:
    if sign in BLANK or FIRST_TAG <= sign <= LAST_TAG or ord(sign) & 0xFFFE == 0xFFFE or "\ufdd0" <= sign <= "\ufdef":
        return False
    return unicodedata.category(sign) not in INVISIBLE_CATEGORIES
