"""What is purged is gone for good, and nothing else is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.adapters.memory import MemoryStore
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound
from reyna.domain.event import Message
from reyna.ports import Collection, Drop, Step, Store
from reyna.schemas.service import Schemas
from reyna.state.automatic import Caretaker
from reyna.state.purging import AT_ONCE, Purged, Some, purged
from reyna.state.records import BLOBS, BUCKETS, COLLECTIONS, JOURNAL, NAMES, PLACEMENTS, REVISIONS, TRASH
from reyna.state.service import State
from tests.state.conftest import Made
from tests.state.test_trash import announced, in_trash

EVERYTHING: tuple[Collection[Any], ...] = (BLOBS, BUCKETS, PLACEMENTS, REVISIONS, NAMES, TRASH)


async def kept(store: Store, caller: Caller) -> dict[str, int]:
    return {one.name: await store.count(one, caller.user_id) for one in EVERYTHING}


async def test_a_purged_bucket_is_gone_with_all_that_went_to_the_trash_with_it(
    store: Store, state: State, anas: Made, ana: Caller
) -> None:
    nothing = await kept(store, ana)
    book = await anas.bucket("book")
    chapter = await anas.bucket("chapter", book.id)
    note = await anas.note("one", book.id, chapter.id)
    await state.change_blob(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    await state.name_revision(ana, note.id, 1, "first draft")
    await state.trash_bucket(ana, book.id)
    assert (await state.usage(ana)).used["bytes"] > 0
    assert await purged(state, ana, book.id) == Purged(units=1, blobs=1, buckets=2)
    assert await kept(store, ana) == nothing
    assert (await state.usage(ana)).used == {"blobs": 0, "bytes": 0, "buckets": 0}
    for look in (state.blob(ana, note.id), state.bucket(ana, book.id), purged(state, ana, book.id)):
        with pytest.raises(NotFound):
            await look


async def test_everyone_hears_what_is_purged(store: Store, state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    note = await anas.note("one", book.id)
    await state.trash_bucket(ana, book.id)
    await purged(state, ana)
    blob, bucket = (await announced(store))[-2:]
    assert (blob.type, blob.data["blob_id"], blob.data["bucket_ids"]) == (
        "blob.purged.text-input-v1", note.id, [book.id],
    )  # fmt: skip
    assert (bucket.type, bucket.data["bucket_id"]) == ("bucket.purged", book.id)


async def test_one_item_is_purged_and_the_rest_of_the_trash_stays(state: State, anas: Made, ana: Caller) -> None:
    one, other = await anas.note("one"), await anas.note("other")
    for note in (one, other):
        await state.trash_blob(ana, note.id)
    assert await purged(state, ana, one.id) == Purged(units=1, blobs=1)
    assert await in_trash(state, ana) == [other.id]
    assert (await state.restore_blob(ana, other.id)).data == {"content": "other"}


async def test_what_also_stands_elsewhere_stays_there(store: Store, state: State, anas: Made, ana: Caller) -> None:
    book, album = await anas.bucket("book"), await anas.bucket("album")
    shared = await anas.note("shared", book.id, album.id)
    early = await anas.bucket("early", book.id)
    await state.trash_bucket(ana, early.id)
    await state.trash_bucket(ana, book.id)
    assert await purged(state, ana, book.id) == Purged(units=1, buckets=1)
    assert (await state.blob(ana, shared.id)).bucket_ids == (album.id,)
    assert await store.count(PLACEMENTS, ana.user_id) == 1
    with pytest.raises(Conflict):
        await state.restore_bucket(ana, early.id)
    assert (await state.restore_bucket(ana, early.id, under=None)).parent_bucket_id is None


async def test_what_went_with_something_else_is_purged_with_that(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    note, live = await anas.note("note", book.id), await anas.note("live")
    await state.trash_bucket(ana, book.id)
    with pytest.raises(Conflict) as refused:
        await purged(state, ana, note.id)
    assert refused.value.facts["id"] == book.id
    with pytest.raises(NotFound):
        await purged(state, ana, live.id)
    assert await purged(state, ana, book.id) == Purged(units=1, blobs=1, buckets=1)
    assert await purged(state, ana) == Purged()


async def test_what_was_derived_keeps_its_line(state: State, anas: Made, ana: Caller) -> None:
    source = await anas.note("source")
    derived = await anas.note("derived", parent_id=source.id)
    await state.trash_blob(ana, source.id)
    await purged(state, ana)
    left = await state.blob(ana, derived.id)
    assert (left.parent_id, left.stale) == (source.id, False)
    assert (await state.lineage(ana, derived.id)).ancestors == ()


async def test_bo_can_neither_purge_nor_lose_anything(
    store: Store, state: State, anas: Made, ana: Caller, bo: Caller
) -> None:
    note = await anas.note("hers")
    await state.trash_blob(ana, note.id)
    with pytest.raises(NotFound):
        await purged(state, bo, note.id)
    assert await purged(state, bo) == Purged()
    with pytest.raises(Forbidden):
        await purged(state, replace(ana, kind="processor", processor_id="text-expansion"))
    assert await in_trash(state, ana) == [note.id]


async def test_undo_goes_on_behind_what_was_purged(store: Store, state: State, anas: Made, ana: Caller) -> None:
    shelf = await anas.bucket("shelf")
    book = await anas.bucket("book")
    note = await anas.note("note")
    await state.place_blob(ana, book.id, note.id)
    await state.change_bucket(ana, book.id, BucketChange(name="renamed", base_revision=1))
    await state.take_out(ana, book.id, note.id)
    await state.trash_bucket(ana, book.id)
    assert await purged(state, ana, book.id) == Purged(units=1, buckets=1)
    assert [entry.bucket_id for entry in (await state.journal(ana)).items] == [shelf.id]
    assert (await state.undo(ana)).bucket_id == shelf.id
    assert (await state.blob(ana, note.id)).trashed_at is None
    with pytest.raises(Conflict):
        await state.undo(ana)


async def test_a_request_that_comes_again_for_what_was_purged_is_told_so(state: State, ana: Caller) -> None:
    new = NewBlob(schema_id="text-input-v1", data={"content": "once"})
    note = await state.create_blob(ana, new, key="once")
    await state.trash_blob(ana, note.id)
    await purged(state, ana)
    with pytest.raises(NotFound) as refused:
        await state.create_blob(ana, new, key="once")
    assert refused.value.facts["id"] == note.id


class PoweredOff(Exception):
    """The machine went off in the middle."""


class FailingStore(MemoryStore):
    """Goes off before the write that would drop something for the nth time."""

    def __init__(self) -> None:
        super().__init__(COLLECTIONS)
        self.drops_left: int | None = None

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        if self.drops_left is not None and any(isinstance(step, Drop) for step in steps):
            self.drops_left -= 1
            if self.drops_left < 0:
                raise PoweredOff
        await super().write(*steps, messages=messages)


@pytest.mark.parametrize("writes", range(12))
async def test_a_purge_that_was_cut_off_is_finished_later(schemas: Schemas, ana: Caller, writes: int) -> None:
    store = FailingStore()
    state = State(store, schemas)
    made = Made(state, ana)
    book = await made.bucket("book")
    chapter = await made.bucket("chapter", book.id)
    notes = [await made.note(str(number), chapter.id) for number in range(3)]
    kept_note = await made.note("kept")
    await state.trash_bucket(ana, book.id)
    store.drops_left = writes
    try:
        await purged(state, ana, book.id)
    except PoweredOff:
        store.drops_left = None
        if await store.count(TRASH, ana.user_id):
            assert await in_trash(state, ana) == []
            with pytest.raises((Conflict, NotFound)):
                await state.restore_bucket(ana, book.id)
            for note in notes:
                with pytest.raises((Conflict, NotFound)):
                    await state.restore_blob(ana, note.id)
        buckets = {bucket.id: bucket.parent_bucket_id for bucket in await store.find(BUCKETS, ana.user_id)}
        assert all(parent is None or parent in buckets for parent in buckets.values())
    store.drops_left = None
    await Caretaker(store, state, None).look()
    assert await kept(store, ana) == {one.name: 0 for one in EVERYTHING} | {BLOBS.name: 1}
    assert (await state.usage(ana)).used == {"blobs": 1, "bytes": kept_note.size, "buckets": 0}


async def test_of_a_restore_and_a_purge_at_once_one_wins(store: Store, state: State, anas: Made, ana: Caller) -> None:
    for _ in range(8):
        book = await anas.bucket("book")
        chapter = await anas.bucket("chapter", book.id)
        for number in range(5):
            await anas.note(str(number), chapter.id)
        await state.trash_bucket(ana, book.id)
        restored, _ = await asyncio.gather(
            state.restore_bucket(ana, book.id), purged(state, ana), return_exceptions=True
        )
        counts = await kept(store, ana)
        whole = {BLOBS.name: 5, BUCKETS.name: 2, PLACEMENTS.name: 5, TRASH.name: 0}
        if isinstance(restored, BaseException):
            assert isinstance(restored, Conflict | NotFound), restored
            assert counts == dict.fromkeys(counts, 0)
        else:
            assert counts | whole == counts
            await state.trash_bucket(ana, book.id)
            await purged(state, ana)


async def test_several_who_empty_the_trash_at_once_purge_everything_once(
    store: Store, state: State, anas: Made, ana: Caller
) -> None:
    for _ in range(3):
        book = await anas.bucket("book")
        for number in range(20):
            await anas.note(str(number), book.id)
        await state.trash_bucket(ana, book.id)
    gone = await asyncio.gather(*(purged(state, ana) for _ in range(3)))
    assert sum(one.blobs for one in gone) == 60
    assert sum(one.buckets for one in gone) == sum(one.units for one in gone) == 3
    assert await kept(store, ana) == {one.name: 0 for one in EVERYTHING}
    assert (await state.usage(ana)).used == {"blobs": 0, "bytes": 0, "buckets": 0}
    types = [event.type for event in await announced(store) if ".purged" in event.type]
    assert len(types) == 63


async def test_a_large_trash_goes_in_parts(memory_store: Store, schemas: Schemas, ana: Caller) -> None:
    state = State(memory_store, schemas)
    made = Made(state, ana)
    book = await made.bucket("book")
    for number in range(2500):
        await made.note(str(number), book.id)
    await state.trash_bucket(ana, book.id)
    some = await state.purge(ana, book.id, before=datetime.now(UTC))
    assert (some.left, some.gone.blobs) == (True, AT_ONCE)
    assert (await state.usage(ana)).used["blobs"] == 2500 - AT_ONCE
    assert await purged(state, ana) == Purged(units=1, blobs=2500 - AT_ONCE, buckets=1)


async def test_the_trash_says_when_something_goes_and_then_it_does(
    store: Store, schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = State(store, schemas, keeps_trash=timedelta(days=30))
    for user in (ana, bo):
        note = await Made(state, user).note("note")
        await state.trash_blob(user, note.id)
    (item,) = (await state.trash(ana)).items
    assert item.purged_at == item.trashed_at + timedelta(days=30)
    now = item.trashed_at + timedelta(days=29)
    caretaker = Caretaker(store, state, timedelta(days=30), clock=lambda: now)
    assert await caretaker.look() == Purged()
    now += timedelta(days=2)
    copies = [caretaker, Caretaker(store, state, timedelta(days=30), clock=lambda: now)]
    gone = await asyncio.gather(*(one.look() for one in copies))
    assert sum(one.blobs for one in gone) == 2
    assert await in_trash(state, ana) == await in_trash(state, bo) == []


async def test_without_being_told_to_the_house_keeps_the_trash_for_ever(
    store: Store, state: State, anas: Made, ana: Caller
) -> None:
    note = await anas.note("note")
    await state.trash_blob(ana, note.id)
    far = datetime.now(UTC) + timedelta(days=40_000)
    assert await Caretaker(store, state, None, clock=lambda: far).look() == Purged()
    (item,) = (await state.trash(ana)).items
    assert (item.id, item.purged_at) == (note.id, None)


async def test_an_undone_act_about_something_else_can_still_be_done_again(
    store: Store, state: State, anas: Made, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    await state.undo(ana)
    assert await store.count(JOURNAL, ana.user_id) == 1
    await purged(state, ana)
    assert await store.count(JOURNAL, ana.user_id) == 0
    with pytest.raises(NotFound):
        await state.bucket(ana, shelf.id)


class Refusing(State):
    """Purges nothing of one user."""

    async def purge(
        self, caller: Caller, item_id: str | None = None, *, before: datetime, begun: bool = False, over: bool = False
    ) -> Some:
        if caller.user_id == "user-ana":
            raise Conflict("This is being changed by others without pause. Try again.")
        return await super().purge(caller, item_id, before=before, begun=begun, over=over)


async def test_what_stands_in_the_way_at_ana_keeps_no_trash_of_bo(
    store: Store, schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = Refusing(store, schemas)
    for user in (ana, bo):
        note = await Made(state, user).note("note")
        await state.trash_blob(user, note.id)
    soon = datetime.now(UTC) + timedelta(hours=1)
    await Caretaker(store, state, timedelta(), clock=lambda: soon).look()
    assert (len(await in_trash(state, ana)), len(await in_trash(state, bo))) == (1, 0)
