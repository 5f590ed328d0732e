"""The collection of what no longer counts: files that nothing refers to, expired uploads, and parts of neither."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Store
from reyna.services.state.files.file_records import FILES, REFERENCES, UPLOADS, StoredFile
from reyna.services.state.files.parts import PartStorage, folder_of
from reyna.services.state.files.uploads import UPLOAD_LIFETIME, Uploads
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS
from reyna.storage.chunks import chunks

PAGE_RECORDS: Final = 500


class FileCollector:
    """Collects for one user at a time. Every step may be cut off and is safe to repeat, also by several copies.

    A file goes in two writes. The first marks it `collecting`: from then on no write that refers to it succeeds, unless
    it was revived before. What had referred to it until then is seen by the count that follows, and the second write
    deletes the record only if it is still as it was marked.
    """

    def __init__(self, store: Store, quota: Quota, parts: PartStorage, uploads: Uploads, grace: timedelta) -> None:
        self._store, self._quota, self._parts, self._uploads, self._grace = store, quota, parts, uploads, grace

    async def collect(self, caller: Caller, now: datetime) -> int:
        """Collects all of the caller's user that has expired by now, and returns the number of removed files."""
        await self._discard_uploads(caller, now)
        await self._drop_references(caller)
        removed = 0
        after: tuple[str] | None = None
        while page := await self._store.find(FILES, caller.user_id, after=after, limit=PAGE_RECORDS):
            after = (page[-1].id,)
            counts = await self._count_references(caller, [file.id for file in page])
            for file in page:
                with suppress(RequirementNotMet):  # it was changed at this moment: the next pass looks again
                    removed += await self._look_at(caller, file, counts.get(file.id, 0), now)
        return removed

    async def discard(self, caller: Caller, ids: Sequence[str]) -> None:
        """Removes those of these files that nothing refers to, without waiting for their grace to end."""
        ended = datetime.now(UTC) + self._grace
        for id in ids:
            file = await self._store.get(FILES, caller.user_id, id)
            counts = await self._count_references(caller, [id])
            if file is not None and not counts.get(id):
                with suppress(RequirementNotMet):  # it was changed at this moment, or something refers to it now
                    await self._look_at(caller, file, 0, ended)

    async def delete_stray_parts(self, caller: Caller, now: datetime) -> int:
        """Deletes stored parts that no record names, as a crash leaves them, and returns how many there were. Younger
        ones are left alone: their record may be about to be written."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        oldest_kept = (now - UPLOAD_LIFETIME).timestamp()
        async for stored in self._parts.storage.list(folder_of(caller.user_id)):
            _, upload_id, part = stored.key.split("/")
            if stored.modified_at < oldest_kept:
                found[upload_id].append(part)
        deleted = 0
        for ids in chunks(found):
            named = await self._named_parts(caller, ids)
            for id in ids:
                stray = [part for part in found[id] if part not in named.get(id, ())]
                await self._parts.delete(caller.user_id, id, stray)
                deleted += len(stray)
        return deleted

    async def _look_at(self, caller: Caller, file: StoredFile, references: int, now: datetime) -> int:
        """Collects the file if its time has come, and returns 1 then."""
        if references:
            if file.unused_since is not None or file.collecting:
                await self._put(file, unused_since=None, collecting=False)
            return 0
        if file.unused_since is None:
            await self._put(file, unused_since=now)
            return 0
        if not file.collecting and file.unused_since > now - self._grace:
            return 0
        marked = file if file.collecting else await self._put(file, collecting=True)
        if (await self._count_references(caller, [file.id])).get(file.id):
            await self._put(marked, unused_since=None, collecting=False)
            return 0
        await self._store.write(
            Require(FILES, file.user_id, file.id, {"revision": marked.revision}),
            Delete(FILES, file.user_id, file.id),
            *self._quota.increments(file.user_id, files=-1, file_bytes=-file.size),
            messages=[file.purged_event(caller).message()],
        )
        await self._parts.delete(file.user_id, file.upload_id, file.parts)
        return 1

    async def _put(self, file: StoredFile, **changes: Any) -> StoredFile:
        changed = replace(file, revision=file.revision + 1, **changes)
        await self._store.write(Put(FILES, changed, expects=file.revision))
        return changed

    async def _count_references(self, caller: Caller, ids: Sequence[str]) -> dict[str, int]:
        return await self._store.count_by(REFERENCES, caller.user_id, "file_id", {"file_id": ids})

    async def _discard_uploads(self, caller: Caller, now: datetime) -> None:
        while True:
            found = await self._store.find(UPLOADS, caller.user_id, order=("expires_at",), limit=PAGE_RECORDS)
            expired = [upload for upload in found if upload.expires_at <= now]
            discarded = 0
            for upload in expired:
                with suppress(Conflict):  # it goes on at this moment
                    await self._uploads.discard(upload)
                    discarded += 1
            if not discarded or len(expired) < PAGE_RECORDS:
                return

    async def _drop_references(self, caller: Caller) -> None:
        """Deletes references of blobs that are gone, as a purge leaves them that was cut off."""
        after: str | None = None
        while page := await self._store.select(
            REFERENCES, caller.user_id, ("id", "blob_id"), after=after, limit=PAGE_RECORDS
        ):
            after = page[-1][0]
            ids = sorted({blob_id for _, blob_id in page})
            there = {id for (id,) in await self._store.select(BLOBS, caller.user_id, ("id",), {"id": ids})}
            for lost in [id for id, blob_id in page if blob_id not in there]:
                with suppress(RequirementNotMet):
                    await self._store.write(Delete(REFERENCES, caller.user_id, lost))

    async def _named_parts(self, caller: Caller, upload_ids: Iterable[str]) -> dict[str, set[str]]:
        """Returns the parts that records name, by upload."""
        ids = list(upload_ids)
        named: defaultdict[str, set[str]] = defaultdict(set)
        for upload in await self._store.find(UPLOADS, caller.user_id, {"id": ids}):
            named[upload.id].update(upload.parts)
        for file in await self._store.find(FILES, caller.user_id, {"upload_id": ids}):
            named[file.upload_id].update(file.parts)
        return named
