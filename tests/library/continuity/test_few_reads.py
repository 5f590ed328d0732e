"""A large book costs a handful of reads."""

from typing import Any

from reyna.domain.caller import Caller
from reyna.domain.requests.page import Page
from reyna.domain.tree_item import TreeItem
from reyna.library.continuity.gathering import gather_background
from reyna.sdk import Blob, Bucket, Context
from tests.library.continuity.test_gathering import a_bucket, a_text

CHAPTERS, CHARACTERS = 900, 100


class LargeBook:
    """A state service with a book of a thousand buckets; `reads` counts its calls."""

    def __init__(self) -> None:
        self.blobs: Any = self
        self.buckets: Any = Buckets(self)
        self.contents: Any = Contents(self)
        self.files: Any = None
        self.search: Any = None
        self.reads = 0

    async def list(self, caller: Caller, **wanted: Any) -> Page[Blob]:
        self.reads += 1
        return Page(items=(NOTE,))


class Buckets:
    def __init__(self, book: LargeBook) -> None:
        self._book = book

    async def get(self, caller: Caller, id: str) -> Bucket:
        self._book.reads += 1
        return next(bucket for bucket in BUCKETS if bucket.id == id)


class Contents:
    def __init__(self, book: LargeBook) -> None:
        self._book = book

    async def list(
        self, caller: Caller, id: str, *, kind: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[TreeItem]:
        self._book.reads += 1
        if kind == "blob":
            return Page(items=(TreeItem(depth=1, blob=a_text(f"About {id}.", id), parent_bucket_id=id),))
        start = int(cursor or 0)
        found = tuple(TreeItem(depth=1, bucket=bucket) for bucket in BUCKETS[start : start + limit])
        return Page(items=found, next_cursor=str(start + limit) if start + limit < len(BUCKETS) else None)


BUCKETS = [
    a_bucket("book", "book"),
    *(a_bucket(f"chapter-{n}", "chapter", "book", f"a{n:04}") for n in range(CHAPTERS)),
    *(a_bucket(f"character-{n}", "character", "book", f"b{n:04}", name=f"Ada {n}") for n in range(CHARACTERS)),
]
NOTE = a_text("Ada 7 waited for Ada 93 at the gate.", "chapter-500")


async def test_a_book_of_a_thousand_buckets_costs_a_handful_of_reads() -> None:
    async def ignore(fraction: float, text: str | None) -> None:
        pass

    book = LargeBook()
    context = Context(None, language=None, caller=Caller(user_id="user-ana"), state=book, send_progress=ignore)
    background = await gather_background(NOTE, NOTE.data["content"], context, 1_000)
    assert [entry.title for entry in background.codex] == ["Ada 7", "Ada 93"]
    assert [entry.bucket_id for entry in background.before] == ["chapter-499"]
    assert book.reads <= 12
