"""An export that is imported gives the same library again."""

import pytest

from reyna.adapters.memory.files import MemoryFiles
from reyna.domain.caller import Caller
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from tests.services.state.invariants import assert_sound
from tests.services.state.transfer.conftest import LibraryBuilder, entries_of, export_bytes
from tests.services.state.transfer.importing import import_archive, without_ids


async def check_round_trip(state: State, library: LibraryBuilder, bo: Caller, *, revisions: bool) -> None:
    await library.build()
    first = await export_bytes(state, library.caller, revisions=revisions)
    report = await import_archive(state, bo, first)
    assert (report.format, report.left_out, report.notes) == ("reyna", 0, ())
    assert (report.buckets, report.blobs, report.places, report.files) == (5, 6, 6, 1)
    second = await export_bytes(state, bo, revisions=revisions)
    assert without_ids(entries_of(second)) == without_ids(entries_of(first))


@pytest.mark.parametrize("revisions", [True, False])
async def test_an_import_into_a_fresh_account_exports_the_same_bytes_apart_from_ids(
    state: State, store: Store, library: LibraryBuilder, bo: Caller, *, revisions: bool
) -> None:
    await check_round_trip(state, library, bo, revisions=revisions)
    await assert_sound(store, bo.user_id)


async def test_the_round_trip_holds_on_mongo_too(
    mongo_store: Store, schemas: Schemas, file_content: MemoryFiles, ana: Caller, bo: Caller
) -> None:
    state = State(mongo_store, schemas, file_storage=file_content)
    await check_round_trip(state, LibraryBuilder(state, schemas, ana), bo, revisions=True)
    await assert_sound(mongo_store, bo.user_id)


async def test_a_bucket_comes_into_another_one_with_what_is_mentioned_in_it(
    state: State, library: LibraryBuilder, ana: Caller, bo: Caller
) -> None:
    made = await library.build()
    mention = await library.text(f"See [the opening](/blobs/{made['first'].id}).", made["one"].id)
    archive = await export_bytes(state, ana, made["book"].id, revisions=False)
    shelf = await LibraryBuilder(state, library.schemas, bo).bucket("Shelf")
    report = await import_archive(state, bo, archive, bucket_id=shelf.id)
    assert len(report.bucket_ids) == 1
    (book,) = (await state.buckets.list(bo, parent_bucket_id=shelf.id)).items
    assert (book.id, book.name, book.metadata) == (report.bucket_ids[0], made["book"].name, made["book"].metadata)
    texts = {blob.data["content"]: blob for blob in (await state.blobs.list(bo, limit=200)).items}
    opening = texts["# The sea\n\nIt raged all night."]
    assert f"See [the opening](/blobs/{opening.id})." in texts
    derived = await state.blobs.get(bo, texts["Derived."].id)
    assert (derived.parent_id, derived.stale) == (opening.id, True)
    assert mention.id not in {blob.id for blob in texts.values()}


async def test_revisions_that_were_imported_can_be_read_and_restored(
    state: State, library: LibraryBuilder, ana: Caller, bo: Caller
) -> None:
    made = await library.build()
    await import_archive(state, bo, await export_bytes(state, ana))
    mine = {blob.data["content"]: blob for blob in (await state.blobs.list(bo, schema_id="text-input-v1")).items}
    there = mine["# The sea\n\nIt raged all night."]
    hers = (await state.revisions.list(ana, made["first"].id)).items
    revisions = (await state.revisions.list(bo, there.id)).items
    assert [(one.number, one.name, one.conflict, one.data) for one in revisions] == [
        (one.number, one.name, one.conflict, one.data) for one in hers
    ]
    assert {one.author for one in revisions} == {bo.user_id}
    back = await state.revisions.get(bo, there.id, 1)
    assert back.data["content"] == "# The sea\n\nIt was calm.\r\n"
