"""What a writer may rely on about the trash."""

import pytest
from msgspec.structs import replace

from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.event import DECODER, Event
from reyna.ports.store import NOT_NULL, Put, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, TRASH
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.structure.test_buckets import names_in
from tests.support.times import FAR_FUTURE


async def announced(store: Store) -> list[Event]:
    return [DECODER.decode(message.body) for message in await store.list_unsent(before=FAR_FUTURE, limit=1000)]


async def in_trash(state: State, caller: Caller) -> list[str]:
    return [item.id for item in (await state.trash.list(caller)).items]


async def test_a_trashed_bucket_takes_everything_below_it_along_and_brings_it_back_in_order(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    book, other = await anas.bucket("book", shelf.id), await anas.bucket("other", shelf.id)
    one, two = await anas.bucket("one", book.id), await anas.bucket("two", book.id)
    notes = [await anas.note(name, one.id) for name in ("a", "b", "c")]
    await state.placements.place(ana, one.id, notes[2].id, after=None, label="opening")
    before = await state.buckets.tree(ana, shelf.id)

    await state.trash.trash_bucket(ana, book.id)
    assert await names_in(state, ana, shelf.id) == ["other"]
    assert (await state.blobs.list(ana)).items == ()
    assert await store.count(PLACEMENTS, ana.user_id, {"trashed_at": None}) == 0
    assert [(await state.buckets.get(ana, id)).trashed_at is None for id in (one.id, two.id, other.id)] == [
        False,
        False,
        True,
    ]

    back = await state.trash.restore_bucket(ana, book.id)
    assert (back.trashed_at, back.trash_id) == (None, None)
    assert [child.name for child in (await state.buckets.tree(ana, shelf.id)).children] == ["book", "other"]
    assert [child.children for child in before.children] != []
    assert await names_in(state, ana, one.id) == ["c", "a", "b"]
    labels = [item.placement.label for item in (await state.placements.list_items(ana, one.id)).items if item.placement]
    assert labels == ["opening", None, None]
    assert await store.count(TRASH, ana.user_id) == 0


async def test_a_blob_that_also_stands_elsewhere_stays_there(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book, album = await anas.bucket("book"), await anas.bucket("album")
    shared, lonely = await anas.note("shared", book.id, album.id), await anas.note("lonely", book.id)
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.blobs.get(ana, shared.id)).bucket_ids == (album.id,)
    assert (await state.blobs.get(ana, shared.id)).revision == 1
    assert (await state.blobs.get(ana, lonely.id)).trashed_at is not None
    await state.trash.restore_bucket(ana, book.id)
    assert await names_in(state, ana, book.id) == ["shared", "lonely"]
    assert set((await state.blobs.get(ana, shared.id)).bucket_ids) == {book.id, album.id}


async def test_what_was_trashed_before_stays_in_the_trash(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    early, late = await anas.bucket("early", book.id), await anas.bucket("late", book.id)
    gone, kept = await anas.note("gone", late.id), await anas.note("kept", late.id)
    await state.trash.trash_bucket(ana, early.id)
    await state.trash.trash_blob(ana, gone.id)
    await state.trash.trash_bucket(ana, book.id)
    assert await in_trash(state, ana) == [book.id, gone.id, early.id]
    await state.trash.restore_bucket(ana, book.id)
    assert await names_in(state, ana, book.id) == ["late"]
    assert await names_in(state, ana, late.id) == ["kept"]
    assert await in_trash(state, ana) == [gone.id, early.id]
    assert (await state.blobs.get(ana, kept.id)).bucket_ids == (late.id,)
    await state.trash.restore_blob(ana, gone.id)
    assert await names_in(state, ana, late.id) == ["gone", "kept"]


async def test_a_place_comes_back_when_both_its_bucket_and_its_blob_are_back(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    for blob_first in (True, False):
        left, right = await anas.bucket("left"), await anas.bucket("right")
        note = await anas.note("note", left.id, right.id)
        await state.trash.trash_bucket(ana, left.id)
        await state.trash.trash_blob(ana, note.id)
        if blob_first:
            assert (await state.trash.restore_blob(ana, note.id)).bucket_ids == (right.id,)
            await state.trash.restore_bucket(ana, left.id)
        else:
            await state.trash.restore_bucket(ana, left.id)
            assert (await state.buckets.get(ana, left.id)).blob_count == 0
            await state.trash.restore_blob(ana, note.id)
        assert set((await state.blobs.get(ana, note.id)).bucket_ids) == {left.id, right.id}
        assert await store.count(PLACEMENTS, ana.user_id, {"trash_id": NOT_NULL}) == 0


async def test_one_note_is_taken_out_of_a_trashed_bucket_alone(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    note = await anas.note("note", book.id)
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.trash.restore_blob(ana, note.id)).bucket_ids == ()
    assert await in_trash(state, ana) == [book.id]
    await state.trash.restore_bucket(ana, book.id)
    assert (await state.blobs.get(ana, note.id)).bucket_ids == (book.id,)


async def test_a_bucket_whose_parent_is_gone_asks_for_a_new_place(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    chapter = await anas.bucket("chapter", book.id)
    await anas.note("note", chapter.id)
    await state.trash.trash_bucket(ana, chapter.id)
    await state.trash.trash_bucket(ana, book.id)
    with pytest.raises(Conflict) as refused:
        await state.trash.restore_bucket(ana, chapter.id)
    assert refused.value.facts["parent_bucket_id"] == book.id
    with pytest.raises(NotFound):
        await state.trash.restore_bucket(ana, chapter.id, under=book.id)
    back = await state.trash.restore_bucket(ana, chapter.id, under=shelf.id)
    assert (back.parent_bucket_id, back.blob_count) == (shelf.id, 1)
    await state.trash.trash_bucket(ana, chapter.id)
    assert (await state.trash.restore_bucket(ana, chapter.id, under=None)).parent_bucket_id is None


async def test_what_went_with_its_bucket_comes_back_with_it(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    chapter = await anas.bucket("chapter", book.id)
    await state.trash.trash_bucket(ana, book.id)
    with pytest.raises(Conflict) as refused:
        await state.trash.restore_bucket(ana, chapter.id, under=None)
    assert refused.value.facts["bucket_id"] == book.id


async def test_nothing_can_be_done_in_a_trashed_bucket(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    chapter = await anas.bucket("chapter", book.id)
    note = await anas.note("note", chapter.id, shelf.id)
    await state.trash.trash_bucket(ana, book.id)
    for attempt in (
        anas.bucket("new", chapter.id),
        anas.note("new", chapter.id),
        state.placements.place(ana, chapter.id, note.id),
        state.placements.take_out(ana, chapter.id, note.id),
        state.buckets.move(ana, shelf.id, under=chapter.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    for refused in (
        state.buckets.change(ana, chapter.id, BucketChange(name="x", base_revision=2)),
        state.buckets.move(ana, chapter.id, under=None),
        state.buckets.tree(ana, chapter.id),
    ):
        with pytest.raises(Conflict):
            await refused


async def test_trashing_and_restoring_twice_is_the_same_as_once(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    first = await state.trash.trash_bucket(ana, book.id)
    assert await state.trash.trash_bucket(ana, book.id) == first
    back = await state.trash.restore_bucket(ana, book.id)
    assert await state.trash.restore_bucket(ana, book.id) == back
    assert [event.type for event in await announced(store)] == ["bucket.created", "bucket.trashed", "bucket.restored"]


async def test_every_blob_that_went_is_announced_and_the_bucket_says_how_many(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    chapter = await anas.bucket("chapter", book.id)
    went, stayed = await anas.note("went", chapter.id), await anas.note("stayed", chapter.id, shelf.id)
    told = len(await announced(store))
    await state.trash.trash_bucket(ana, book.id)
    await state.trash.restore_bucket(ana, book.id)
    events = (await announced(store))[told:]
    assert [event.type for event in events] == [
        "bucket.trashed",
        "blob.trashed.text-input-v1",
        "bucket.blob.removed",
        "bucket.restored",
        "blob.restored.text-input-v1",
        "bucket.blob.added",
    ]
    assert [(events[n].data["bucket_count"], events[n].data["blob_count"]) for n in (0, 3)] == [(2, 1), (2, 1)]
    assert [(events[n].data["blob_id"], events[n].data["bucket_ids"]) for n in (1, 4)] == [(went.id, [chapter.id])] * 2
    assert [(events[n].data["blob_id"], events[n].data["bucket_id"]) for n in (2, 5)] == [(stayed.id, chapter.id)] * 2


async def test_the_trash_is_paged_newest_first_with_what_went_along(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    await anas.note("inside", book.id)
    note = await anas.note("alone")
    await state.trash.trash_bucket(ana, book.id)
    await state.trash.trash_blob(ana, note.id)
    first = await state.trash.list(ana, limit=1)
    second = await state.trash.list(ana, limit=1, cursor=first.next_cursor)
    assert second.next_cursor is None
    (blob,), (bucket,) = first.items, second.items
    assert (blob.kind, blob.id, blob.bucket_count, blob.blob_count) == ("blob", note.id, 0, 1)
    assert (bucket.kind, bucket.id, bucket.bucket_count, bucket.blob_count) == ("bucket", book.id, 1, 1)
    assert bucket.bucket is not None
    assert bucket.bucket.name == "book"


async def test_bo_cannot_trash_or_restore_what_is_anas(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    book = await anas.bucket()
    with pytest.raises(NotFound):
        await state.trash.trash_bucket(bo, book.id)
    await state.trash.trash_bucket(ana, book.id)
    with pytest.raises(NotFound):
        await state.trash.restore_bucket(bo, book.id)
    assert (await state.trash.list(bo)).items == ()


@pytest.fixture
def racing() -> InterleavedStore:
    return InterleavedStore()


@pytest.fixture
def hasty(racing: InterleavedStore, schemas: Schemas, ana: Caller) -> ContentBuilder:
    return ContentBuilder(State(racing, schemas), ana)


async def test_what_slips_in_while_a_bucket_is_being_trashed_goes_with_it(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    book, shelf = await hasty.bucket("book"), await hasty.bucket("shelf")
    chapter = await hasty.bucket("chapter", book.id)

    async def slip_in() -> None:
        scene = await hasty.bucket("scene", chapter.id)
        await hasty.note("late", scene.id, chapter.id)
        await hasty.note("also elsewhere", scene.id, shelf.id)

    racing.meanwhile(TRASH.name, slip_in)
    await state.trash.trash_bucket(ana, book.id)
    assert await racing.count(BUCKETS, ana.user_id, {"trashed_at": None}) == 1
    assert [blob.data["content"] for blob in (await state.blobs.list(ana)).items] == ["also elsewhere"]
    (item,) = (await state.trash.list(ana)).items
    assert (item.bucket_count, item.blob_count) == (3, 1)
    await state.trash.restore_bucket(ana, book.id)
    assert await names_in(state, ana, chapter.id) == ["scene", "late"]
    assert len((await state.blobs.list(ana)).items) == 2


async def test_a_note_that_finds_a_place_elsewhere_at_the_last_moment_stays_out_of_the_trash(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    book, shelf = await hasty.bucket("book"), await hasty.bucket("shelf")
    note = await hasty.note("note", book.id)
    racing.meanwhile(TRASH.name, lambda: state.placements.place(ana, shelf.id, note.id))
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.blobs.get(ana, note.id)).bucket_ids == (shelf.id,)
    await state.trash.restore_bucket(ana, book.id)
    assert set((await state.blobs.get(ana, note.id)).bucket_ids) == {book.id, shelf.id}


async def test_a_note_that_loses_its_other_place_at_the_last_moment_goes_along(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    book, shelf = await hasty.bucket("book"), await hasty.bucket("shelf")
    note = await hasty.note("note", book.id, shelf.id)
    racing.meanwhile(TRASH.name, lambda: state.placements.take_out(ana, shelf.id, note.id))
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None


async def test_a_note_trashed_while_it_is_being_placed_loses_that_place_too(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    shelf, note = await hasty.bucket("shelf"), await hasty.note("note")
    racing.meanwhile(TRASH.name, lambda: state.placements.place(ana, shelf.id, note.id))
    await state.trash.trash_blob(ana, note.id)
    assert (await state.buckets.get(ana, shelf.id)).blob_count == 0
    assert (await state.trash.restore_blob(ana, note.id)).bucket_ids == (shelf.id,)


async def test_a_place_that_a_crash_left_behind_goes_when_the_note_is_trashed_again(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf, note = await anas.bucket("shelf"), await anas.note("note")
    place = await state.placements.place(ana, shelf.id, note.id)
    await state.placements.take_out(ana, shelf.id, note.id)
    await state.trash.trash_blob(ana, note.id)
    await store.write(Put(PLACEMENTS, place))
    await state.trash.trash_blob(ana, note.id)
    assert (await state.buckets.get(ana, shelf.id)).blob_count == 0
    assert (await state.trash.restore_blob(ana, note.id)).bucket_ids == (shelf.id,)


async def test_a_note_that_comes_back_into_two_buckets_says_so_of_both(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    note = await anas.note("note", book.id, shelf.id)
    await state.trash.trash_blob(ana, note.id)
    await state.trash.restore_blob(ana, note.id)
    (restored,) = [event for event in await announced(store) if event.type.startswith("blob.restored")]
    assert set(restored.data["bucket_ids"]) == {book.id, shelf.id}


async def test_a_note_that_comes_back_before_its_bucket_waits_for_it_and_stands_in_it_again(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note = await anas.note("note", book.id)
    await state.trash.trash_blob(ana, note.id)
    await state.trash.trash_bucket(ana, book.id)
    assert (await state.trash.restore_blob(ana, note.id)).bucket_ids == ()
    assert await state.integrity.examine(replace(ana, kind="house")) == ()
    await state.trash.restore_bucket(ana, book.id)
    assert (await state.blobs.get(ana, note.id)).bucket_ids == (book.id,)
    assert await names_in(state, ana, book.id) == ["note"]


async def test_a_note_that_comes_back_while_its_bucket_does_stands_in_it_again(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    book = await hasty.bucket("book")
    note = await hasty.note("note", book.id)
    await state.trash.trash_blob(ana, note.id)
    await state.trash.trash_bucket(ana, book.id)
    racing.meanwhile(BUCKETS.name, lambda: state.trash.restore_blob(ana, note.id))
    await state.trash.restore_bucket(ana, book.id)
    assert await names_in(state, ana, book.id) == ["note"]
    assert await state.integrity.examine(replace(ana, kind="house")) == ()


async def test_a_note_whose_bucket_begins_to_be_purged_meanwhile_does_not_come_back_alone(
    racing: InterleavedStore, hasty: ContentBuilder, ana: Caller
) -> None:
    state = hasty.state
    book = await hasty.bucket("book")
    note = await hasty.note("note", book.id)
    await state.trash.trash_bucket(ana, book.id)

    async def begin_to_purge() -> None:
        (unit,) = await racing.find(TRASH, ana.user_id)
        going = replace(unit, purging=True, revision=unit.revision + 1)
        await racing.write(Put(TRASH, going, expects=unit.revision))

    racing.meanwhile(BLOBS.name, begin_to_purge)
    with pytest.raises(Conflict):
        await state.trash.restore_blob(ana, note.id)
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None
