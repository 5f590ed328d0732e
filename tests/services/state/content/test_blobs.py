"""What a writer may rely on about blobs."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision, TooLarge
from reyna.domain.event import DECODER, Event
from reyna.domain.processing.run import derived_blob_id
from reyna.ports.store import NOT_NULL
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.support.times import FAR_FUTURE


def at_work(caller: Caller, processor_id: str, run_id: str = "run-1") -> Caller:
    """The pass of a run."""
    return replace(caller, kind="processor", processor_id=processor_id, run_id=run_id)


async def announced(store: MemoryStore) -> list[Event]:
    return [DECODER.decode(message.body) for message in await store.list_unsent(before=FAR_FUTURE, limit=1000)]


async def test_a_note_is_there_again_as_it_was_written(state: State, anas: ContentBuilder, ana: Caller) -> None:
    chapter = await anas.bucket()
    written = await anas.note("It was a dark night.", chapter.id)
    read = await state.blobs.get(ana, written.id)
    assert read == written
    assert read.data == {"content": "It was a dark night."}
    assert read.bucket_ids == (chapter.id,)
    assert (read.revision, read.schema_version, read.created_by) == (1, "1.0.0", ana.user_id)


async def test_a_new_note_is_announced_with_ids_and_not_with_its_content(
    store: MemoryStore, anas: ContentBuilder
) -> None:
    chapter = await anas.bucket()
    note = await anas.note("secret words", chapter.id)
    event = (await announced(store))[-1]
    assert event.type == "blob.created.text-input-v1"
    assert event.data == {
        "blob_id": note.id,
        "bucket_ids": [chapter.id],
        "processor": "user-input",
        "schema_id": "text-input-v1",
        "schema_version": "1.0.0",
        "parent_id": None,
        "revision": 1,
    }
    assert event.userid == "user-ana"
    assert b"secret words" not in event.message().body


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "/data"),
        ({"content": 7}, "/data/content"),
        ({"content": "a\0b"}, "/data/content"),
        ({"content": "\ud800"}, "/data/content"),
        ({"content": "x", "style": float("nan")}, "/data/style"),
    ],
)
async def test_data_that_does_not_fit_is_refused_by_path_and_leaves_nothing(
    store: MemoryStore, state: State, ana: Caller, data: Any, path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data=data))
    assert refused.value.errors[0].path == path
    assert await store.count(BLOBS, ana.user_id) == 0
    assert await announced(store) == []


async def test_data_nested_too_deep_or_too_large_is_refused(state: State, ana: Caller) -> None:
    deep: Any = "x"
    for _ in range(101):
        deep = [deep]
    with pytest.raises(Invalid, match="deeper than 100"):
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": deep}))
    with pytest.raises(TooLarge) as refused:
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "x" * (4 * 1024 * 1024)}))
    assert refused.value.status == 413


async def test_an_unknown_schema_is_named(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await state.blobs.create(ana, NewBlob(schema_id="no-such-v1", data={}))
    assert refused.value.errors[0].path == "/schema_id"


async def test_a_note_in_a_bucket_that_is_not_there_leaves_nothing_half_written(
    store: MemoryStore, anas: ContentBuilder, bos: ContentBuilder, ana: Caller
) -> None:
    mine, foreign = await anas.bucket(), await bos.bucket()
    for missing in ("bucket-nowhere", foreign.id):
        with pytest.raises(NotFound) as refused:
            await anas.note("x", mine.id, missing)
        assert refused.value.facts["id"] == missing
    assert await store.count(BLOBS, ana.user_id) == 0
    assert await store.count(PLACEMENTS, ana.user_id) == 0


async def test_a_note_is_read_as_it_is_stored_or_with_its_buckets(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("Storm.", (book := await anas.bucket()).id)
    assert (await state.blobs.get(ana, note.id)).bucket_ids == (book.id,)
    stored = await state.blobs.get_stored(ana, note.id)
    assert (stored.data, stored.revision, stored.bucket_ids) == (note.data, 1, ())


async def test_bo_never_sees_a_note_of_ana(state: State, anas: ContentBuilder, bo: Caller) -> None:
    note = await anas.note()
    for attempt in (
        state.blobs.get(bo, note.id),
        state.blobs.get_stored(bo, note.id),
        state.blobs.change(bo, note.id, BlobChange(data={"content": "mine"}, base_revision=1)),
        state.trash.trash_blob(bo, note.id),
        state.trash.restore_blob(bo, note.id),
        state.revisions.list(bo, note.id),
        state.revisions.get(bo, note.id, 1),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await state.blobs.list(bo)).items == ()


async def test_a_save_makes_the_next_revision_and_keeps_the_last_one(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("one")
    changed = await state.blobs.change(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    assert (changed.revision, changed.data) == (2, {"content": "two"})
    kept = (await state.revisions.list(ana, note.id)).items
    assert [(r.number, r.data["content"]) for r in kept] == [(2, "two"), (1, "one")]


async def test_the_slower_of_two_devices_is_told_and_its_text_is_kept(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("one")
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "faster"}, base_revision=1))
    with pytest.raises(StaleRevision) as refused:
        await state.blobs.change(ana, note.id, BlobChange(data={"content": "slower"}, base_revision=1))
    assert refused.value.facts["current"].data == {"content": "faster"}
    assert (await state.blobs.get(ana, note.id)).data == {"content": "faster"}
    kept = [r for r in (await state.revisions.list(ana, note.id)).items if r.conflict]
    assert [r.data["content"] for r in kept] == ["slower"]


async def test_a_save_repeated_because_its_answer_was_lost_is_no_conflict(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("one")
    save = BlobChange(data={"content": "two"}, base_revision=1)
    first = await state.blobs.change(ana, note.id, save)
    assert await state.blobs.change(ana, note.id, save) == first


async def test_a_merge_patch_changes_only_what_it_names(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note("one")
    change = BlobChange(merge_patch={"title": "A night"}, base_revision=1)
    changed = await state.blobs.change(ana, note.id, change)
    assert changed.data == {"content": "one", "title": "A night"}
    change = BlobChange(merge_patch={"title": None}, base_revision=2)
    assert (await state.blobs.change(ana, note.id, change)).data == {"content": "one"}


async def test_a_change_needs_either_data_or_a_patch_and_a_revision_there_was(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note()
    for change in (
        BlobChange(base_revision=1),
        BlobChange(data={"content": "x"}, merge_patch={}, base_revision=1),
        BlobChange(data={"content": "x"}, base_revision=2),
        BlobChange(data={"content": "x"}, base_revision=0),
    ):
        with pytest.raises(Invalid):
            await state.blobs.change(ana, note.id, change)


async def test_an_old_revision_comes_back_as_a_new_one(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note("one")
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    back = await state.trash.restore_blob(ana, note.id, revision=1)
    assert (back.revision, back.data, back.author_kind) == (3, {"content": "one"}, "restore")


async def test_a_trashed_note_leaves_its_buckets_and_comes_back_to_its_places(
    store: MemoryStore, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter = await anas.bucket()
    first, second = await anas.note("first", chapter.id), await anas.note("second", chapter.id)
    trashed = await state.trash.trash_blob(ana, first.id)
    assert trashed.trashed_at is not None
    assert [blob.id for blob in (await state.blobs.list(ana, bucket_id=chapter.id)).items] == [second.id]
    assert [blob.id for blob in (await state.blobs.list(ana)).items] == [second.id]
    with pytest.raises(Conflict):
        await state.blobs.change(ana, first.id, BlobChange(data={"content": "x"}, base_revision=2))
    back = await state.trash.restore_blob(ana, first.id)
    assert (back.trashed_at, back.bucket_ids) == (None, (chapter.id,))
    assert [blob.id for blob in (await state.blobs.list(ana, bucket_id=chapter.id)).items] == [first.id, second.id]
    assert [event.type for event in await announced(store)][-2:] == [
        "blob.trashed.text-input-v1",
        "blob.restored.text-input-v1",
    ]
    assert await store.count(PLACEMENTS, ana.user_id, {"trashed_at": NOT_NULL}) == 0


async def test_blobs_are_listed_newest_first_page_by_page(state: State, anas: ContentBuilder, ana: Caller) -> None:
    notes = [await anas.note(f"note {number}") for number in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = await state.blobs.list(ana, limit=2, cursor=cursor)
        seen += [blob.id for blob in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(note.id for note in notes)
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_a_bucket_is_paged_through_in_its_own_order_even_with_a_filter(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter = await anas.bucket()
    notes = []
    for number in range(7):
        made_by = "odd" if number % 2 else "even"
        new = NewBlob(
            schema_id="text-input-v1", processor_id=made_by, data={"content": str(number)}, bucket_ids=(chapter.id,)
        )
        notes.append(await state.blobs.create(at_work(ana, made_by), new))
    first = await state.blobs.list(ana, bucket_id=chapter.id, processor_id="odd", limit=2)
    assert [blob.id for blob in first.items] == [notes[1].id, notes[3].id]
    rest = await state.blobs.list(ana, bucket_id=chapter.id, processor_id="odd", limit=2, cursor=first.next_cursor)
    assert [blob.id for blob in rest.items] == [notes[5].id]
    assert rest.next_cursor is None


async def test_what_a_run_makes_is_made_once_however_often_it_is_delivered(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note()
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="text-expansion", run_id="run-1")
    new = NewBlob(
        processor_id="text-expansion", schema_id="text-input-v1", data={"content": "expanded"}, parent_id=note.id
    )
    made = [
        await state.blobs.create(worker, new, id=derived_blob_id("run-1", 0), parent_revision=1),
        await state.blobs.create(worker, new, id=derived_blob_id("run-1", 0), parent_revision=1),
    ]
    assert made[0] == made[1]
    assert made[0].author_kind == "processor"
    source = await state.blobs.get(ana, note.id)
    assert source.derived_ids == (made[0].id,)


FORGERS: Final = [
    {},
    {"kind": "processor", "processor_id": "text-expansion"},
    {"kind": "processor", "processor_id": "style-analysis", "run_id": "run-1"},
    {"kind": "house"},
]


@pytest.mark.parametrize("forger", FORGERS)
async def test_only_a_run_of_a_processor_says_that_it_made_something(
    state: State, ana: Caller, forger: dict[str, Any]
) -> None:
    new = NewBlob(processor_id="text-expansion", schema_id="text-input-v1", data={"content": "x"})
    with pytest.raises(Invalid) as refused:
        await state.blobs.create(replace(ana, **forger), new)
    assert [error.path for error in refused.value.errors] == ["/processor_id"]
    assert (await state.blobs.create(at_work(ana, "text-expansion"), new)).processor_id == "text-expansion"


async def test_a_run_does_not_pass_for_its_user(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid):
        await state.blobs.create(
            at_work(ana, "text-expansion"), NewBlob(schema_id="text-input-v1", data={"content": "x"})
        )


async def test_only_a_run_names_the_id_of_what_it_makes(state: State, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "x"}), id="blob-mine")


async def test_a_derived_blob_is_stale_once_its_source_has_moved_on(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note()
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="p", run_id="run-1")
    new = NewBlob(processor_id="p", schema_id="text-input-v1", data={"content": "more"}, parent_id=note.id)
    derived = await state.blobs.create(worker, new, id=derived_blob_id("run-1", 0), parent_revision=1)
    assert not (await state.blobs.get(ana, derived.id)).stale
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "new"}, base_revision=1))
    assert (await state.blobs.get(ana, derived.id)).stale


async def test_a_schema_of_buckets_is_none_for_blobs(state: State, anas: ContentBuilder, ana: Caller) -> None:
    with pytest.raises(Invalid) as refusal:
        await state.blobs.create(ana, NewBlob(schema_id="book-v1", data={}))
    assert [(error.path, error.expected) for error in refusal.value.errors] == [("/schema_id", "a schema of kind blob")]
    assert (await state.blobs.list(ana)).items == ()


def outputs_of(source: Blob, *contents: Any) -> tuple[list[NewBlob], list[str]]:
    new = [
        NewBlob(processor_id="shouting", schema_id="text-input-v1", data={"content": content}, parent_id=source.id)
        for content in contents
    ]
    return new, [derived_blob_id("run-1", number) for number in range(len(new))]


async def test_the_outputs_of_a_run_are_there_together_and_once(
    state: State, store: MemoryStore, anas: ContentBuilder, ana: Caller
) -> None:
    source, worker = await anas.note("x"), at_work(ana, "shouting")
    new, ids = outputs_of(source, "one", "two", "three")
    before = len(await announced(store))
    for _ in range(2):
        await state.blobs.create_all(worker, new, ids, parent_revision=1)
    made = [await state.blobs.get(ana, id) for id in ids]
    assert [blob.data["content"] for blob in made] == ["one", "two", "three"]
    assert {(blob.parent_id, blob.parent_revision, blob.processor_id) for blob in made} == {(source.id, 1, "shouting")}
    events = [event.data["blob_id"] for event in (await announced(store))[before:]]
    assert events == ids
    assert (await state.quota.usage(ana)).used["blobs"] == 4


async def test_a_wrong_output_among_several_is_named_and_none_is_stored(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    source, worker = await anas.note("x"), at_work(ana, "shouting")
    new, ids = outputs_of(source, "one", "two", 3)
    with pytest.raises(Invalid) as invalid:
        await state.blobs.create_all(worker, new, ids)
    assert invalid.value.errors[0].path == "/2/data/content"
    new, ids = outputs_of(source, "one", "two")
    with pytest.raises(NotFound) as missing:
        await state.blobs.create_all(worker, [new[0], replace(new[1], bucket_ids=("bucket-none",))], ids)
    assert missing.value.facts["id"] == "bucket-none"
    assert [blob.id for blob in (await state.blobs.list(ana)).items] == [source.id]


async def test_outputs_of_which_some_are_there_are_made_complete(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    source, worker = await anas.note("x"), at_work(ana, "shouting")
    new, ids = outputs_of(source, "one", "two")
    await state.blobs.create(worker, new[0], id=ids[0])
    await state.blobs.create_all(worker, new, ids)
    assert [(await state.blobs.get(ana, id)).data["content"] for id in ids] == ["one", "two"]
