"""Search in the state service: entries follow what happens to blobs and buckets, and hits have all their places."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.search_index import MemorySearchIndex
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Fault, Forbidden, Invalid, NotFound
from reyna.domain.event import DECODER
from reyna.ports.search import INDEX_VERSION, LoadEntries
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.search.building import IndexBuilding
from reyna.services.state.search.indexer import NO_PAUSE, Indexer, Pace
from reyna.services.state.search.reactions import EventFacts, IndexReactions
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all
from tests.services.state.conftest import ContentBuilder

LATER = datetime(2200, 1, 1, tzinfo=UTC)


class IndexedState:
    """A state service on memory whose index follows the events when the test asks for it."""

    def __init__(self, schemas: Schemas) -> None:
        self.store, self.index = MemoryStore(COLLECTIONS), MemorySearchIndex()
        self.state = State(self.store, schemas, search_index=self.index)
        self.indexer = Indexer(self.store, self.index, NO_PAUSE)
        self.reactions = IndexReactions(MemoryBus(), self.indexer)

    async def follow_events(self) -> None:
        """Has the index follow the events since the last call, the newest first: their order does not matter."""
        messages = await self.store.list_unsent(before=LATER, limit=10_000)
        for message in reversed(messages):
            event = DECODER.decode(message.body)
            await self.reactions.follow(event, EventFacts(event.data.get("blob_id"), event.data.get("bucket_id")))
        await self.store.mark_sent([message.id for message in messages])

    async def find(self, caller: Caller, q: str = "", **more: Any) -> list[str]:
        await self.follow_events()
        return [hit.id for hit in (await self.state.search.find(caller, q, **more)).items]


@pytest.fixture
def indexed(schemas: Schemas) -> IndexedState:
    return IndexedState(schemas)


@pytest.fixture
def state(indexed: IndexedState) -> State:
    return indexed.state


async def test_every_hit_has_all_its_paths_and_the_passage_that_was_found(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("Novel", type="book")
    part = await anas.bucket("Part", under=book.id)
    ideas = await anas.bucket("Ideas")
    note = await anas.note("Far away. " * 50 + "A Störm rose over the sea.", part.id, ideas.id)
    await indexed.follow_events()
    (hit,) = (await indexed.state.search.find(ana, "storm")).items
    assert (hit.id, hit.kind, hit.schema_id) == (note.id, "blob", "text-input-v1")
    assert sorted([bucket.name for bucket in path] for path in hit.paths) == [["Ideas"], ["Novel", "Part"]]
    assert [part.text for part in hit.snippet if part.match] == ["Störm"]
    assert hit.snippet[0].text.startswith("…")
    (hit,) = (await indexed.state.search.find(ana, "part")).items
    assert (hit.id, [[bucket.name for bucket in path] for path in hit.paths]) == (part.id, [["Novel"]])


async def test_the_index_follows_changes_placements_trash_and_purging(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    state = indexed.state
    book = await anas.bucket("Novel")
    chapter, ideas = await anas.bucket("Chapter", under=book.id), await anas.bucket("Ideas")
    note = await anas.note("storm", chapter.id)
    assert await indexed.find(ana, "storm", bucket_id=book.id) == [note.id]
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "calm"}, base_revision=1))
    assert await indexed.find(ana, "storm") == []
    await state.placements.place(ana, ideas.id, note.id)
    assert await indexed.find(ana, "calm", bucket_id=ideas.id) == [note.id]
    await state.placements.take_out(ana, chapter.id, note.id)
    assert await indexed.find(ana, "calm", bucket_id=book.id) == []
    await state.trash.trash_bucket(ana, book.id)
    assert await indexed.find(ana, "chapter") == []
    assert await indexed.find(ana, "chapter", trashed=True) == [chapter.id]
    await state.trash.restore_bucket(ana, book.id)
    assert await indexed.find(ana, "chapter") == [chapter.id]
    await state.buckets.move(ana, chapter.id, under=ideas.id)
    assert sorted(await indexed.find(ana, bucket_id=ideas.id)) == sorted([chapter.id, note.id])
    await state.trash.trash_blob(ana, note.id)
    assert await indexed.find(ana, "calm") == []
    await purge_all(state.purging, ana)
    assert await indexed.find(ana, "calm", trashed=True) == []


async def test_what_was_derived_from_an_earlier_text_is_stale(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("storm")
    new = NewBlob(schema_id="text-input-v1", data={"content": "storm, longer"}, parent_id=note.id)
    derived = await indexed.state.blobs.create(ana, new, parent_revision=1)
    assert await indexed.find(ana, stale=True) == []
    await indexed.state.blobs.change(ana, note.id, BlobChange(data={"content": "storm!"}, base_revision=1))
    assert await indexed.find(ana, stale=True) == [derived.id]


async def test_pages_follow_each_other_and_facets_count_all_hits(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    notes = {(await anas.note(f"storm {number}")).id for number in range(5)}
    book = await anas.bucket("storm", type="book")
    await indexed.follow_events()
    page = await indexed.state.search.find(ana, "storm", limit=4)
    rest = await indexed.state.search.find(ana, "storm", limit=4, cursor=page.next_cursor)
    assert {hit.id for hit in (*page.items, *rest.items)} == notes | {book.id}
    assert (page.total, page.complete, rest.next_cursor) == (6, True, None)
    assert [(one.value, one.count) for one in page.facets.schema_id] == [("text-input-v1", 5)]
    assert [(one.value, one.count) for one in page.facets.type] == [("book", 1)]


async def test_a_wrong_question_is_refused(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    bucket, find = await anas.bucket(), indexed.state.search.find
    with pytest.raises(NotFound):
        await find(bo, "", bucket_id=bucket.id)
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}):
        with pytest.raises(Invalid):
            await find(ana, "storm", **wrong)
    with pytest.raises(Invalid):
        await find(ana, "x" * 10_001)


async def test_nothing_of_another_user_is_found(indexed: IndexedState, anas: ContentBuilder, bo: Caller) -> None:
    await anas.note("my secret storm")
    await anas.bucket("Secret")
    for q in ("secret", "secrte ", "", "-calm"):
        assert await indexed.find(bo, q) == []


async def test_missing_indexes_are_built_in_the_background_and_remains_removed(
    indexed: IndexedState, anas: ContentBuilder, bos: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    notes = [await anas.note(f"storm {number}") for number in range(3)]
    await bos.note("storm of bo")
    await indexed.follow_events()
    await indexed.index.clear(ana.user_id)
    gone = await bos.note("gone")
    await indexed.follow_events()
    await indexed.state.trash.trash_blob(bo, gone.id)
    await purge_all(indexed.state.purging, bo)
    await indexed.store.mark_sent([message.id for message in await indexed.store.list_unsent(before=LATER, limit=99)])
    assert await IndexBuilding(indexed.store, indexed.index, indexed.indexer).build_missing() == 2
    assert sorted(await indexed.find(ana, "storm")) == sorted(note.id for note in notes)
    assert await indexed.find(bo, "gone") == []
    assert await indexed.index.version_of(ana.user_id) == INDEX_VERSION
    assert await IndexBuilding(indexed.store, indexed.index, indexed.indexer).build_missing() == 0


async def test_only_the_application_builds_an_index_anew(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    await anas.note("storm")
    with pytest.raises(Forbidden):
        await indexed.state.search.reindex(ana)
    house, cursor, done = Caller(user_id=ana.user_id, kind="house"), None, 0
    for _ in range(3):
        step = await indexed.state.search.reindex(house, cursor)
        done, cursor = done + step.done, step.next_cursor
    assert cursor is None
    assert [hit.title for hit in (await indexed.state.search.find(ana, "storm")).items] == ["storm"]


async def test_without_an_index_search_is_a_fault(schemas: Schemas, ana: Caller) -> None:
    state = State(MemoryStore(COLLECTIONS), schemas)
    with pytest.raises(Fault):
        await state.search.find(ana, "storm")
    with pytest.raises(Fault):
        await state.search.reindex(system_caller())


async def test_the_language_of_a_blob_is_that_of_the_nearest_bucket_that_names_one(
    indexed: IndexedState, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("Buch", metadata={"language": "de"})
    chapter = await anas.bucket("Kapitel", under=book.id)
    note = await anas.note("Sturm.", chapter.id)
    other = await anas.note("The ship and the sea.")
    entries = await indexed.indexer.loader.load(ana.user_id, [note.id, other.id])
    assert {entry.id: entry.language for entry in entries} == {note.id: "german", other.id: "english"}


async def test_what_a_user_writes_in_a_moment_is_one_refresh(schemas: Schemas) -> None:
    refreshed: list[list[str]] = []

    class Index(MemorySearchIndex):
        async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
            refreshed.append([user_id, *ids])
            await super().refresh(user_id, ids, load)

    indexer = Indexer(MemoryStore(COLLECTIONS), Index(), Pace(gathering=0.2, rest=0.2))
    async with asyncio.TaskGroup() as tasks:
        for user_id, blob_id in (("user-ana", "blob-1"), ("user-bo", "blob-2"), ("user-ana", "blob-3")):
            tasks.create_task(indexer.refresh(user_id, [blob_id]))
            for _ in range(5):
                await asyncio.sleep(0)
    assert sorted(refreshed) == [["user-ana", "blob-1", "blob-3"], ["user-bo", "blob-2"]]
