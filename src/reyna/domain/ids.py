"""Ids, which are prefixed, time-ordered, and safe in URLs and NATS subjects, and slugs."""

import hashlib
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

import msgspec

from reyna.domain.errors import Invalid

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32, lower case (ULID specification)
PAIRS: Final = tuple(a + b for a in ALPHABET for b in ALPHABET)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH: Final = 64
ID: Final = re.compile(r"[a-z]+-[0-7][0-9a-hjkmnp-tv-z]{25}")
ULID_LENGTH: Final = 26
RANDOM_BITS: Final = 80
TIE_BITS: Final = RANDOM_BITS - 10  # those that remain beside the microseconds of a millisecond
MAX_ID_CHARACTERS: Final = 200
Id: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_ID_CHARACTERS)]  # for lists of ids that a client sends


def ulid(milliseconds: int, random: int) -> str:
    """Returns 26 characters of base32: 48 bits of time in milliseconds, then 80 random bits."""
    number = (milliseconds << RANDOM_BITS) | random
    return "".join([PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def new_id(kind: str) -> str:
    """Returns a new id such as `blob-01j…`; later ids sort behind earlier ones, to the millisecond."""
    return f"{kind}-{ulid(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), 'big'))}"


def microseconds_of(moment: datetime) -> int:
    """Returns the microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def ulid_of(number: int) -> str:
    """Returns a ULID for a number of microseconds since 1970; a larger number gives one that sorts behind it."""
    milliseconds, microseconds = divmod(number, 1000)
    return ulid(milliseconds, microseconds << TIE_BITS | int.from_bytes(os.urandom(9), "big") >> 72 - TIE_BITS)


def ulid_among(number: int, position: int) -> str:
    """Returns the ULID of one of several records with the same number, by its position among them."""
    milliseconds, microseconds = divmod(number, 1000)
    return ulid(milliseconds, microseconds << TIE_BITS | position)


def derive_id(kind: str, cause: str, *parts: str | int) -> str:
    """Returns an id derived from its cause: the same cause and parts always give the same id.

    The time is taken from the cause when that is an id itself, so that results sort beside their causes.
    """
    digest = hashlib.sha256("\x1f".join([kind, cause, *map(str, parts)]).encode()).digest()
    random = int.from_bytes(digest[:10], "big")
    if ID.fullmatch(cause):
        return f"{kind}-{cause[-26:-16]}{ulid(0, random)[10:]}"
    return f"{kind}-{ulid(0, random)}"


def is_slug(text: str) -> bool:
    return len(text) <= SLUG_LENGTH and SLUG.fullmatch(text) is not None


def check_slug(field: str, text: str) -> str:
    """Returns the text when it is a slug. Raises Invalid, which names the field."""
    if not is_slug(text):
        raise Invalid.at(
            f"/{field}",
            "must be lower-case letters and digits, in words joined by single hyphens",
            expected=f"{SLUG.pattern}, at most {SLUG_LENGTH} characters",
        )
    return text
