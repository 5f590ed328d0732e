"""What a writer may rely on about what was there before."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Invalid, NotFound, StaleRevision
from reyna.domain.schema import NewSchema
from reyna.ports.store import Put, Store, Where
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS, REVISIONS, StoredRevision
from reyna.services.state.revisions.revision_storage import (
    LARGE_DATA_BYTES,
    SPAN_REVISIONS,
    compress,
    decompress,
    stored_json,
)
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.sample_prose import chapter, drafts

Save = Callable[[Any], Awaitable[Blob]]


@pytest.fixture
async def anything(schemas: Schemas, ana: Caller) -> str:
    """A schema that takes any JSON."""
    return (await schemas.versions.register(ana, NewSchema(name="anything", json_schema=True))).id


async def kept(store: Store, caller: Caller, blob_id: str) -> list[StoredRevision]:
    return await store.find(REVISIONS, caller.user_id, {"blob_id": blob_id}, order=("number",))


async def listed(state: State, caller: Caller, id: str, *, limit: int = 200, named: bool = False) -> list[Revision]:
    found: list[Revision] = []
    cursor = None
    while True:
        page = await state.revisions.list(caller, id, limit=limit, cursor=cursor, named=named)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


async def saved(state: State, caller: Caller, blob: Blob, *versions: Any) -> Blob:
    for data in versions:
        blob = await state.blobs.change(caller, blob.id, BlobChange(data=data, base_revision=blob.revision))
    return blob


async def test_a_thousand_revisions_of_a_chapter_cost_little_and_read_back_to_the_letter(
    memory_store: Store, schemas: Schemas, ana: Caller
) -> None:
    state = State(memory_store, schemas)
    texts = [chapter(20_000), *drafts(chapter(20_000), 999)]
    note = await ContentBuilder(state, ana).note(texts[0])
    note = await saved(state, ana, note, *({"content": text} for text in texts[1:]))
    assert note.revision == 1_000
    stored = sum(len(msgspec.json.encode(one)) for one in await kept(memory_store, ana, note.id))
    assert stored < 1_000_000 < sum(map(len, texts)) / 15
    for number in range(1, 1_001):
        assert (await state.revisions.get(ana, note.id, number)).data == {"content": texts[number - 1]}
    assert [(one.number, one.data["content"]) for one in reversed(await listed(state, ana, note.id))] == [
        *enumerate(texts, start=1)
    ]


async def test_to_read_a_revision_two_spans_are_looked_at_and_never_all(
    memory_store: Store, schemas: Schemas, ana: Caller
) -> None:
    class Counting(MemoryStore):
        seen = 0

        async def find(self, *args: Any, **more: Any) -> Any:
            found = await super().find(*args, **more)
            self.seen += len(found)
            return found

    store = Counting(COLLECTIONS)
    state = State(store, schemas)
    note = await saved(
        state, ana, await ContentBuilder(state, ana).note("0"), *({"content": str(n)} for n in range(1, 200))
    )
    for number in range(1, 200):
        store.seen = 0
        assert (await state.revisions.get(ana, note.id, number)).data == {"content": str(number - 1)}
        assert store.seen <= 2 * SPAN_REVISIONS


async def test_conflict_restore_and_trash_leave_every_revision_as_it_was(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chance = random.Random(7)
    note = await anas.note("start " * 40)
    was: dict[int, str] = {1: note.data["content"]}
    late: list[str] = []
    for step in range(1, 80):
        match chance.choice(["save", "save", "save", "late", "restore", "trash"]):
            case "save":
                note = await saved(state, ana, note, {"content": f"{note.data['content'][:900]} word {step}"})
            case "late" if note.revision > 1:
                late.append(f"late {step}")
                change = BlobChange(data={"content": late[-1]}, base_revision=note.revision - 1)
                with pytest.raises(StaleRevision):
                    await state.blobs.change(ana, note.id, change)
            case "restore":
                note = await state.trash.restore_blob(ana, note.id, chance.randrange(1, note.revision + 1))
            case _:
                await state.trash.trash_blob(ana, note.id)
                was[note.revision + 1] = note.data["content"]
                note = await state.trash.restore_blob(ana, note.id)
        was[note.revision] = note.data["content"]
    assert [*was] == [*range(1, note.revision + 1)]
    for number, content in was.items():
        assert (await state.revisions.get(ana, note.id, number)).data == {"content": content}
    for limit in (200, 7, 1):
        found = await listed(state, ana, note.id, limit=limit)
        assert {one.number: one.data["content"] for one in found if not one.conflict} == was
        assert sorted(one.data["content"] for one in found if one.conflict) == sorted(late)
        assert len(found) == len(was) + len(late)


async def test_numbers_and_letters_come_back_exactly_as_they_were(state: State, ana: Caller, anything: str) -> None:
    values: list[Any] = [
        0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, -0.0, 1.0, 1, True, 2**63 - 1, 2**64 - 1, -(2**63),
        "", "\u2028 \\ \" / \x7f é 漢字 🚀 e\u0301", [], {}, None, [None], {"": 0}, {"$where": {"a.b": 1}}, "null",
    ]  # fmt: skip
    new = NewBlob(schema_id=anything, data="first")
    blob = await saved(state, ana, await state.blobs.create(ana, new), *values)
    found = [one.data for one in reversed(await listed(state, ana, blob.id))]
    assert [repr(data) for data in found] == [repr(data) for data in ["first", *values]]


async def test_one_and_true_are_two_things_and_a_save_that_tells_them_apart_is_kept(
    state: State, ana: Caller, anything: str
) -> None:
    blob = await state.blobs.create(ana, NewBlob(schema_id=anything, data={"a": 1}))
    for data in ({"a": True}, {"a": 1.0}):
        assert repr((await saved(state, ana, blob, data)).data) == repr(data)
        blob = await state.blobs.get(ana, blob.id)
    assert (await saved(state, ana, blob, {"a": 1.0})).revision == blob.revision == 3


async def test_four_megabytes_come_back_and_an_edit_in_them_costs_little(
    store: Store, state: State, ana: Caller, anything: str
) -> None:
    big = chapter(4_000_000)
    versions = [big, f"{big[:2_000_000]} a word {big[2_000_000:]}", f"more {big}", "small", big]
    blob = await saved(state, ana, await state.blobs.create(ana, NewBlob(schema_id=anything, data=big)), *versions[1:])
    sizes = [len(one.packed) for one in await kept(store, ana, blob.id)]
    assert sizes[0] < 10_000 and sizes[1] < 10_000 and sizes[3] < 1_000
    for number, data in enumerate(versions, start=1):
        assert (await state.revisions.get(ana, blob.id, number)).data == data
    page = await state.revisions.list(ana, blob.id)
    assert [one.number for one in page.items] == [5, 4]  # more than that is too much for one answer
    assert [one.number for one in await listed(state, ana, blob.id)] == [5, 4, 3, 2, 1]


async def test_others_are_served_while_much_is_compressed(memory_store: Store, schemas: Schemas, ana: Caller) -> None:
    schema = await schemas.versions.register(ana, NewSchema(name="anything", json_schema=True))
    state = State(memory_store, schemas)
    big = "".join(random.Random(3).choices("abcdefgh ", k=LARGE_DATA_BYTES * 8))
    blob = await state.blobs.create(ana, NewBlob(schema_id=schema.id, data=big))
    saving = asyncio.create_task(saved(state, ana, blob, f"{big}!"))
    turns = 0
    while not saving.done():
        turns += 1
        await asyncio.sleep(0)
    assert (await saving).revision == 2
    assert turns > 50  # a write to memory alone takes a handful


async def test_what_was_kept_before_revisions_were_compressed_is_still_read(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"}, {"content": "three"})
    for number, text in ((1, "one"), (2, "two")):
        plain = msgspec.convert(
            {
                "id": f"{note.id}:{number}", "user_id": ana.user_id, "blob_id": note.id, "number": number,
                "data": {"content": text}, "size": 17, "schema_version": "1.0.0", "author": ana.user_id,
                "author_kind": "user", "conflict": False, "revision": 2, "created_at": datetime.now(UTC),
            },
            StoredRevision,
        )  # fmt: skip
        await store.write(Put(REVISIONS, plain, expects=1))
    assert [one.data["content"] for one in await listed(state, ana, note.id)] == ["three", "two", "one"]
    old = await state.revisions.get(ana, note.id, 1)
    assert (old.data, old.schema_id) == ({"content": "one"}, "text-input-v1")
    note = await saved(state, ana, note, {"content": "four"})
    assert [one.data["content"] for one in await listed(state, ana, note.id)] == ["four", "three", "two", "one"]


async def test_a_refused_save_is_read_compared_and_restored_by_the_name_it_was_kept_under(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "faster"})
    with pytest.raises(StaleRevision) as refused:
        await state.blobs.change(ana, note.id, BlobChange(data={"content": "slower"}, base_revision=1))
    kept_as = refused.value.facts["kept_as"]
    for name in (kept_as, kept_as.removeprefix(f"{note.id}:")):
        assert (await state.revisions.get(ana, note.id, name)).data == {"content": "slower"}
    difference = (await state.revisions.diff(ana, note.id, since=kept_as)).differences[0]
    assert difference.path == "/content"
    assert (await state.trash.restore_blob(ana, note.id, kept_as)).data == {"content": "slower"}
    for attempt in (state.revisions.get(bo, note.id, kept_as), state.revisions.get(ana, note.id, "revision-nowhere")):
        with pytest.raises(NotFound):
            await attempt


async def test_a_revision_that_there_never_was_is_not_found(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"})
    for number in (0, -1, 3, 10**15, 10**30, f"{note.id}:3", "0"):
        with pytest.raises(NotFound):
            await state.revisions.get(ana, note.id, number)


async def test_a_damaged_revision_is_a_fault_and_never_another_text(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    text = chapter(500)
    note = await saved(state, ana, await anas.note(text), {"content": f"{text}!"}, {"content": "three"})
    first, second = await kept(store, ana, note.id)
    other = msgspec.structs.replace(second, packed=compress({"content": text.upper()}), against=0, revision=2)
    await store.write(Put(REVISIONS, other, expects=1))
    with pytest.raises(Fault):
        await state.revisions.get(ana, note.id, first.number)


def test_what_is_too_short_to_compare_with_is_compressed_by_itself() -> None:
    shorts: list[Any] = [1, {}, "", "12345", "123456"]
    for following in shorts:
        assert decompress(compress({"a": "text"}, following), stored_json(following)) == b'{"a":"text"}'


async def test_a_json_patch_changes_only_what_it_names(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note("one")
    patch = ({"op": "test", "path": "/content", "value": "one"}, {"op": "add", "path": "/title", "value": "A night"})
    changed = await state.blobs.change(ana, note.id, BlobChange(json_patch=patch, base_revision=1))
    assert changed.data == {"content": "one", "title": "A night"}
    with pytest.raises(Invalid) as refused:
        await state.blobs.change(ana, note.id, BlobChange(json_patch=({**patch[0], "value": "two"},), base_revision=2))
    assert refused.value.errors[0].path == "/json_patch/0"
    assert (await state.blobs.get(ana, note.id)).revision == 2


async def test_a_late_json_patch_is_applied_to_what_its_device_saw_and_kept(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "faster"})
    patch = ({"op": "add", "path": "/title", "value": "mine"},)
    with pytest.raises(StaleRevision) as refused:
        await state.blobs.change(ana, note.id, BlobChange(json_patch=patch, base_revision=1))
    mine = await state.revisions.get(ana, note.id, refused.value.facts["kept_as"])
    assert mine.data == {"content": "one", "title": "mine"}


async def test_data_and_patches_are_three_ways_of_which_one_is_used(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note()
    several: list[dict[str, Any]] = [
        {"data": {"content": "x"}, "json_patch": ()},
        {"merge_patch": {}, "json_patch": ()},
    ]
    for ways in [*several, {}]:
        with pytest.raises(Invalid):
            await state.blobs.change(ana, note.id, BlobChange(base_revision=1, **ways))


async def test_a_source_that_was_in_the_trash_makes_nothing_stale(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    source = await anas.note()
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="p", run_id="run-1")
    new = NewBlob(processor_id="p", schema_id="text-input-v1", data={"content": "more"}, parent_id=source.id)
    before = await state.blobs.create(worker, new, parent_revision=source.revision)
    await state.trash.trash_blob(ana, source.id)
    back = await state.trash.restore_blob(ana, source.id)
    assert (back.revision, back.data_revision) == (3, 1)
    after = await state.blobs.create(worker, new, parent_revision=back.revision)
    for made in (before, after):
        assert not (await state.blobs.get(ana, made.id)).stale
        assert not (await state.lineage.get(ana, made.id)).stale
    await saved(state, ana, back, {"content": "new"})
    for made in (before, after):
        assert (await state.blobs.get(ana, made.id)).stale
        assert (await state.lineage.get(ana, made.id)).stale
    assert {kin.stale for kin in (await state.lineage.get(ana, source.id)).descendants} == {True}


async def test_a_save_into_the_trash_is_on_one_of_the_pages_however_small_they_are(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"})
    gone = await state.trash.trash_blob(ana, note.id)
    with pytest.raises(Conflict):
        await state.blobs.change(ana, note.id, BlobChange(data={"content": "late"}, base_revision=gone.revision))
    for limit in (1, 2, 3):
        found = await listed(state, ana, note.id, limit=limit)
        assert [(one.number, one.conflict) for one in found] == [(3, False), (3, True), (2, False), (1, False)]


class BusyStore(MemoryStore):
    """Something else is written just before revisions are listed."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def find(self, collection: Any, user_id: str, where: Where = {}, **how: Any) -> list[Any]:
        act, self.meanwhile = (self.meanwhile, None) if collection is REVISIONS else (None, self.meanwhile)
        if act is not None:
            await act()
        return await super().find(collection, user_id, where, **how)


async def test_revisions_are_listed_while_another_device_is_saving(schemas: Schemas, ana: Caller) -> None:
    store = BusyStore(COLLECTIONS)
    state = State(store, schemas)
    note = await saved(state, ana, await ContentBuilder(state, ana).note("one"), {"content": "two"})
    store.meanwhile = lambda: saved(state, ana, note, {"content": "three"}, {"content": "four"})
    assert [(one.number, one.data["content"]) for one in await listed(state, ana, note.id)] == [
        (2, "two"),
        (1, "one"),
    ]


async def test_every_revision_is_read_by_the_id_that_it_is_listed_under(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"})
    for one in await listed(state, ana, note.id):
        assert await state.revisions.get(ana, note.id, one.id) == one


async def test_a_save_that_is_late_for_a_purge_leaves_nothing_behind(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    note = await saved(state, ana, await ContentBuilder(state, ana).note("one"), {"content": "two"})
    await state.trash.trash_blob(ana, note.id)
    store.meanwhile(REVISIONS.name, lambda: purge_all(state.purging, ana))
    with pytest.raises(NotFound):
        await state.blobs.change(ana, note.id, BlobChange(data={"content": "late"}, base_revision=1))
    assert await store.count(REVISIONS, ana.user_id) == 0


async def test_a_blob_stays_in_the_trash_when_it_never_had_the_revision_it_shall_be_restored_to(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("one")
    await state.trash.trash_blob(ana, note.id)
    with pytest.raises(NotFound):
        await state.trash.restore_blob(ana, note.id, 7)
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None
    assert (await state.trash.restore_blob(ana, note.id, 1)).trashed_at is None


async def test_named_revisions_that_are_large_come_on_several_pages(state: State, ana: Caller, anything: str) -> None:
    note = await state.blobs.create(ana, NewBlob(schema_id=anything, data="1" * 3_000_000))
    await saved(state, ana, note, "2" * 3_000_000, "3" * 3_000_000)
    for number in (1, 2, 3):
        await state.revisions.rename(ana, note.id, number, f"draft {number}")
    first = await state.revisions.list(ana, note.id, named=True)
    assert [one.name for one in first.items] == ["draft 3"]
    assert [one.name for one in await listed(state, ana, note.id, named=True)] == ["draft 3", "draft 2", "draft 1"]
