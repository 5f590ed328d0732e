"""Books for tests: trees of buckets with texts, at fixed times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from reyna.library.book_compiler.book.building import build_book
from reyna.library.book_compiler.book.sources import BookBucket, BookText
from reyna.library.book_compiler.images import BookImage
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.settings import BookSettings
from tests.library.book_compiler import lighthouse

WRITTEN_AT: Final = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
SENTENCE: Final = (
    'The *keeper* walked to the lamp, and said "no" to the wind again, '
    "although nobody was there to hear it but the gulls."
)


def a_text(text: str, id: str = "blob-1", *, hours: int = 0, **fields: Any) -> BookText:
    """Returns a note with this text, changed so many hours after the first."""
    given: dict[str, Any] = {"schema_id": "text-input-v1", "updated_at": WRITTEN_AT + timedelta(hours=hours)}
    return BookText(blob_id=id, text=text, **(given | fields))


def a_bucket(
    name: str, type: str = "chapter", *texts: str | BookText, children: Sequence[BookBucket] = (), **metadata: Any
) -> BookBucket:
    """Returns a bucket whose id follows from its name."""
    slug = "-".join(name.lower().split()) or "empty"
    return BookBucket(
        id=f"bucket-{slug}",
        name=name,
        type=type,
        metadata=metadata,
        items=(
            *(
                a_text(text, f"blob-{slug}-{number}") if isinstance(text, str) else text
                for number, text in enumerate(texts)
            ),
            *children,
        ),
    )


def an_edition(root: BookBucket, images: dict[str, BookImage] | None = None, **settings: Any) -> Edition:
    given = BookSettings(**settings)
    return Edition(build_book(root, given), given, images or {})


def a_novel() -> BookBucket:
    """Returns the book of `lighthouse`, with front and back matter, two parts, and buckets that are left out."""
    return a_bucket(
        "The Light at Sørvær",
        "book",
        author="Ana Reyes",
        subtitle="A Winter's Tale",
        rights="© 2026 Ana Reyes. All rights reserved.",
        isbn="978-3-16-148410-0",
        language="en",
        children=[
            a_bucket("Front", "front-matter", lighthouse.DEDICATION),
            a_bucket(
                "The Hungry Month",
                "book-part",
                children=[
                    a_bucket("The North Wind", "chapter", lighthouse.NORTH_WIND),
                    a_bucket("The Second Bowl", "chapter", lighthouse.SECOND_BOWL),
                ],
            ),
            a_bucket(
                "The Quiet Month",
                "book-part",
                children=[a_bucket("The Fourth Volume", "chapter", lighthouse.FOURTH_VOLUME)],
            ),
            a_bucket("Characters", "characters", children=[a_bucket("Marit", "character", "Keeper, forty-one.")]),
            a_bucket("Back", "back-matter", children=[a_bucket("Afterword", "section", lighthouse.AFTERWORD)]),
        ],
    )


def a_long_book(words: int = 120_000, chapters: int = 40) -> BookBucket:
    """Returns a book of about so many words, no two paragraphs of which are the same."""
    chance = Random(1)
    vocabulary = sorted(set(f"{lighthouse.NORTH_WIND} {lighthouse.FOURTH_VOLUME}".replace("*", "").split()) - {"#"})
    return a_bucket(
        "The Long Book",
        "book",
        author="Ana Reyes",
        children=[
            a_bucket(f"Chapter {number}", "chapter", _prose(chance, vocabulary, words // chapters))
            for number in range(1, chapters + 1)
        ],
    )


def _prose(chance: Random, vocabulary: Sequence[str], words: int) -> str:
    paragraphs: list[str] = []
    while words > 0:
        length = min(words, chance.randint(5, 90))
        paragraphs.append("So *it* " + " ".join(chance.choices(vocabulary, k=length)))
        words -= length
    return "\n\n".join(paragraphs)
