"""What is purged is gone for good, and nothing else is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound
from reyna.domain.event import Message
from reyna.ports.store import Collection, Delete, Put, Step, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS, JOURNAL, NAMES, PLACEMENTS, REVISIONS, TRASH
from reyna.services.state.service import State
from reyna.services.state.trash.purging import MAX_ITEMS_PER_CALL, Purged, PurgeProgress, Purging, purge_all
from reyna.services.state.trash.retention import TrashRetention
from tests.services.state.conftest import ContentBuilder
from tests.services.state.trash.test_trash import announced, in_trash


class Time:
    """A clock, and the seconds that passed: both go on together, unless the clock is set."""

    def __init__(self, now: datetime) -> None:
        self.now, self.passed = now, timedelta()

    def pass_by(self, time: timedelta) -> None:
        self.now, self.passed = self.now + time, self.passed + time

    def clock(self) -> datetime:
        return self.now

    def elapsed(self) -> float:
        return self.passed.total_seconds()


EVERYTHING: tuple[Collection[Any], ...] = (BLOBS, BUCKETS, PLACEMENTS, REVISIONS, NAMES, TRASH)


async def kept(store: Store, caller: Caller) -> dict[str, int]:
    return {one.name: await store.count(one, caller.user_id) for one in EVERYTHING}


async def test_a_purged_bucket_is_gone_with_all_that_went_to_the_trash_with_it(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    nothing = await kept(store, ana)
    book = await anas.bucket("book")
    chapter = await anas.bucket("chapter", book.id)
    note = await anas.note("one", book.id, chapter.id)
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    await state.revisions.rename(ana, note.id, 1, "first draft")
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.quota.usage(ana)).used["bytes"] > 0
    assert await purge_all(state.purging, ana, book.id) == Purged(units=1, blobs=1, buckets=2)
    assert await kept(store, ana) == nothing
    assert (await state.quota.usage(ana)).used == {"blobs": 0, "bytes": 0, "buckets": 0}
    for look in (
        state.blobs.get(ana, note.id),
        state.buckets.get(ana, book.id),
        purge_all(state.purging, ana, book.id),
    ):
        with pytest.raises(NotFound):
            await look


async def test_everyone_hears_what_is_purged(store: Store, state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    note = await anas.note("one", book.id)
    await state.trash.trash_bucket(ana, book.id)
    await purge_all(state.purging, ana)
    blob, bucket = (await announced(store))[-2:]
    assert (blob.type, blob.data["blob_id"], blob.data["bucket_ids"]) == (
        "blob.purged.text-input-v1", note.id, [book.id],
    )  # fmt: skip
    assert (bucket.type, bucket.data["bucket_id"]) == ("bucket.purged", book.id)


async def test_one_item_is_purged_and_the_rest_of_the_trash_stays(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    one, other = await anas.note("one"), await anas.note("other")
    for note in (one, other):
        await state.trash.trash_blob(ana, note.id)
    assert await purge_all(state.purging, ana, one.id) == Purged(units=1, blobs=1)
    assert await in_trash(state, ana) == [other.id]
    assert (await state.trash.restore_blob(ana, other.id)).data == {"content": "other"}


async def test_what_also_stands_elsewhere_stays_there(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, album = await anas.bucket("book"), await anas.bucket("album")
    shared = await anas.note("shared", book.id, album.id)
    early = await anas.bucket("early", book.id)
    await state.trash.trash_bucket(ana, early.id)
    await state.trash.trash_bucket(ana, book.id)
    assert await purge_all(state.purging, ana, book.id) == Purged(units=1, buckets=1)
    assert (await state.blobs.get(ana, shared.id)).bucket_ids == (album.id,)
    assert await store.count(PLACEMENTS, ana.user_id) == 1
    with pytest.raises(Conflict):
        await state.trash.restore_bucket(ana, early.id)
    assert (await state.trash.restore_bucket(ana, early.id, under=None)).parent_bucket_id is None


async def test_what_went_with_something_else_is_purged_with_that(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note, live = await anas.note("note", book.id), await anas.note("live")
    await state.trash.trash_bucket(ana, book.id)
    with pytest.raises(Conflict) as refused:
        await purge_all(state.purging, ana, note.id)
    assert refused.value.facts["id"] == book.id
    with pytest.raises(NotFound):
        await purge_all(state.purging, ana, live.id)
    assert await purge_all(state.purging, ana, book.id) == Purged(units=1, blobs=1, buckets=1)
    assert await purge_all(state.purging, ana) == Purged()


async def test_what_was_derived_keeps_its_line(state: State, anas: ContentBuilder, ana: Caller) -> None:
    source = await anas.note("source")
    derived = await anas.note("derived", parent_id=source.id)
    await state.trash.trash_blob(ana, source.id)
    await purge_all(state.purging, ana)
    left = await state.blobs.get(ana, derived.id)
    assert (left.parent_id, left.stale) == (source.id, False)
    assert (await state.lineage.get(ana, derived.id)).ancestors == ()


async def test_bo_can_neither_purge_nor_lose_anything(
    store: Store, state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    note = await anas.note("hers")
    await state.trash.trash_blob(ana, note.id)
    with pytest.raises(NotFound):
        await purge_all(state.purging, bo, note.id)
    assert await purge_all(state.purging, bo) == Purged()
    with pytest.raises(Forbidden):
        await purge_all(state.purging, replace(ana, kind="processor", processor_id="text-expansion"))
    assert await in_trash(state, ana) == [note.id]


async def test_undo_goes_on_behind_what_was_purged(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    book = await anas.bucket("book")
    note = await anas.note("note")
    await state.placements.place(ana, book.id, note.id)
    await state.buckets.change(ana, book.id, BucketChange(name="renamed", base_revision=1))
    await state.placements.take_out(ana, book.id, note.id)
    await state.trash.trash_bucket(ana, book.id)
    assert await purge_all(state.purging, ana, book.id) == Purged(units=1, buckets=1)
    assert [entry.bucket_id for entry in (await state.journal.list(ana)).items] == [shelf.id]
    assert (await state.journal.undo(ana)).bucket_id == shelf.id
    assert (await state.blobs.get(ana, note.id)).trashed_at is None
    with pytest.raises(Conflict):
        await state.journal.undo(ana)


async def test_a_request_that_comes_again_for_what_was_purged_is_told_so(state: State, ana: Caller) -> None:
    new = NewBlob(schema_id="text-input-v1", data={"content": "once"})
    note = await state.blobs.create(ana, new, key="once")
    await state.trash.trash_blob(ana, note.id)
    await purge_all(state.purging, ana)
    with pytest.raises(NotFound) as refused:
        await state.blobs.create(ana, new, key="once")
    assert refused.value.facts["id"] == note.id


class PoweredOff(Exception):
    """The machine went off in the middle."""


class FailingStore(MemoryStore):
    """Goes off before the write that would drop something for the nth time."""

    def __init__(self) -> None:
        super().__init__(COLLECTIONS)
        self.drops_left: int | None = None

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        if self.drops_left is not None and any(isinstance(step, Delete) for step in steps):
            self.drops_left -= 1
            if self.drops_left < 0:
                raise PoweredOff
        await super().write(*steps, messages=messages)


@pytest.mark.parametrize("writes", range(12))
async def test_a_purge_that_was_cut_off_is_finished_later(schemas: Schemas, ana: Caller, writes: int) -> None:
    store = FailingStore()
    state = State(store, schemas)
    made = ContentBuilder(state, ana)
    book = await made.bucket("book")
    chapter = await made.bucket("chapter", book.id)
    notes = [await made.note(str(number), chapter.id) for number in range(3)]
    kept_note = await made.note("kept")
    await state.trash.trash_bucket(ana, book.id)
    store.drops_left = writes
    try:
        await purge_all(state.purging, ana, book.id)
    except PoweredOff:
        store.drops_left = None
        if await store.count(TRASH, ana.user_id):
            assert await in_trash(state, ana) == []
            with pytest.raises((Conflict, NotFound)):
                await state.trash.restore_bucket(ana, book.id)
            for note in notes:
                with pytest.raises((Conflict, NotFound)):
                    await state.trash.restore_blob(ana, note.id)
        buckets = {bucket.id: bucket.parent_bucket_id for bucket in await store.find(BUCKETS, ana.user_id)}
        assert all(parent is None or parent in buckets for parent in buckets.values())
    store.drops_left = None
    await TrashRetention(store, state.purging, None).purge_expired()
    assert await kept(store, ana) == {one.name: 0 for one in EVERYTHING} | {BLOBS.name: 1}
    assert (await state.quota.usage(ana)).used == {"blobs": 1, "bytes": kept_note.size, "buckets": 0}


async def test_of_a_restore_and_a_purge_at_once_one_wins(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    for _ in range(8):
        book = await anas.bucket("book")
        chapter = await anas.bucket("chapter", book.id)
        for number in range(5):
            await anas.note(str(number), chapter.id)
        await state.trash.trash_bucket(ana, book.id)
        restored, _ = await asyncio.gather(
            state.trash.restore_bucket(ana, book.id), purge_all(state.purging, ana), return_exceptions=True
        )
        counts = await kept(store, ana)
        whole = {BLOBS.name: 5, BUCKETS.name: 2, PLACEMENTS.name: 5, TRASH.name: 0}
        if isinstance(restored, BaseException):
            assert isinstance(restored, Conflict | NotFound), restored
            assert counts == dict.fromkeys(counts, 0)
        else:
            assert counts | whole == counts
            await state.trash.trash_bucket(ana, book.id)
            await purge_all(state.purging, ana)


async def test_several_who_empty_the_trash_at_once_purge_everything_once(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    for _ in range(3):
        book = await anas.bucket("book")
        for number in range(20):
            await anas.note(str(number), book.id)
        await state.trash.trash_bucket(ana, book.id)
    gone = await asyncio.gather(*(purge_all(state.purging, ana) for _ in range(3)))
    assert sum(one.blobs for one in gone) == 60
    assert sum(one.buckets for one in gone) == sum(one.units for one in gone) == 3
    assert await kept(store, ana) == {one.name: 0 for one in EVERYTHING}
    assert (await state.quota.usage(ana)).used == {"blobs": 0, "bytes": 0, "buckets": 0}
    types = [event.type for event in await announced(store) if ".purged" in event.type]
    assert len(types) == 63


async def test_a_large_trash_goes_in_parts(memory_store: Store, schemas: Schemas, ana: Caller) -> None:
    state = State(memory_store, schemas)
    made = ContentBuilder(state, ana)
    book = await made.bucket("book")
    for number in range(2500):
        await made.note(str(number), book.id)
    await state.trash.trash_bucket(ana, book.id)
    some = await state.purging.purge(ana, book.id, before=datetime.now(UTC))
    assert (some.left, some.gone.blobs) == (True, MAX_ITEMS_PER_CALL)
    assert (await state.quota.usage(ana)).used["blobs"] == 2500 - MAX_ITEMS_PER_CALL
    assert await purge_all(state.purging, ana) == Purged(units=1, blobs=2500 - MAX_ITEMS_PER_CALL, buckets=1)


async def test_the_trash_says_when_something_goes_and_then_it_does(
    store: Store, schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = State(store, schemas, keeps_trash=timedelta(days=30))
    for user in (ana, bo):
        note = await ContentBuilder(state, user).note("note")
        await state.trash.trash_blob(user, note.id)
    (item,) = (await state.trash.list(ana)).items
    assert item.purged_at == item.trashed_at + timedelta(days=30)
    time = Time(item.trashed_at + timedelta(days=29))
    copies = [
        TrashRetention(store, state.purging, timedelta(days=30), clock=time.clock, elapsed=time.elapsed)
        for _ in range(2)
    ]
    for _ in range(24):
        assert [await one.purge_expired() for one in copies] == [Purged(), Purged()]
        time.pass_by(timedelta(hours=1))
    time.pass_by(timedelta(minutes=1))
    gone = await asyncio.gather(*(one.purge_expired() for one in copies))
    assert sum(one.blobs for one in gone) == 2
    assert await in_trash(state, ana) == await in_trash(state, bo) == []


@pytest.mark.parametrize("hours", [0, 1, 5])
async def test_a_clock_that_jumps_a_year_ahead_and_back_purges_nothing(
    store: Store, state: State, anas: ContentBuilder, ana: Caller, hours: int
) -> None:
    note = await anas.note("note")
    await state.trash.trash_blob(ana, note.id)
    time = Time(datetime.now(UTC))
    retention = TrashRetention(store, state.purging, timedelta(days=30), clock=time.clock, elapsed=time.elapsed)
    for jump in (timedelta(), timedelta(), timedelta(days=365)):
        time.now += jump
        assert await retention.purge_expired() == Purged()
        time.pass_by(timedelta(hours=1))
    for _ in range(hours):  # for which it stays wrong
        assert await retention.purge_expired() == Purged()
        time.pass_by(timedelta(hours=1))
    time.now -= timedelta(days=365)
    assert await retention.purge_expired() == Purged()
    time.pass_by(timedelta(hours=1))
    assert await retention.purge_expired() == Purged()
    assert await in_trash(state, ana) == [note.id]


async def test_a_start_with_a_wrong_clock_purges_nothing(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("note")
    await state.trash.trash_blob(ana, note.id)
    time = Time(datetime.now(UTC) + timedelta(days=365))
    retention = TrashRetention(store, state.purging, timedelta(days=30), clock=time.clock, elapsed=time.elapsed)
    assert await retention.purge_expired() == Purged()
    assert await in_trash(state, ana) == [note.id]


async def test_all_that_is_in_the_trash_goes_also_what_went_there_by_a_clock_that_was_ahead(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("note")
    await state.trash.trash_blob(ana, note.id)
    (unit,) = await store.find(TRASH, ana.user_id)
    ahead = replace(unit, trashed_at=unit.trashed_at + timedelta(hours=1), revision=unit.revision + 1)
    await store.write(Put(TRASH, ahead, expects=unit.revision))
    assert (await purge_all(state.purging, ana)).blobs == 1
    assert await in_trash(state, ana) == []


async def test_without_being_told_to_the_house_keeps_the_trash_for_ever(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("note")
    await state.trash.trash_blob(ana, note.id)
    far = datetime.now(UTC) + timedelta(days=40_000)
    assert await TrashRetention(store, state.purging, None, clock=lambda: far).purge_expired() == Purged()
    (item,) = (await state.trash.list(ana)).items
    assert (item.id, item.purged_at) == (note.id, None)


async def test_an_undone_act_about_something_else_can_still_be_done_again(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    await state.journal.undo(ana)
    assert await store.count(JOURNAL, ana.user_id) == 1
    await purge_all(state.purging, ana)
    assert await store.count(JOURNAL, ana.user_id) == 0
    with pytest.raises(NotFound):
        await state.buckets.get(ana, shelf.id)


class Refusing:
    """A purging part that purges nothing of one user."""

    def __init__(self, purging: Purging) -> None:
        self._purging = purging

    async def purge(
        self,
        caller: Caller,
        item_id: str | None = None,
        *,
        before: datetime | None = None,
        begun: bool = False,
        interrupted_only: bool = False,
    ) -> PurgeProgress:
        if caller.user_id == "user-ana":
            raise Conflict("This is being changed by others without pause. Try again.")
        return await self._purging.purge(caller, item_id, before=before, begun=begun, interrupted_only=interrupted_only)

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None:
        return await self._purging.forget_purged(caller, before)


async def test_what_stands_in_the_way_at_ana_keeps_no_trash_of_bo(
    store: Store, schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = State(store, schemas)
    for user in (ana, bo):
        note = await ContentBuilder(state, user).note("note")
        await state.trash.trash_blob(user, note.id)
    time = Time(datetime.now(UTC))
    retention = TrashRetention(store, Refusing(state.purging), timedelta(), clock=time.clock, elapsed=time.elapsed)
    await retention.purge_expired()
    time.pass_by(timedelta(hours=1))
    await retention.purge_expired()
    assert (len(await in_trash(state, ana)), len(await in_trash(state, bo))) == (1, 0)
