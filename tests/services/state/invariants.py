"""What must be so whatever was done, by however many at once."""

from typing import Any

from reyna.ports.store import Store
from reyna.services.state.files.file_records import FILES, UPLOADS
from reyna.services.state.quota import COUNTED, COUNTED_FILES
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, TRASH


async def assert_sound(store: Store, user_id: str) -> set[str]:
    """The tree is a tree, nothing live stands inside the trash, the trash knows what it holds and the sums are those
    of a recount; gives back the ids of all buckets and blobs."""
    buckets = {bucket.id: bucket for bucket in await store.find(BUCKETS, user_id)}
    blobs = {blob.id: blob for blob in await store.find(BLOBS, user_id)}
    live = {id for id, record in (buckets | blobs).items() if record.trashed_at is None}
    for bucket in buckets.values():
        above, steps = bucket, 0
        while above.parent_bucket_id is not None:
            assert bucket.id not in live or above.parent_bucket_id in live
            above, steps = buckets[above.parent_bucket_id], steps + 1
            assert steps <= len(buckets)
    places = await store.find(PLACEMENTS, user_id)
    for place in places:
        assert (place.trashed_at is None) == (place.bucket_id in live and place.blob_id in live)
    units = {unit.id: unit for unit in await store.find(TRASH, user_id)}
    records: list[Any] = [*buckets.values(), *blobs.values(), *places]
    for record in records:
        assert (record.trashed_at is None) == (record.trash_id is None)
        assert record.trash_id is None or record.trash_id in units
    for unit in units.values():
        assert unit.bucket_count == sum(bucket.trash_id == unit.id for bucket in buckets.values())
        assert unit.item_id not in live
    sums = {what: value for what, value in (await store.sums(user_id)).items() if value}
    bytes, files = sum(blob.size for blob in blobs.values()), await store.find(FILES, user_id)
    sent = sum(upload.offset for upload in await store.find(UPLOADS, user_id) if upload.file_id is None)
    file_bytes = sum(file.size for file in files) + sent
    counted = {"blobs": len(blobs), "bytes": bytes, "buckets": len(buckets)}
    counted |= {"files": len(files), "file_bytes": file_bytes}
    sums = {what: value for what, value in sums.items() if what in (*COUNTED, *COUNTED_FILES)}
    assert sums == {what: value for what, value in counted.items() if value}
    return buckets.keys() | blobs.keys()
