"""What a writer may rely on when a bucket is copied with all it contains."""

from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.blob import Blob, BlobChange
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Conflict, NotFound, TooMuch
from reyna.domain.event import DECODER
from reyna.ports.store import Collection, Put, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, JOURNAL, PLACEMENTS, REVISIONS
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.structure.test_buckets import names_in
from tests.support.times import FAR_FUTURE


async def a_book(anas: ContentBuilder) -> tuple[Bucket, Bucket, Blob, Blob]:
    """book: (one: (a, b), both), where `both` stands in one too."""
    book = await anas.bucket("book", type="draft", metadata={"mood": "dark"})
    one = await anas.bucket("one", book.id)
    a = await anas.note("a", one.id)
    both = await anas.note("both", one.id, book.id)
    return book, one, a, both


@pytest.mark.parametrize("deep", [False, True])
async def test_a_copy_has_the_same_shape_order_and_labels(
    state: State, anas: ContentBuilder, ana: Caller, deep: bool
) -> None:
    book, one, a, both = await a_book(anas)
    await state.placements.place(ana, one.id, both.id, after=None, label="first")
    copy = await state.copies.copy_bucket(ana, book.id, under=None, deep=deep)
    assert (copy.name, copy.type, copy.metadata, copy.revision) == ("book (copy)", "draft", {"mood": "dark"}, 1)
    assert await names_in(state, ana, copy.id) == ["one", "both"]
    (chapter,) = copy.child_bucket_ids
    items = (await state.placements.list_items(ana, chapter)).items
    assert [item.blob and item.blob.data["content"] for item in items] == ["both", "a"]
    assert [item.placement and item.placement.label for item in items] == ["first", None]
    assert await names_in(state, ana, book.id) == ["one", "both"]
    ids = {item.blob.id for item in items if item.blob}
    assert ids == {a.id, both.id} if not deep else ids.isdisjoint({a.id, both.id})


async def test_a_shallow_copy_shows_the_very_same_notes(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, one, a, both = await a_book(anas)
    copy = await state.copies.copy_bucket(ana, one.id, under=book.id)
    assert set((await state.blobs.get(ana, a.id)).bucket_ids) == {one.id, copy.id}
    assert set((await state.blobs.get(ana, both.id)).bucket_ids) == {one.id, book.id, copy.id}
    assert await store.count(BLOBS, ana.user_id) == 2


async def test_a_deep_copy_is_independent_of_the_original(state: State, anas: ContentBuilder, ana: Caller) -> None:
    _, one, a, _ = await a_book(anas)
    await state.blobs.change(ana, a.id, BlobChange(data={"content": "second draft"}, base_revision=1))
    copy = await state.copies.copy_bucket(ana, one.id, deep=True)
    mine = next(
        blob for blob in (await state.blobs.list(ana, bucket_id=copy.id)).items if blob.data["content"] != "both"
    )
    assert (mine.data, mine.revision, mine.schema_version) == ({"content": "second draft"}, 1, a.schema_version)
    await state.blobs.change(ana, mine.id, BlobChange(data={"content": "my own"}, base_revision=1))
    assert (await state.blobs.get(ana, a.id)).data == {"content": "second draft"}


async def test_a_note_that_stands_twice_in_what_is_copied_is_copied_once(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, _, _, _ = await a_book(anas)
    copy = await state.copies.copy_bucket(ana, book.id, deep=True)
    assert await store.count(BLOBS, ana.user_id) == 4
    (both,) = (await state.blobs.list(ana, bucket_id=copy.id)).items
    assert set(both.bucket_ids) == {copy.id, *copy.child_bucket_ids}


async def test_what_was_derived_within_is_derived_from_the_copies_and_as_stale_as_it_was(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter, outside = await anas.bucket("chapter"), await anas.note("outside")
    processor = replace(ana, kind="processor", processor_id="editor", run_id="run-1")
    works = ContentBuilder(state, processor)
    source = await anas.note("source", chapter.id)

    async def derived(content: str, parent: Blob) -> Blob:
        new = {"parent_id": parent.id, "processor_id": "editor"}
        note = await works.note(content, chapter.id, **new)
        stored = await store.get(BLOBS, ana.user_id, note.id)
        assert stored is not None
        await store.write(Put(BLOBS, replace(stored, parent_revision=parent.revision, revision=2), expects=1))
        return note

    await derived("old", source)
    changed = await state.blobs.change(ana, source.id, BlobChange(data={"content": "changed"}, base_revision=1))
    await derived("fresh", changed)
    await derived("of another", outside)
    copy = await state.copies.copy_bucket(ana, chapter.id, deep=True)
    copies = {blob.data["content"]: blob for blob in (await state.blobs.list(ana, bucket_id=copy.id)).items}
    assert [copies[name].parent_id for name in ("old", "fresh")] == [copies["changed"].id] * 2
    assert (copies["old"].stale, copies["fresh"].stale) == (True, False)
    assert copies["of another"].parent_id == outside.id
    assert (copies["old"].created_by, copies["old"].processor_id) == (ana.user_id, "editor")


async def test_a_copy_lands_beside_the_original_or_where_it_is_told(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    one = await anas.bucket("one", book.id)
    two = await anas.bucket("two", book.id)
    beside = await state.copies.copy_bucket(ana, one.id)
    assert await names_in(state, ana, book.id) == ["one", "two", "one (copy)"]
    assert beside.parent_bucket_id == book.id
    await state.copies.copy_bucket(ana, one.id, after=one.id)
    await state.copies.copy_bucket(ana, one.id, after=None)
    assert await names_in(state, ana, book.id) == ["one (copy 3)", "one", "one (copy 2)", "two", "one (copy)"]
    assert (await state.copies.copy_bucket(ana, one.id, under=shelf.id)).name == "one"
    assert (await state.copies.copy_bucket(ana, one.id, under=None)).parent_bucket_id is None
    with pytest.raises(NotFound):
        await state.copies.copy_bucket(ana, one.id, under=shelf.id, after=two.id)


@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("Chapter 1", "Chapter 1 (copy)"),
        ("x" * 200, f"{'x' * 193} (copy)"),
        ("👨‍👩‍👧‍👦" * 28 + "zzzz", f"{'👨‍👩‍👧‍👦' * 27} (copy)"),
    ],
)
async def test_a_copy_among_its_siblings_has_a_name_of_its_own(
    state: State, anas: ContentBuilder, ana: Caller, name: str, copied: str
) -> None:
    bucket = await anas.bucket(name)
    first = await state.copies.copy_bucket(ana, bucket.id)
    assert first.name == copied
    again = await state.copies.copy_bucket(ana, first.id)
    assert again.name.endswith(" (copy 2)")
    assert len(again.name) <= 200


@pytest.mark.parametrize("deep", [False, True])
async def test_a_bucket_can_be_copied_into_itself_and_into_what_it_contains(
    state: State, anas: ContentBuilder, ana: Caller, deep: bool
) -> None:
    book, one, _, _ = await a_book(anas)
    for target in (book.id, one.id):
        copy = await state.copies.copy_bucket(ana, book.id, under=target, deep=deep)
        assert (copy.name, copy.parent_bucket_id) == ("book", target)
        inner = [bucket.name for bucket in (await state.buckets.list(ana, parent_bucket_id=copy.id)).items]
        assert inner == (["one"] if target == book.id else ["one", "book"])
    assert (await state.buckets.tree(ana, book.id)).child_count == 2


async def test_a_copy_is_undone_as_one_and_done_again(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, _, a, _ = await a_book(anas)
    before = await store.count(JOURNAL, ana.user_id)
    copy = await state.copies.copy_bucket(ana, book.id, deep=True)
    assert await store.count(JOURNAL, ana.user_id) == before + 1
    entry = await state.journal.undo(ana)
    assert (entry.act, entry.bucket_id, entry.name) == ("copy_bucket", copy.id, "book (copy)")
    assert [item.id for item in (await state.trash.list(ana)).items] == [copy.id]
    assert len((await state.blobs.list(ana)).items) == len((await state.buckets.list(ana)).items) == 2
    assert (await state.blobs.get(ana, a.id)).trashed_at is None
    await state.journal.redo(ana)
    assert len((await state.blobs.list(ana)).items) == len((await state.buckets.list(ana)).items) == 4


async def test_undoing_a_shallow_copy_leaves_the_notes_where_they_were(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    _, one, a, both = await a_book(anas)
    await state.copies.copy_bucket(ana, one.id)
    await state.journal.undo(ana)
    assert await names_in(state, ana, one.id) == ["a", "both"]
    assert [(await state.blobs.get(ana, id)).trashed_at for id in (a.id, both.id)] == [None, None]


async def test_a_copy_that_was_written_in_is_not_taken_away_unasked(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    copy = await state.copies.copy_bucket(ana, (await anas.bucket("one")).id)
    await anas.note("new", copy.id)
    with pytest.raises(CameInSince):
        await state.journal.undo(ana)


async def test_a_copy_is_announced_as_one_that_sets_nothing_to_work(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, one, a, both = await a_book(anas)
    told = len(await store.list_unsent(before=FAR_FUTURE, limit=1000))
    shallow = await state.copies.copy_bucket(ana, one.id)
    deep = await state.copies.copy_bucket(ana, one.id, deep=True)
    events = [
        DECODER.decode(message.body) for message in (await store.list_unsent(before=FAR_FUTURE, limit=1000))[told:]
    ]
    assert [event.type for event in events] == [
        "bucket.created",
        "bucket.blob.added",
        "bucket.blob.added",
        "bucket.created",
        "blob.created.text-input-v1",
        "blob.created.text-input-v1",
    ]
    assert {event.data["cause"] for event in events} == {"copy"}
    assert {event.data["blob_id"] for event in events[1:3]} == {a.id, both.id}
    assert [event.data["bucket_ids"] for event in events[4:]] == [[deep.id]] * 2
    assert (events[0].data["bucket_id"], events[0].data["parent_bucket_id"]) == (shallow.id, book.id)


async def test_what_is_in_the_trash_is_not_copied(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book, one, _, both = await a_book(anas)
    await state.trash.trash_blob(ana, both.id)
    gone = await anas.bucket("gone", book.id)
    await state.trash.trash_bucket(ana, gone.id)
    copy = await state.copies.copy_bucket(ana, book.id, deep=True)
    assert await names_in(state, ana, copy.id) == ["one"]
    assert (copy.blob_count, (await state.buckets.get(ana, copy.child_bucket_ids[0])).blob_count) == (0, 1)
    with pytest.raises(Conflict) as refusal:
        await state.copies.copy_bucket(ana, gone.id)
    assert refusal.value.facts == {"bucket_id": gone.id}
    with pytest.raises(NotFound):
        await state.copies.copy_bucket(ana, one.id, under=gone.id)


async def test_nobody_copies_what_is_anothers_or_into_it(
    store: Store, state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    hers, his = await anas.bucket("hers"), await bos.bucket("his")
    for what, under in ((hers.id, None), (his.id, hers.id)):
        with pytest.raises(NotFound):
            await state.copies.copy_bucket(bo, what, under=under, deep=True)
    assert (await store.count(BUCKETS, ana.user_id), await store.count(BUCKETS, bo.user_id)) == (1, 1)


async def test_the_same_key_makes_one_copy(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book, _, _, _ = await a_book(anas)
    copies = [await state.copies.copy_bucket(ana, book.id, deep=True, key="once") for _ in range(2)]
    assert copies[0] == copies[1]
    assert len((await state.blobs.list(ana)).items) == 4


async def test_more_than_one_copy_may_have_is_refused_before_anything_is_written(
    memory_store: Store, schemas: Schemas, ana: Caller
) -> None:
    state, store = State(memory_store, schemas), memory_store
    book = await ContentBuilder(state, ana).bucket("book")
    chapters = [replace(book, id=f"bucket-{number:05}", parent_bucket_id=book.id) for number in range(20_000)]
    await store.write(*(Put(BUCKETS, chapter) for chapter in chapters))
    with pytest.raises(TooMuch) as refused:
        await state.copies.copy_bucket(ana, book.id)
    assert refused.value.facts == {"used": 20_001, "allowed": 20_000}
    assert await store.count(BUCKETS, ana.user_id) == 20_001


async def test_more_data_than_one_copy_may_have_is_refused(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    for _ in range(20):
        note = await anas.note("x", book.id)
        stored = await store.get(BLOBS, ana.user_id, note.id)
        assert stored is not None
        await store.write(Put(BLOBS, replace(stored, size=4 * 1024 * 1024), expects=1))
    with pytest.raises(TooMuch):
        await state.copies.copy_bucket(ana, book.id, deep=True)
    assert (await state.copies.copy_bucket(ana, book.id)).blob_count == 20


async def test_a_copy_begins_a_history_of_its_own(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    _, one, a, _ = await a_book(anas)
    await state.blobs.change(ana, a.id, BlobChange(data={"content": "again"}, base_revision=1))
    collections: list[Collection[Any]] = [REVISIONS, PLACEMENTS]
    counted = [await store.count(collection, ana.user_id) for collection in collections]
    await state.copies.copy_bucket(ana, one.id, deep=True)
    assert [await store.count(collection, ana.user_id) for collection in collections] == [counted[0], counted[1] + 2]


async def test_what_is_copied_counts_and_a_copy_beyond_the_quota_is_refused_whole(
    memory_store: Store, schemas: Schemas, ana: Caller
) -> None:
    state = State(memory_store, schemas, allowed={"blobs": 5})
    _, one, _, _ = await a_book(ContentBuilder(state, ana))
    size = (await state.quota.usage(ana)).used["bytes"]
    await state.copies.copy_bucket(ana, one.id)
    assert (await state.quota.usage(ana)).used == {"blobs": 2, "bytes": size, "buckets": 3}
    await state.copies.copy_bucket(ana, one.id, deep=True)
    assert (await state.quota.usage(ana)).used == {"blobs": 4, "bytes": 2 * size, "buckets": 4}
    with pytest.raises(TooMuch) as refused:
        await state.copies.copy_bucket(ana, one.id, deep=True)
    assert refused.value.facts == {"what": "blobs", "used": 4, "allowed": 5}
    assert (await state.quota.usage(ana)).used == {"blobs": 4, "bytes": 2 * size, "buckets": 4}


async def test_what_came_from_a_note_that_was_purged_is_copied_like_any_other(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, source = await anas.bucket("book"), await anas.note("source")
    await anas.note("derived", book.id, parent_id=source.id)
    await state.trash.trash_blob(ana, source.id)
    await purge_all(state.purging, ana)
    copy = await state.copies.copy_bucket(ana, book.id, deep=True)
    (derived,) = (await state.blobs.list(ana, bucket_id=copy.id)).items
    assert (derived.data["content"], derived.parent_id) == ("derived", source.id)


async def test_a_copy_does_not_land_in_a_bucket_that_goes_to_the_trash_meanwhile(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    made = ContentBuilder(state, ana)
    book, _, _, _ = await a_book(made)
    shelf = await made.bucket("shelf")
    store.meanwhile(BUCKETS.name, lambda: state.trash.trash_bucket(ana, shelf.id))
    with pytest.raises(NotFound) as refusal:
        await state.copies.copy_bucket(ana, book.id, under=shelf.id)
    assert refusal.value.facts["id"] == shelf.id
    assert len((await state.trash.list(ana)).items) == 1
    assert await state.integrity.examine(replace(ana, kind="house")) == ()
