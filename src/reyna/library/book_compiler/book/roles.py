"""The role of each bucket in a book, by its type and by its place."""

from collections.abc import Collection, Mapping
from typing import Final, Literal

from reyna.library.book_compiler.book.sources import BookBucket

BucketRole = Literal["book", "part", "chapter", "section", "front", "back"]

ROLE_OF_TYPE: Final[Mapping[str, BucketRole]] = {
    "book": "book",
    "novel": "book",
    "manuscript": "book",
    "book-part": "part",
    "part": "part",
    "act": "part",
    "chapter": "chapter",
    "scene": "section",
    "section": "section",
    "front-matter": "front",
    "back-matter": "back",
}
LEFT_OUT_TYPES: Final = (
    "characters",
    "character",
    "research",
    "topic",
    "notes",
    "ideas",
    "outline",
    "places",
    "place",
    "setting",
    "settings",
    "worldbuilding",
    "world",
    "objects",
    "artwork",
    "stems",
    "pitch",
    "trash",
)


def role_of(bucket: BookBucket, inside: BucketRole | None) -> BucketRole:
    """Returns the role of a bucket that is `inside` one of another role; a type of the user's own goes by its place."""
    if inside in {"front", "back"}:
        return inside  # a chapter of the back matter is back matter
    role = ROLE_OF_TYPE.get(bucket.type)
    if inside in {"chapter", "section"}:
        return "section"
    if role == "book":
        return "book" if inside is None else "part"
    if role is not None:
        return role
    return "part" if _has_chapters(bucket) else "book" if inside is None else "chapter"


def is_left_out(bucket: BookBucket, types: Collection[str], bucket_ids: Collection[str]) -> bool:
    return bucket.type in types or bucket.id in bucket_ids


def _has_chapters(bucket: BookBucket) -> bool:
    return any(ROLE_OF_TYPE.get(child.type) in {"chapter", "part"} or _has_chapters(child) for child in bucket.children)
