"""What a writer may rely on about buckets and places."""

import asyncio
import random
import unicodedata
from collections.abc import Iterable

import pytest

from reyna.domain.bucket import BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, Invalid, NotFound, StaleRevision, WouldContainItself
from reyna.domain.schema import NewSchema
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from reyna.services.state.structure.placements import Item
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore


async def names_in(state: State, caller: Caller, bucket_id: str) -> list[str]:
    return named((await state.placements.list_items(caller, bucket_id, limit=200)).items)


def named(items: Iterable[Item]) -> list[str]:
    """Buckets by their name, notes by what is in them."""
    return [_name(item) for item in items]


def _name(item: Item) -> str:
    if item.bucket is not None:
        return item.bucket.name
    assert item.blob is not None
    return str(item.blob.data["content"])


async def test_buckets_nest_and_know_what_stands_in_them(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("My Novel")
    part = await anas.bucket("Part 1", book.id)
    note = await anas.note("x", part.id, book.id)
    read = await state.buckets.get(ana, book.id)
    assert (read.child_bucket_ids, read.blob_ids) == ((part.id,), (note.id,))
    assert (read.child_count, read.blob_count) == (1, 1)


@pytest.mark.parametrize(
    ("name", "type", "path"),
    [
        ("", "book", "/name"),
        ("   ", "book", "/name"),
        ("x" * 201, "book", "/name"),
        ("a\nb", "book", "/name"),
        ("ok", "a\tbook", "/type"),
        ("ok", "\u200b", "/type"),
        ("ok", "", "/type"),
        ("ok", "x" * 65, "/type"),
    ],
)
async def test_bad_names_and_types_are_refused_by_field(
    state: State, ana: Caller, name: str, type: str, path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await state.buckets.create(ana, NewBucket(name=name, type=type))
    assert refused.value.errors[0].path == path


async def test_metadata_is_checked_where_the_type_has_a_schema(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await state.buckets.create(ana, NewBucket(name="B", type="book", metadata={"target_words": "many"}))
    assert refused.value.errors[0].path == "/metadata/target_words"
    await state.buckets.create(ana, NewBucket(name="B", type="dream", metadata={"target_words": "many"}))


@pytest.mark.parametrize("type", ["глава", "章", "Book part", "book.*", "Cafe\u0301", "❤️", "فصل", "Tom's"])
async def test_a_type_is_any_short_text_and_found_by_exactly_that(
    state: State, anas: ContentBuilder, ana: Caller, type: str
) -> None:
    bucket = await anas.bucket("One", type=type)
    await anas.bucket("Two", type=f"{type}s")
    assert bucket.type == unicodedata.normalize("NFC", type)
    assert [found.id for found in (await state.buckets.list(ana, type=type)).items] == [bucket.id]
    assert (await state.buckets.change(ana, bucket.id, BucketChange(type="scene", base_revision=1))).type == "scene"
    assert (await state.journal.undo(ana)).act == "change_bucket"
    assert (await state.buckets.get(ana, bucket.id)).type == bucket.type


@pytest.mark.parametrize(("type", "name"), [("глава", "glava"), ("Book part", "book-part"), ("章", "zhang")])
async def test_the_schema_of_a_type_has_its_slug_for_a_name(
    state: State, schemas: Schemas, anas: ContentBuilder, ana: Caller, type: str, name: str
) -> None:
    await schemas.versions.register(ana, NewSchema(name=name, kind="bucket", json_schema={"required": ["words"]}))
    with pytest.raises(Invalid):
        await anas.bucket("bound", type=type)
    assert (await anas.bucket("bound", type=type, metadata={"words": 1})).type == type


async def test_a_tree_holds_everything_below_in_order(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    one, two = await anas.bucket("one", book.id), await anas.bucket("two", book.id)
    zero = await anas.bucket("zero", book.id, after=None)
    middle = await anas.bucket("middle", book.id, after=one.id)
    await anas.bucket("deep", two.id)
    tree = await state.buckets.tree(ana, book.id)
    assert [child.name for child in tree.children] == ["zero", "one", "middle", "two"]
    assert [child.name for child in tree.children[3].children] == ["deep"]
    shallow = await state.buckets.tree(ana, book.id, depth=1)
    assert [(child.child_count, child.children) for child in shallow.children][3] == (1, ())
    assert {zero.parent_bucket_id, middle.parent_bucket_id} == {book.id}
    assert [root.id for root in (await state.buckets.forest(ana)).items] == [book.id]


async def test_a_chapter_takes_its_blobs_along_when_it_moves(state: State, anas: ContentBuilder, ana: Caller) -> None:
    one, two = await anas.bucket("Part 1"), await anas.bucket("Part 2")
    chapter = await anas.bucket("Chapter", one.id)
    note = await anas.note("x", chapter.id)
    moved = await state.buckets.move(ana, chapter.id, under=two.id)
    assert (moved.parent_bucket_id, moved.blob_ids) == (two.id, (note.id,))
    assert await state.buckets.containing(ana, [chapter.id]) == (chapter.id, two.id)


async def test_a_bucket_never_moves_into_itself_or_below_itself(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    part = await anas.bucket("part", book.id)
    chapter = await anas.bucket("chapter", part.id)
    for target in (book.id, part.id, chapter.id):
        with pytest.raises(WouldContainItself):
            await state.buckets.move(ana, book.id, under=target)
    assert (await state.buckets.get(ana, book.id)).parent_bucket_id is None


async def test_buckets_move_among_their_siblings(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    one, two, three = [await anas.bucket(name, book.id) for name in ("1", "2", "3")]
    await state.buckets.move(ana, three.id, under=book.id, after=None)
    assert await names_in(state, ana, book.id) == ["3", "1", "2"]
    await state.buckets.move(ana, three.id, under=book.id, after=one.id)
    assert await names_in(state, ana, book.id) == ["1", "3", "2"]
    await state.buckets.move(ana, one.id, under=book.id)
    assert await names_in(state, ana, book.id) == ["3", "2", "1"]
    with pytest.raises(NotFound):
        await state.buckets.move(ana, two.id, under=None, after=one.id)


async def test_many_moves_at_once_never_make_a_loop(state: State, anas: ContentBuilder, ana: Caller) -> None:
    buckets = [await anas.bucket(str(number)) for number in range(6)]
    dice = random.Random(7)

    async def move() -> None:
        child, parent = dice.sample(buckets, 2)
        try:
            await state.buckets.move(ana, child.id, under=parent.id)
        except WouldContainItself:
            return

    for _ in range(10):
        await asyncio.gather(*(move() for _ in range(8)))
    for bucket in buckets:
        above = await state.buckets.containing(ana, [bucket.id])
        top = await state.buckets.get(ana, above[-1])
        assert top.parent_bucket_id is None


async def test_a_rename_on_an_old_revision_is_a_conflict_that_shows_the_present(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    bucket = await anas.bucket("one")
    await state.buckets.change(ana, bucket.id, BucketChange(name="two", base_revision=1))
    with pytest.raises(StaleRevision) as refused:
        await state.buckets.change(ana, bucket.id, BucketChange(name="three", base_revision=1))
    assert refused.value.facts["current"].name == "two"


async def test_a_blob_stands_in_several_buckets_with_its_own_place_in_each(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    left, right = await anas.bucket("left"), await anas.bucket("right")
    notes = [await anas.note(name, left.id) for name in ("a", "b", "c")]
    await state.placements.place(ana, right.id, notes[2].id)
    await state.placements.place(ana, right.id, notes[0].id, label="opening")
    await state.placements.place(ana, left.id, notes[2].id, after=None)
    assert await names_in(state, ana, left.id) == ["c", "a", "b"]
    assert await names_in(state, ana, right.id) == ["c", "a"]
    await state.placements.place(ana, left.id, notes[2].id, after=notes[0].id)
    assert await names_in(state, ana, left.id) == ["a", "c", "b"]
    await state.placements.take_out(ana, left.id, notes[2].id)
    assert await names_in(state, ana, left.id) == ["a", "b"]
    assert (await state.blobs.get(ana, notes[2].id)).bucket_ids == (right.id,)
    labels = [
        item.placement.label for item in (await state.placements.list_items(ana, right.id)).items if item.placement
    ]
    assert labels == [None, "opening"]


async def test_placing_asks_for_a_blob_and_a_bucket_of_ones_own(
    state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller
) -> None:
    mine, note = await anas.bucket(), await anas.note()
    foreign_bucket, foreign_note = await bos.bucket(), await bos.note()
    for bucket_id, blob_id in ((foreign_bucket.id, note.id), (mine.id, foreign_note.id), (mine.id, "blob-x")):
        with pytest.raises(NotFound):
            await state.placements.place(ana, bucket_id, blob_id)
    with pytest.raises(NotFound):
        await state.placements.take_out(ana, mine.id, note.id)


async def test_items_come_page_by_page_with_buckets_and_blobs_in_one_order(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    for number in range(4):
        await anas.bucket(f"bucket {number}", book.id)
        await anas.note(f"note {number}", book.id)
    names, cursor = [], None
    while True:
        page = await state.placements.list_items(ana, book.id, limit=3, cursor=cursor)
        names += named(page.items)
        if (cursor := page.next_cursor) is None:
            break
    assert names == [f"{kind} {number}" for number in range(4) for kind in ("bucket", "note")]


async def test_bo_never_sees_a_bucket_of_ana(state: State, anas: ContentBuilder, bo: Caller) -> None:
    book = await anas.bucket()
    change = BucketChange(name="mine now", base_revision=1)
    for attempt in (
        state.buckets.get(bo, book.id),
        state.buckets.tree(bo, book.id),
        state.placements.list_items(bo, book.id),
        state.blobs.list(bo, bucket_id=book.id),
        state.buckets.change(bo, book.id, change),
        state.buckets.move(bo, book.id, under=None),
        state.buckets.create(bo, NewBucket(name="x", type="x", parent_bucket_id=book.id)),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await state.buckets.list(bo)).items == ()
    assert (await state.buckets.forest(bo)).items == ()
    assert await state.buckets.containing(bo, [book.id]) == ()


async def test_a_cursor_of_another_list_is_refused(state: State, ana: Caller) -> None:
    for cursor in ("nonsense", "", "WzFd"):
        with pytest.raises(Invalid):
            await state.buckets.list(ana, cursor=cursor)


async def test_the_depth_of_an_answer_and_the_size_of_a_page_have_limits(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket()
    for attempt in (
        state.buckets.tree(ana, book.id, depth=-1),
        state.buckets.list(ana, limit=0),
        state.buckets.list(ana, limit=201),
    ):
        with pytest.raises(Invalid):
            await attempt


async def test_buckets_and_notes_stand_in_one_order(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("book")
    one = await anas.bucket("one", book.id)
    a = await anas.note("a", book.id)
    two = await anas.bucket("two", book.id)
    b = await anas.note("b")
    await state.placements.place(ana, book.id, b.id, after=one.id)
    assert await names_in(state, ana, book.id) == ["one", "b", "a", "two"]
    await state.buckets.move(ana, two.id, under=book.id, after=b.id)
    assert await names_in(state, ana, book.id) == ["one", "b", "two", "a"]
    await anas.bucket("zero", book.id, after=None)
    await anas.bucket("between", book.id, after=a.id)
    await state.placements.place(ana, book.id, a.id, after=None)
    assert await names_in(state, ana, book.id) == ["a", "zero", "one", "b", "two", "between"]
    with pytest.raises(NotFound):
        await anas.bucket("x", after=a.id)


async def test_a_note_has_a_label_of_its_own_in_each_bucket(state: State, anas: ContentBuilder, ana: Caller) -> None:
    one, two = await anas.bucket("one"), await anas.bucket("two")
    note = await anas.note("note")
    for bucket, label in ((one, "draft"), (two, "final")):
        await state.placements.place(ana, bucket.id, note.id, label=label)
    await state.placements.place(ana, one.id, note.id, after=None)
    placements = [(await state.placements.list_items(ana, id)).items[0].placement for id in (one.id, two.id)]
    assert [placement and placement.label for placement in placements] == ["draft", "final"]
    await state.placements.place(ana, one.id, note.id, label=None)
    assert (await state.placements.list_items(ana, one.id)).items[0].placement.label is None  # type: ignore[union-attr]


async def test_whoever_was_too_late_is_shown_the_bucket_with_what_stands_in_it(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note = await anas.note("note", book.id)
    await state.buckets.change(ana, book.id, BucketChange(name="Book", base_revision=1))
    with pytest.raises(StaleRevision) as refused:
        await state.buckets.change(ana, book.id, BucketChange(name="My book", base_revision=1))
    current = refused.value.facts["current"]
    assert (current.name, current.blob_ids, current.blob_count) == ("Book", (note.id,), 1)


async def test_a_blob_that_two_devices_take_out_at_once_is_taken_out_by_one(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    made = ContentBuilder(state, ana)
    bucket = await made.bucket()
    note = await made.note("note", bucket.id)
    store.meanwhile("state.journal", lambda: state.placements.take_out(ana, bucket.id, note.id))
    with pytest.raises(NotFound):
        await state.placements.take_out(ana, bucket.id, note.id)
    assert [entry.act for entry in (await state.journal.list(ana)).items] == ["take_out", "create_bucket"]


async def test_nobody_but_a_service_says_under_which_id_a_bucket_is_kept(state: State, ana: Caller) -> None:
    new = NewBucket(name="book", type="book")
    for id in ("blob-00000000000000000000000000", "bucket-", "bucket-mine"):
        with pytest.raises(Forbidden):
            await state.buckets.create(ana, new, id=id)
    assert (await state.buckets.list(ana)).items == ()
