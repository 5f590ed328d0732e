"""What somebody may rely on who imports an archive, once or several times."""

import pytest

from reyna.adapters.memory.files import MemoryFiles
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.files.file_records import FILES, UPLOADS
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS
from reyna.services.state.service import State
from tests.services.state.invariants import assert_sound
from tests.services.state.transfer.conftest import LibraryBuilder, entries_of, export_bytes
from tests.services.state.transfer.importing import attempt_import, import_archive, request_import, zip_of


async def test_a_repeated_import_makes_nothing_twice(
    state: State, store: Store, library: LibraryBuilder, ana: Caller, bo: Caller
) -> None:
    await library.build()
    archive = await export_bytes(state, ana)
    await import_archive(state, bo, archive)
    before = await export_bytes(state, bo)
    report = await import_archive(state, bo, archive)
    assert (report.blobs, report.buckets, report.already_there) == (0, 0, 6)
    assert await export_bytes(state, bo) == before
    await assert_sound(store, bo.user_id)


async def test_a_copy_beside_the_original_is_undone_as_one_and_can_come_again(
    state: State, store: Store, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    archive = await export_bytes(state, ana, made["book"].id)
    before = await export_bytes(state, ana)
    report = await import_archive(state, ana, archive)
    assert (report.buckets, report.already_there) == (4, 0)
    await state.journal.undo(ana)
    assert await export_bytes(state, ana) == before
    assert len((await state.trash.list(ana)).items) == 2
    again = await import_archive(state, ana, archive)
    assert (again.buckets, again.blobs, again.left_out) == (4, report.blobs, 0)
    await assert_sound(store, ana.user_id)


async def test_an_atomic_import_that_cannot_be_whole_leaves_nothing(
    state: State, store: Store, library: LibraryBuilder, ana: Caller, bo: Caller
) -> None:
    made = await library.build()
    entries = entries_of(await export_bytes(state, ana))
    path = next(path for path in entries if path.endswith("02 recipe-v1.json"))
    entries[path] = entries[path].replace(b'"steps": [', b'"stops": [')
    task = await attempt_import(state, bo, zip_of(entries), atomic=True)
    assert (task.status, task.report) == ("failed", None)
    assert task.error is not None and task.error.startswith(path)
    kept = [await store.count(BLOBS, bo.user_id), await store.count(BUCKETS, bo.user_id)]
    assert [*kept, await store.count(FILES, bo.user_id), await store.count(UPLOADS, bo.user_id)] == [0, 0, 0, 0]
    report = await import_archive(state, bo, zip_of(entries))
    assert [(note.path, note.what) for note in report.notes] == [(path, "rejected")]
    assert (report.blobs, report.left_out, report.buckets) == (5, 1, 5)
    assert made["image"] in {file.id for file in (await state.files.list(bo)).items}


async def test_an_atomic_import_is_one_write_and_one_undo(
    state: State, library: LibraryBuilder, ana: Caller, bo: Caller
) -> None:
    await library.build()
    report = await import_archive(state, bo, await export_bytes(state, ana), atomic=True)
    assert (report.buckets, report.blobs) == (5, 6)
    undone = await state.journal.undo(bo)
    assert undone.name == "a.zip"
    assert [bucket for bucket in (await state.buckets.list(bo)).items if bucket.trashed_at is None] == []


async def test_the_quota_holds_and_what_there_was_room_for_stays(
    library: LibraryBuilder, state: State, schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    await library.build()
    archive = await export_bytes(state, ana)
    store = MemoryStore(COLLECTIONS)
    small = State(store, schemas, allowed={"blobs": 3}, file_storage=MemoryFiles())
    task = await attempt_import(small, bo, archive)
    assert task.status == "failed" and task.error is not None and "quota" in task.error
    assert len(await store.find(BLOBS, bo.user_id)) <= 3
    atomic = await attempt_import(small, bo, archive, atomic=True)
    assert atomic.status == "failed"
    await assert_sound(store, bo.user_id)


async def test_an_import_that_broke_off_is_finished_by_the_next_attempt(
    state: State, store: Store, library: LibraryBuilder, schemas: Schemas, file_content: MemoryFiles, ana: Caller
) -> None:
    await library.build()
    archive = await export_bytes(state, ana)
    bo = Caller(user_id="user-bo")
    id = await request_import(state, bo, archive)
    restarted = State(store, schemas, file_storage=file_content)
    assert (await restarted.imports.get(bo, id)).status == "requested"
    task = await restarted.import_worker.run(bo, id)
    assert (task.status, task.progress) == ("completed", 1.0)
    assert (await restarted.import_worker.run(bo, id)).revision == task.revision
    assert [upload for upload in await store.find(UPLOADS, bo.user_id) if upload.file_id is None] == []


async def test_an_import_that_always_breaks_off_is_given_up_and_says_so(
    state: State, store: Store, ana: Caller
) -> None:
    id = await request_import(state, ana, zip_of({"a.md": "A"}))
    await state.import_worker.give_up(ana, id)
    task = await state.imports.get(ana, id)
    assert task.status == "failed" and task.error is not None and "safe to repeat" in task.error
    gone = await request_import(state, ana, zip_of({"a.md": "A"}))
    for upload in await store.find(UPLOADS, ana.user_id):
        await state.uploads.cancel(ana, upload.id)
    ended = await state.import_worker.run(ana, gone)
    assert ended.error is not None and "not there any more" in ended.error


async def test_what_cannot_be_begun_is_refused_at_once(state: State, ana: Caller, bo: Caller) -> None:
    with pytest.raises(Invalid, match="empty"):
        await request_import(state, ana, b"")
    with pytest.raises(NotFound):
        await request_import(state, ana, b"text", bucket_id="bucket-none")
    id = await request_import(state, ana, b"text", "a.md")
    with pytest.raises(NotFound):
        await state.imports.get(bo, id)
    assert [task.id for task in (await state.imports.list(ana)).items] == [id]
    assert (await state.imports.list(bo)).items == ()


async def test_an_archive_that_is_not_whole_or_from_a_later_version_is_refused(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    await library.build()
    entries = entries_of(await export_bytes(state, ana))
    missing = {path: content for path, content in entries.items() if path != "unplaced/01 Loose end.md"}
    later = entries | {
        "manifest.json": entries["manifest.json"].replace(b'"format_version": 1', b'"format_version": 9')
    }
    unfinished = {path: content for path, content in entries.items() if path != "manifest.json"}
    for archive, reason in ((missing, "not whole"), (later, "later version"), (unfinished, "not whole")):
        task = await attempt_import(state, ana, zip_of(archive), format="reyna")
        assert task.error is not None and reason in task.error, task.error
