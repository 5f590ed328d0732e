"""Slugs of names in any script, such as the name of the schema for buckets of a type."""

import hashlib
import re
import unicodedata
from typing import Final

from anyascii import anyascii

from reyna.domain.ids import is_slug

MAX_SLUG_CHARACTERS: Final = 56  # leaves room for the major version in the id of a schema: glava-v1
SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def slugify(name: str) -> str:
    """Returns the name itself where it is a slug, otherwise its letters in ASCII, in lower case, joined by hyphens.

    "Book part" is book-part, "глава" glava, "章" zhang. A name without such letters becomes `type-` and
    twelve digits of its hash. Two names may have the same slug.
    """
    if is_slug(name):
        return name
    plain = unicodedata.normalize("NFKC", name).casefold()
    slug = SEPARATORS.sub("-", anyascii(plain).lower()).strip("-")[:MAX_SLUG_CHARACTERS].strip("-")
    return slug or f"type-{hashlib.sha256(plain.encode()).hexdigest():.12}"
