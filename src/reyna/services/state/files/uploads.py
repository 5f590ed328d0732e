"""The uploads part: content arrives in parts, and becomes a file when it is complete."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, NotFound, Refusal, TooLarge, TooMuch
from reyna.domain.event import Message
from reyna.domain.files.file import MAX_FILE_NAME_CHARACTERS, PART_BYTES, FileInfo, NewUpload, Upload, file_id_of
from reyna.domain.ids import new_id
from reyna.domain.text.names import make_name
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.files.file_records import FILES, UPLOADS, StoredFile, StoredUpload
from reyna.services.state.files.media_types import HEAD_BYTES, sniff_media_type
from reyna.services.state.files.parts import AppendedParts, PartStorage
from reyna.services.state.files.running_hashes import RunningHashes
from reyna.services.state.quota import Quota
from reyna.transport.rpc import long_running

MAX_WRITE_ATTEMPTS: Final = 10  # at what others change at the same moment
UPLOAD_LIFETIME: Final = timedelta(days=1)  # without anything new, after which an upload is given up
UNNAMED: Final = "file"


class WrongOffset(Conflict):
    """The upload has another offset; go on from there."""


class WrongChecksum(Invalid):
    """The checksum does not match what arrived, and that was dropped. Send it again."""


class IncompleteUpload(Conflict):
    """The upload is not complete."""


class Uploads:
    """The verbs on uploads. Each byte counts against the quota of its user from the moment at which it is stored."""

    def __init__(
        self,
        store: Store,
        quota: Quota,
        parts: PartStorage,
        max_bytes: int | None = None,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._store, self._quota, self._parts, self._max_bytes, self._clock = store, quota, parts, max_bytes, clock
        self._hashes = RunningHashes()

    async def begin(self, caller: Caller, new: NewUpload) -> Upload:
        """Begins an upload. Raises Invalid, TooLarge, and TooMuch where the quota has no room for its size."""
        if new.size is not None:
            await self._check_room(caller, new.size)
        upload = StoredUpload(
            id=new_id("upload"),
            user_id=caller.user_id,
            name=file_name_of(new.name),
            size=new.size,
            created_by=caller.name,
            created_at=self._clock(),
            expires_at=self._clock() + UPLOAD_LIFETIME,
        )
        await self._store.write(Put(UPLOADS, upload))
        return upload.view()

    async def get(self, caller: Caller, id: str) -> Upload:
        """Returns the state of an upload. Raises NotFound."""
        return (await self._load(caller, id)).view()

    @long_running
    async def append(self, caller: Caller, id: str, offset: int, content: bytes, *, unchecked: bool = False) -> Upload:
        """Stores at most 3 MiB of content at this offset, which must be the end of what is stored.

        With `unchecked`, it does not count until `accept` was called. Raises NotFound, WrongOffset, TooLarge, TooMuch.
        """
        upload = await self._load(caller, id)
        if upload.file_id is not None or offset != upload.offset:
            raise WrongOffset(offset=upload.confirmed)
        if not content:
            return upload.view()
        self._check_size(upload, offset + len(content))
        if len(content) > PART_BYTES:
            raise TooLarge(f"At most {PART_BYTES:,} bytes can be appended at once.")
        appended = await self._parts.append(upload.user_id, id, upload.parts, offset, content)
        changed = replace(
            upload,
            offset=offset + len(content),
            unchecked_from=(offset if upload.unchecked_from is None else upload.unchecked_from) if unchecked else None,
            parts=appended.parts,
            expires_at=self._clock() + UPLOAD_LIFETIME,
            revision=upload.revision + 1,
        )
        await self._write_parts(upload, changed, appended)
        await self._hashes.add(id, offset, content)
        return changed.view()

    async def resume(self, caller: Caller, id: str, offset: int, size: int | None = None) -> Upload:
        """Goes on at this offset, which must be that of `get`: what waited for its checksum behind it is dropped.

        `size` is that of an upload which began without one. Raises NotFound, WrongOffset, Invalid, TooLarge, TooMuch.
        """
        upload = await self._load(caller, id)
        if offset != upload.confirmed:
            raise WrongOffset(offset=upload.confirmed)
        if size is not None and size != upload.size:
            upload = await self._set_size(caller, upload, size)
        if upload.unchecked_from is None:
            return upload.view()
        return (await self._drop_unchecked(upload)).view()

    async def accept(self, caller: Caller, id: str, offset: int) -> Upload:
        """Makes what waits for its checksum count, up to this offset. Raises NotFound, WrongOffset."""
        upload = await self._load(caller, id)
        if offset != upload.offset:
            raise WrongOffset(offset=upload.confirmed)
        accepted = replace(upload, unchecked_from=None, revision=upload.revision + 1)
        await self._write(upload, Put(UPLOADS, accepted, expects=upload.revision))
        return accepted.view()

    @long_running
    async def finish(self, caller: Caller, id: str, sha256: str | None = None) -> FileInfo:
        """Makes a file of the upload and returns it, or the file with the same content that is there already.

        `sha256` is what its client expects. Raises NotFound, IncompleteUpload, WrongChecksum.
        """
        upload = await self._load(caller, id)
        for _ in range(MAX_WRITE_ATTEMPTS):
            if upload.file_id is not None:
                return await self._load_finished(upload, upload.file_id)
            if upload.unchecked_from is not None or upload.size not in (None, upload.offset):
                raise IncompleteUpload(offset=upload.confirmed)
            hashed = self._hashes.take(id, upload.offset)
            hashed = hashed or await self._parts.hash(upload.user_id, id, upload.parts, upload.offset)
            if sha256 is not None and sha256.lower() != hashed:
                raise WrongChecksum(sha256=hashed)
            if (file := await self._write_file(caller, upload, hashed)) is not None:
                return file
            upload = await self._load(caller, id)
        raise Conflict("This upload is being changed by others without pause. Try again.", id=id)

    async def cancel(self, caller: Caller, id: str) -> None:
        """Gives an upload up. Raises NotFound, also for one that became a file."""
        upload = await self._load(caller, id)
        if upload.file_id is not None:
            raise NotFound(id=id)
        await self.discard(upload)

    async def discard(self, upload: StoredUpload) -> None:
        """Removes an upload and what is stored of it. Raises Conflict when it was changed at this moment."""
        counted = [] if upload.file_id else self._quota.increments(upload.user_id, file_bytes=-upload.offset)
        seen = Require(UPLOADS, upload.user_id, upload.id, {"revision": upload.revision})
        await self._write(upload, seen, Delete(UPLOADS, upload.user_id, upload.id), *counted)
        await self._parts.delete(upload.user_id, upload.id, () if upload.file_id else upload.parts)

    async def _load(self, caller: Caller, id: str) -> StoredUpload:
        if (upload := await self._store.get(UPLOADS, caller.user_id, id)) is None:
            raise NotFound(id=id)
        return upload

    async def _load_finished(self, upload: StoredUpload, file_id: str) -> FileInfo:
        if (file := await self._store.get(FILES, upload.user_id, file_id)) is None:
            raise NotFound(id=file_id)
        return file.info()

    async def _write_file(self, caller: Caller, upload: StoredUpload, sha256: str) -> FileInfo | None:
        """Writes the file and returns it, or None when something was changed at this moment."""
        now, id = self._clock(), file_id_of(sha256)
        there = await self._store.get(FILES, upload.user_id, id)
        steps: list[Step]
        messages: list[Message] = []
        if there is None:
            head = await self._parts.read(upload.user_id, upload.id, upload.parts, 0, min(upload.offset, HEAD_BYTES))
            file = StoredFile(
                id=id,
                user_id=upload.user_id,
                sha256=sha256,
                size=upload.offset,
                media_type=sniff_media_type(head),
                name=upload.name,
                upload_id=upload.id,
                parts=upload.parts,
                created_by=upload.created_by,
                created_at=now,
                unused_since=now,
            )
            steps, messages = [Put(FILES, file)], [file.created_event(caller).message()]
            steps += self._quota.increments(upload.user_id, files=1)
        else:  # also one that is about to be collected: it stays
            unused_since = None if there.unused_since is None else now
            file = replace(there, unused_since=unused_since, collecting=False, revision=there.revision + 1)
            steps = [Put(FILES, file, expects=there.revision)]
            steps += self._quota.increments(upload.user_id, file_bytes=-upload.offset)
        finished = replace(upload, file_id=id, parts=(), revision=upload.revision + 1)
        try:
            await self._store.write(*steps, Put(UPLOADS, finished, expects=upload.revision), messages=messages)
        except RequirementNotMet:
            return None
        if there is not None:
            await self._parts.delete(upload.user_id, upload.id, upload.parts)
        return file.info()

    async def _write_parts(self, upload: StoredUpload, changed: StoredUpload, appended: AppendedParts) -> None:
        """Writes the record of changed parts, and deletes those that are not needed then."""
        counted = self._quota.increments(upload.user_id, file_bytes=changed.offset - upload.offset)
        try:
            await self._write(upload, Put(UPLOADS, changed, expects=upload.revision), *counted)
        except Refusal:  # nothing was written; after a fault, the record may name the new parts
            await self._parts.delete(upload.user_id, upload.id, appended.new)
            raise
        await self._parts.delete(upload.user_id, upload.id, appended.replaced)

    async def _write(self, upload: StoredUpload, *steps: Step) -> None:
        try:
            await self._store.write(*steps)
        except RequirementNotMet as unmet:
            raise WrongOffset("Something else is sent to this upload at the same moment.", id=upload.id) from unmet

    async def _set_size(self, caller: Caller, upload: StoredUpload, size: int) -> StoredUpload:
        if upload.size is not None or size < upload.offset:
            raise Invalid.at("/size", "the upload has another size", expected=str(upload.size or upload.offset))
        await self._check_room(caller, size - upload.offset)
        sized = replace(upload, size=size, revision=upload.revision + 1)
        await self._write(upload, Put(UPLOADS, sized, expects=upload.revision))
        return sized

    async def _drop_unchecked(self, upload: StoredUpload) -> StoredUpload:
        truncated = await self._parts.truncate(upload.user_id, upload.id, upload.parts, upload.confirmed)
        dropped = replace(
            upload,
            offset=upload.confirmed,
            unchecked_from=None,
            parts=truncated.parts,
            revision=upload.revision + 1,
        )
        await self._write_parts(upload, dropped, truncated)
        return dropped

    def _check_size(self, upload: StoredUpload, end: int) -> None:
        if upload.size is not None and end > upload.size:
            raise TooLarge(f"The upload was announced with {upload.size:,} bytes.")
        self._check_max(end)

    def _check_max(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise TooLarge(f"A file can have at most {self._max_bytes:,} bytes.", allowed=self._max_bytes)

    async def _check_room(self, caller: Caller, size: int) -> None:
        """Raises what the end of the upload would raise, before anything is sent."""
        if size < 0:
            raise Invalid.at("/size", "must not be negative", expected="0 or more")
        self._check_max(size)
        allowed = self._quota.allowed.get("file_bytes")
        if allowed is None:
            return
        used = (await self._store.sums(caller.user_id)).get("file_bytes", 0)
        if used + size > allowed:
            raise TooMuch(
                f"This is more than your quota allows: {used:,} of {allowed:,} file_bytes are used.",
                what="file_bytes",
                used=used,
                allowed=allowed,
            )


def file_name_of(text: str) -> str:
    """Returns a name for a file: without the folders before it, and of visible characters of one line."""
    last = _last_of(text.replace("\\", "/").split("/"))
    return make_name(last, instead=UNNAMED, most=MAX_FILE_NAME_CHARACTERS)


def _last_of(parts: Sequence[str]) -> str:
    """Returns the last part that names something."""
    return next((part for part in reversed(parts) if part.strip(" .")), "")
