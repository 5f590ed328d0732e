"""The use of a template: everything at once, or nothing."""

from functools import partial
from typing import Any

import asyncpg
import pytest

from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Invalid, NotFound, TooMuch
from reyna.domain.event import DECODER
from reyna.domain.requests.idempotency import KeyReused
from reyna.domain.schema import NewSchema
from reyna.domain.templates.document import NumberParameter, TemplateDocument
from reyna.domain.templates.template import NewTemplate, TemplateUse
from reyna.ports.store import Collection, Store
from reyna.services.processors.instances.matching import sets_off_runs
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS, JOURNAL, PLACEMENTS
from reyna.services.state.service import State
from reyna.services.state.templates.shipped_templates import SHIPPED_IDS
from tests.domain.templates.samples import bucket, document, text
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.invariants import assert_sound
from tests.services.state.structure.test_buckets import names_in
from tests.support.times import FAR_FUTURE

SAMPLE = document(
    bucket("Chapter {chapter}", text("{hero}"), text("two", label="L"), times="chapters", metadata={"n": "{chapter}"}),
    text("end"),
)


async def use(state: State, caller: Caller, template: TemplateDocument = SAMPLE, **more: Any) -> Bucket:
    key = more.pop("key", None)
    made = await state.templates.import_document(caller, template)
    return await state.template_uses.instantiate(caller, made.id, TemplateUse(**({"name": "My book"} | more)), key=key)


async def counted(store: Store, caller: Caller) -> list[int]:
    collections: tuple[Collection[Any], ...] = (BUCKETS, BLOBS, PLACEMENTS)
    return [await store.count(one, caller.user_id) for one in collections]


@pytest.mark.parametrize("id", SHIPPED_IDS)
async def test_every_shipped_template_can_be_used(state: State, memory_store: Store, ana: Caller, id: str) -> None:
    template = await state.templates.get(ana, id)
    made = await state.template_uses.instantiate(ana, id, TemplateUse(name="Mine {title}"))
    assert (made.name, made.type, made.user_id) == ("Mine {title}", template.type, ana.user_id)
    usage = (await state.quota.usage(ana)).used
    assert (usage["buckets"], usage["blobs"]) == (template.bucket_count, template.text_count)


async def test_what_is_made_has_the_order_names_labels_and_metadata_of_the_template(
    store: Store, state: State, ana: Caller
) -> None:
    book = await use(state, ana, parameters={"chapters": 3, "hero": "Bo"})
    assert book == await state.buckets.get(ana, book.id)
    assert (book.revision, book.child_count, book.blob_count, book.parent_bucket_id) == (1, 3, 1, None)
    assert await names_in(state, ana, book.id) == ["Chapter 1", "Chapter 2", "Chapter 3", "end"]
    third = await state.buckets.get(ana, book.child_bucket_ids[2])
    assert third.metadata == {"n": 3}
    items = (await state.placements.list_items(ana, third.id)).items
    assert [(one.blob and one.blob.data["content"], one.placement and one.placement.label) for one in items] == [
        ("Bo", None),
        ("two", "L"),
    ]
    await assert_sound(store, ana.user_id)


async def test_it_goes_where_it_is_told(state: State, anas: ContentBuilder, ana: Caller) -> None:
    shelf = await anas.bucket("shelf")
    first = await anas.bucket("first", shelf.id)
    await anas.bucket("last", shelf.id)
    await use(state, ana, parent_bucket_id=shelf.id)
    await use(state, ana, parent_bucket_id=shelf.id, after=first.id, name="behind")
    await use(state, ana, parent_bucket_id=shelf.id, after=None, name="front")
    assert await names_in(state, ana, shelf.id) == ["front", "first", "behind", "last", "My book"]


async def test_one_undo_takes_all_of_it_back_and_one_redo_brings_it_again(
    store: Store, state: State, ana: Caller
) -> None:
    book = await use(state, ana)
    assert await store.count(JOURNAL, ana.user_id) == 1
    undone = await state.journal.undo(ana)
    assert (undone.act, undone.name, undone.bucket_id) == ("use_template", "My book", book.id)
    assert await store.count(BUCKETS, ana.user_id, {"trashed_at": None}) == 0
    assert await store.count(BLOBS, ana.user_id, {"trashed_at": None}) == 0
    await state.journal.redo(ana)
    assert await names_in(state, ana, book.id) == ["Chapter 1", "Chapter 2", "end"]
    await assert_sound(store, ana.user_id)


async def test_undo_does_not_take_away_what_came_in_since(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await use(state, ana)
    note = await anas.note("mine", book.child_bucket_ids[0])
    with pytest.raises(CameInSince):
        await state.journal.undo(ana)
    assert (await state.blobs.get(ana, note.id)).trashed_at is None


async def test_its_events_start_no_processor(store: Store, state: State, ana: Caller) -> None:
    await use(state, ana)
    events = [DECODER.decode(one.body) for one in await store.list_unsent(before=FAR_FUTURE, limit=100)]
    made = [one for one in events if not one.type.startswith("template.")]
    assert sorted(one.type for one in made) == ["blob.created.text-input-v1"] * 5 + ["bucket.created"] * 3
    assert {one.data["cause"] for one in made} == {"template"}
    assert not any(sets_off_runs(one.data["cause"]) for one in made)
    assert all(one.data["bucket_ids"] for one in made if one.type.startswith("blob."))


async def test_what_stands_at_one_moment_is_saved_and_made_again_the_same(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await use(state, ana)
    saved = await state.templates.save(ana, NewTemplate(bucket_id=book.id, name="Mine", texts=True))
    again = await state.template_uses.instantiate(ana, saved.id, TemplateUse(name="My book"))
    resaved = await state.templates.save(ana, NewTemplate(bucket_id=again.id, name="Mine", texts=True))
    assert await state.templates.document(ana, resaved.id) == await state.templates.document(ana, saved.id)


@pytest.mark.parametrize("where", ["trashed", "bo's", "nowhere"])
async def test_a_target_that_is_not_there_is_refused_and_nothing_is_made(
    store: Store, state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller, where: str
) -> None:
    mine, his = await anas.bucket("mine"), await bos.bucket("his")
    await state.trash.trash_bucket(ana, mine.id)
    target = {"trashed": mine.id, "bo's": his.id, "nowhere": "bucket-x"}[where]
    before = await counted(store, ana)
    with pytest.raises(NotFound) as refused:
        await use(state, ana, parent_bucket_id=target)
    assert refused.value.facts["field"] == "parent_bucket_id"
    assert await counted(store, ana) == before


async def test_a_target_that_goes_to_the_trash_meanwhile_is_refused(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    shelf = await ContentBuilder(state, ana).bucket("shelf")
    store.meanwhile("state.placements", partial(state.trash.trash_bucket, ana, shelf.id))
    with pytest.raises(NotFound):
        await use(state, ana, parent_bucket_id=shelf.id)
    assert await store.count(BUCKETS, ana.user_id) == 1


async def test_nobody_uses_a_template_of_mine(state: State, ana: Caller, bo: Caller) -> None:
    mine = await state.templates.import_document(ana, SAMPLE)
    with pytest.raises(NotFound):
        await state.template_uses.instantiate(bo, mine.id, TemplateUse(name="His"))


async def test_more_than_the_quota_allows_is_refused_as_a_whole(
    memory_store: Store, schemas: Schemas, ana: Caller
) -> None:
    state = State(memory_store, schemas, allowed={"buckets": 5, "blobs": 100, "bytes": None})
    with pytest.raises(TooMuch):
        await use(state, ana, parameters={"chapters": 5})
    assert await counted(memory_store, ana) == [0, 0, 0]
    await use(state, ana, parameters={"chapters": 4})


async def test_texts_and_metadata_are_held_to_the_schemas_of_whoever_uses_it(
    store: Store, state: State, schemas: Schemas, ana: Caller
) -> None:
    with pytest.raises(Invalid) as refused:
        await use(state, ana, document(text("x", schema_id="no-such-v1")))
    assert refused.value.errors[0].path == "/items/1/schema_id"
    strict = {"type": "object", "required": ["mood"]}
    await schemas.versions.register(ana, NewSchema(name="scene", kind="bucket", json_schema=strict))
    with pytest.raises(Invalid) as refused:
        await use(state, ana)
    assert refused.value.errors[0].path.startswith("/items/1/metadata")
    assert await counted(store, ana) == [0, 0, 0]


async def test_a_repeated_request_makes_it_once(store: Store, state: State, ana: Caller) -> None:
    mine = await state.templates.import_document(ana, SAMPLE)
    made = await state.template_uses.instantiate(ana, mine.id, TemplateUse(name="Once"), key="k")
    before = await counted(store, ana)
    assert await state.template_uses.instantiate(ana, mine.id, TemplateUse(name="Once"), key="k") == made
    assert await counted(store, ana) == before
    with pytest.raises(KeyReused):
        await state.templates.import_document(ana, SAMPLE, key="k")


async def test_a_large_template_is_one_write(pool: asyncpg.Pool, schemas: Schemas, ana: Caller) -> None:
    store = PostgresStore(pool, "state", COLLECTIONS)
    state = State(store, schemas)
    many = NumberParameter(name="chapters", label="Chapters", default=1, maximum=1000)
    notes = [text("The ship sailed. " * 20) for _ in range(4)]
    large = document(bucket("Chapter {chapter}", *notes, times="chapters"), parameters=(many,))
    book = await use(state, ana, large, parameters={"chapters": 1000})
    assert (await counted(store, ana), book.child_count) == ([1001, 4000, 4000], 1000)
    await state.journal.undo(ana)
    assert await store.count(BLOBS, ana.user_id, {"trashed_at": None}) == 0
