"""All blobs of a subtree are listed with a few queries, each once and in the order of its buckets."""

from collections.abc import Sequence
from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.event import Message
from reyna.ports.store import Step, Store
from reyna.services.state.content.blobs_in_buckets import BlobsInBuckets
from reyna.services.state.service import State
from reyna.storage.decorator import StoreDecorator
from tests.services.state.conftest import ContentBuilder

TEXT = ("text-input-v1",)


async def test_blobs_come_once_in_the_order_of_their_buckets(state: State, anas: ContentBuilder, ana: Caller) -> None:
    first, second = await anas.bucket(), await anas.bucket()
    late = await anas.note("late", second.id)
    early = [await anas.note(f"early {number}", first.id) for number in range(2)]
    both = await anas.note("both", second.id, first.id)
    gone = await anas.note("gone", first.id)
    await state.trash.trash_blob(ana, gone.id)
    wanted = [early[0].id, early[1].id, both.id, late.id]
    page = await state.blobs.list_in_buckets(ana, [first.id, second.id], TEXT)
    assert [blob.id for blob in page.items] == wanted
    assert page.next_cursor is None
    found, cursor = list[str](), None
    while True:
        page = await state.blobs.list_in_buckets(ana, [first.id, second.id], TEXT, limit=1, cursor=cursor)
        found += [blob.id for blob in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert found == wanted


async def test_only_those_of_the_wanted_schemas_and_of_the_user_are_listed(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    bucket = await anas.bucket()
    note = await anas.note("a note", bucket.id)
    page = await state.blobs.list_in_buckets(ana, [bucket.id], ("expanded-text-v1", *TEXT))
    assert [blob.id for blob in page.items] == [note.id]
    assert (await state.blobs.list_in_buckets(ana, [bucket.id], ("expanded-text-v1",))).items == ()
    for caller, ids in ((bo, [bucket.id]), (ana, [bucket.id, "bucket-none"])):
        with pytest.raises(NotFound):
            await state.blobs.list_in_buckets(caller, ids, TEXT)


class CountedReads(StoreDecorator):
    """A Store decorator that counts the reads of many records."""

    def __init__(self, below: Store) -> None:
        super().__init__(below)
        self.reads = 0
        self.find, self.select = self._count(below.find), self._count(below.select)

    def _count(self, read: Any) -> Any:
        def counted(*args: Any, **options: Any) -> Any:
            self.reads += 1
            return read(*args, **options)

        return counted

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        await self._below.write(*steps, messages=messages)


async def test_many_buckets_take_as_many_queries_as_one(store: Store, anas: ContentBuilder, ana: Caller) -> None:
    buckets = [(await anas.bucket(f"Part {number}")).id for number in range(40)]
    for bucket_id in buckets[::4]:
        await anas.note("a note", bucket_id)
    counted = CountedReads(store)
    page = await BlobsInBuckets(counted).list(ana, buckets, TEXT, 50, None)
    assert (len(page.items), counted.reads) == (10, 3)
