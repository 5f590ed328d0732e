"""Files that blobs refer to stay, files that nothing refers to go after a time, and nothing half stays behind."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.adapters.memory.files import MemoryFiles
from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound, TooLarge, TooMuch
from reyna.domain.files.file import PART_BYTES, FileInfo, NewUpload, Upload
from reyna.ports.store import Put, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.files.file_records import FILES, REFERENCES, UPLOADS
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all

GRACE = timedelta(days=7)
SOON, LATER, MUCH_LATER = timedelta(hours=1), timedelta(days=8), timedelta(days=30)


@pytest.fixture
def storage() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def state(store: Store, schemas: Schemas, storage: MemoryFiles) -> State:
    return State(store, schemas, file_storage=storage, file_grace=GRACE)


@pytest.fixture
async def file(state: State, ana: Caller) -> AsyncIterator[FileInfo]:
    yield await save(state, ana, b"a recording")


async def save(state: State, caller: Caller, content: bytes) -> FileInfo:
    upload = await state.uploads.begin(caller, NewUpload(name="song.wav"))
    for start in range(0, len(content), PART_BYTES):
        upload = await state.uploads.append(caller, upload.id, start, content[start : start + PART_BYTES])
    return await state.uploads.finish(caller, upload.id)


async def stem(state: State, caller: Caller, file_id: str) -> Blob:
    return await state.blobs.create(caller, NewBlob(schema_id="audio-stem-v1", data={"file_id": file_id}))


async def collect(state: State, caller: Caller, after: timedelta) -> int:
    return await state.file_collector.collect(caller, datetime.now(UTC) + after)


async def is_there(state: State, caller: Caller, id: str) -> bool:
    try:
        await state.files.get(caller, id)
    except NotFound:
        return False
    return True


async def trash_and_purge(state: State, caller: Caller, blob: Blob) -> None:
    await state.trash.trash_blob(caller, blob.id)
    await purge_all(state.purging, caller)


async def mark_collecting(store: Store, caller: Caller, file: FileInfo) -> None:
    """Does the first of the two writes of a collection."""
    stored = await store.get(FILES, caller.user_id, file.id)
    assert stored is not None
    await store.write(Put(FILES, replace(stored, collecting=True, revision=2), expects=stored.revision))


async def test_a_blob_refers_only_to_files_of_its_user(state: State, ana: Caller, bo: Caller, file: FileInfo) -> None:
    assert (await stem(state, ana, file.id)).data == {"file_id": file.id}
    for caller, id in ((bo, file.id), (ana, "file-0000000000000000000000000z"), (ana, "no id at all")):
        with pytest.raises(Invalid) as refused:
            await stem(state, caller, id)
        assert refused.value.errors[0].path == "/data/file_id"


async def test_a_change_refers_only_to_files_that_are_there(state: State, ana: Caller, file: FileInfo) -> None:
    blob = await stem(state, ana, file.id)
    with pytest.raises(Invalid):
        await state.blobs.change(ana, blob.id, BlobChange(data={"file_id": "gone"}, base_revision=1))
    changed = BlobChange(merge_patch={"title": "Drums"}, base_revision=1)
    assert (await state.blobs.change(ana, blob.id, changed)).revision == 2


async def test_a_file_that_nothing_refers_to_goes_after_a_time(
    state: State, ana: Caller, file: FileInfo, storage: MemoryFiles
) -> None:
    assert await collect(state, ana, SOON) == 0
    assert await collect(state, ana, LATER) == 1
    assert not await is_there(state, ana, file.id)
    assert storage.objects == {}
    assert (await state.quota.usage(ana)).used.get("file_bytes", 0) == 0
    assert await state.integrity.examine(Caller(user_id=ana.user_id, kind="house")) == ()


async def test_a_file_stays_while_a_revision_or_the_trash_refers_to_it(
    state: State, ana: Caller, file: FileInfo
) -> None:
    blob, other = await stem(state, ana, file.id), await save(state, ana, b"another take")
    await state.blobs.change(ana, blob.id, BlobChange(data={"file_id": other.id}, base_revision=1))
    await state.trash.trash_blob(ana, blob.id)
    assert await collect(state, ana, MUCH_LATER) == 0
    await purge_all(state.purging, ana)
    assert await collect(state, ana, MUCH_LATER) == 0  # the time begins when it is noticed
    assert await collect(state, ana, MUCH_LATER + LATER) == 2


async def test_any_text_that_mentions_a_file_keeps_it(state: State, ana: Caller, file: FileInfo) -> None:
    text = {"content": f"![the cover](/api/files/{file.id})"}
    note = await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data=text))
    await state.blobs.create(
        ana, NewBlob(schema_id="text-input-v1", data={"content": "file-0000000000000000000000000z"})
    )
    assert await collect(state, ana, MUCH_LATER) == 0
    await trash_and_purge(state, ana, note)
    await collect(state, ana, MUCH_LATER)
    assert await collect(state, ana, MUCH_LATER + LATER) == 1


async def test_a_copy_of_a_bucket_keeps_the_files_of_its_blobs(state: State, ana: Caller, file: FileInfo) -> None:
    album = await state.buckets.create(ana, NewBucket(name="Album", type="shelf"))
    new = NewBlob(schema_id="audio-stem-v1", data={"file_id": file.id}, bucket_ids=(album.id,))
    original = await state.blobs.create(ana, new)
    await state.copies.copy_bucket(ana, album.id, deep=True)
    await trash_and_purge(state, ana, original)
    await collect(state, ana, MUCH_LATER)
    assert await collect(state, ana, MUCH_LATER + LATER) == 0


async def test_a_save_that_came_too_late_keeps_its_file(state: State, ana: Caller, file: FileInfo) -> None:
    other = await save(state, ana, b"the loser's take")
    blob = await stem(state, ana, file.id)
    await state.blobs.change(ana, blob.id, BlobChange(merge_patch={"title": "One"}, base_revision=1))
    with pytest.raises(Exception, match="Both versions are kept"):
        await state.blobs.change(ana, blob.id, BlobChange(data={"file_id": other.id}, base_revision=1))
    assert await collect(state, ana, MUCH_LATER) == 0


async def test_a_blob_revives_a_file_that_is_about_to_go(
    state: State, store: Store, ana: Caller, file: FileInfo
) -> None:
    await mark_collecting(store, ana, file)
    await stem(state, ana, file.id)
    assert await collect(state, ana, MUCH_LATER) == 0
    assert await is_there(state, ana, file.id)


async def test_the_same_content_sent_again_survives_a_collection_that_has_begun(
    state: State, store: Store, ana: Caller, file: FileInfo
) -> None:
    await mark_collecting(store, ana, file)
    assert await save(state, ana, b"a recording") == file
    assert await collect(state, ana, SOON) == 0
    assert await state.files.read(ana, file.id, 0, file.size) == b"a recording"


async def test_an_upload_that_nobody_goes_on_with_is_given_up(
    state: State, store: Store, ana: Caller, storage: MemoryFiles
) -> None:
    upload = await state.uploads.begin(ana, NewUpload(name="half", size=100))
    await state.uploads.append(ana, upload.id, 0, b"half of it")
    await collect(state, ana, SOON)
    assert (await state.uploads.get(ana, upload.id)).offset == 10
    await collect(state, ana, LATER)
    assert storage.objects == {}
    assert await store.count(UPLOADS, ana.user_id) == 0
    assert (await state.quota.usage(ana)).used.get("file_bytes", 0) == 0


async def test_parts_that_a_crash_left_are_deleted_once_they_are_old(
    state: State, ana: Caller, file: FileInfo, storage: MemoryFiles
) -> None:
    begun = await state.uploads.begin(ana, NewUpload(name="half", size=100))
    await state.uploads.append(ana, begun.id, 0, b"half of it")
    for upload_id in (begun.id, "upload-lost"):
        await storage.put(f"{ana.user_id}/{upload_id}/stray", b"x")
    now = datetime.now(UTC)
    assert await state.file_collector.delete_stray_parts(ana, now) == 0
    assert await state.file_collector.delete_stray_parts(ana, now + timedelta(days=2)) == 2
    assert len(storage.objects) == 2
    assert await state.files.read(ana, file.id, 0, 3) == b"a r"


async def test_references_of_blobs_that_are_gone_hold_nothing(
    state: State, store: Store, ana: Caller, file: FileInfo
) -> None:
    blob = await stem(state, ana, file.id)
    (reference,) = await store.find(REFERENCES, ana.user_id)
    await trash_and_purge(state, ana, blob)
    await store.write(Put(REFERENCES, reference))  # as a purge leaves it that was cut off
    await collect(state, ana, SOON)
    assert await collect(state, ana, LATER + SOON) == 1


@pytest.mark.parametrize("limits", [{"file_bytes": 20}, {"files": 1}])
async def test_files_count_against_the_quota(
    store: Store, schemas: Schemas, ana: Caller, limits: dict[str, int | None]
) -> None:
    state = State(store, schemas, file_storage=MemoryFiles(), allowed=limits, max_file_bytes=1000)
    await save(state, ana, b"0123456789")
    await save(state, ana, b"0123456789")  # the same, so it takes no room
    with pytest.raises(TooMuch):
        await save(state, ana, b"another ten and more")
    with pytest.raises(TooLarge):
        await state.uploads.begin(ana, NewUpload(size=1001))
    if "file_bytes" in limits:
        with pytest.raises(TooMuch):
            await state.uploads.begin(ana, NewUpload(size=11))


async def test_of_two_that_send_the_same_part_one_is_told_to_go_on(state: State, ana: Caller) -> None:
    upload = await state.uploads.begin(ana, NewUpload(name="x"))
    first: Upload = await state.uploads.append(ana, upload.id, 0, b"first")
    with pytest.raises(Exception, match="another offset") as late:
        await state.uploads.append(ana, upload.id, 0, b"other")
    facts: Any = late.value
    assert (first.offset, facts.facts["offset"]) == (5, 5)
    done = await state.uploads.finish(ana, upload.id)
    assert await state.files.read(ana, done.id, 0, 5) == b"first"
    assert await state.uploads.finish(ana, upload.id) == done
