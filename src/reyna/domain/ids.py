"""Names that machines give: prefixed, time-ordered, safe in URLs and in NATS subjects."""

import hashlib
import os
import re
import time
from typing import Final

from reyna.domain.errors import Invalid

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32, lower case (ULID specification)
PAIRS: Final = tuple(a + b for a in ALPHABET for b in ALPHABET)
SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH: Final = 64
ID: Final = re.compile(r"[a-z]+-[0-7][0-9a-hjkmnp-tv-z]{25}")
RANDOM_BITS: Final = 80


def ulid(milliseconds: int, random: int) -> str:
    """26 characters of base32: 48 bits of time in milliseconds, then 80 random bits."""
    number = (milliseconds << RANDOM_BITS) | random
    return "".join([PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def new_id(kind: str) -> str:
    """A fresh id such as `blob-01j…`; ids made later sort later, to the millisecond."""
    return f"{kind}-{ulid(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), 'big'))}"


def named_after(kind: str, cause: str, *parts: str | int) -> str:
    """The id that follows from its cause: the same cause and parts always give the same id.

    The time is taken from the cause when that is itself an id, so that results sort beside what made them.
    """
    digest = hashlib.sha256("\x1f".join([kind, cause, *map(str, parts)]).encode()).digest()
    random = int.from_bytes(digest[:10], "big")
    if ID.fullmatch(cause):
        return f"{kind}-{cause[-26:-16]}{ulid(0, random)[10:]}"
    return f"{kind}-{ulid(0, random)}"


def is_slug(text: str) -> bool:
    return len(text) <= SLUG_LENGTH and SLUG.fullmatch(text) is not None


def slug(field: str, text: str) -> str:
    """The text itself when it is a slug; otherwise a refusal that names the field."""
    if not is_slug(text):
        raise Invalid.at(
            f"/{field}",
            "must be lower-case letters and digits, in words joined by single hyphens",
            expected=f"{SLUG.pattern}, at most {SLUG_LENGTH} characters",
        )
    return text
