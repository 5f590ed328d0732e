"""E-mail addresses: checked, and normalized so that all spellings of one address are equal."""

import re
import unicodedata
from typing import Final

from reyna.domain.errors import Invalid
from reyna.domain.json.data import encode_json

ADDRESS_PATTERN: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
MAX_CHARACTERS: Final = 254  # RFC 5321
INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # shown as nothing, or end the line
INVISIBLE_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5")


def normalize_address(email: str) -> str:
    """Returns the form by which an address is found (NFKC, then case-folded, then NFKC again)."""
    text = email[: 2 * MAX_CHARACTERS].strip()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def check_address(email: str) -> str:
    """Returns the address as it is shown. Raises Invalid when it is no address or has characters that nobody sees."""
    encode_json(email, field="email")
    address = email.strip()
    is_visible = not any(
        unicodedata.category(character) in INVISIBLE_CATEGORIES or character in INVISIBLE_LETTERS
        for character in address[: 2 * MAX_CHARACTERS]
    )
    if not ADDRESS_PATTERN.fullmatch(address) or not is_visible:
        raise Invalid.at("/email", "is not an e-mail address", expected="name@host")
    return unicodedata.normalize("NFC", address)
