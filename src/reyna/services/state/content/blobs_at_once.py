"""The creation of several blobs in one write."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from reyna.domain.blob import Blob, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, Refusal
from reyna.domain.json.data import encode_json
from reyna.ports.store import RequirementNotMet, Step, Store
from reyna.services.state.content.creation import check_creation, creation_steps, find_missing, new_blob
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS
from reyna.storage.logical_clock import LogicalClock

MAX_WRITE_ATTEMPTS: Final = 3  # the same request a second time, while the first one is under way


class NewBlobWrite(NamedTuple):
    """A new blob, its place in the order of its user, and the steps that write its references to files."""

    blob: Blob
    place: int
    files: list[Step]


class BlobsAtOnce:
    """Writes all blobs of a request or none, each validated before the first is written."""

    def __init__(
        self, store: Store, schemas: SchemaCache, quota: Quota, clock: LogicalClock, files: FileReferences
    ) -> None:
        self._store, self._schemas, self._quota, self._clock, self._files = store, schemas, quota, clock, files

    async def create(
        self, caller: Caller, new: Sequence[NewBlob], ids: Sequence[str], parent_revision: int | None
    ) -> None:
        """Writes those that are not there yet. Raises Invalid, NotFound (bucket or parent), TooLarge and TooMuch."""
        if len(new) != len(ids):
            raise Invalid.at("/ids", "are not as many as the blobs", expected=str(len(new)))
        for _ in range(MAX_WRITE_ATTEMPTS):
            found = await self._store.select(BLOBS, caller.user_id, ("id",), {"id": list(ids)})
            there = {id for (id,) in found}
            wanted = [(number, one, ids[number]) for number, one in enumerate(new) if ids[number] not in there]
            if not wanted:
                return
            blobs = [await self._build(caller, number, one, id, parent_revision) for number, one, id in wanted]
            try:
                await self._write(caller, blobs)
            except RequirementNotMet as unmet:
                if unmet.kind != "put":
                    raise await self._find_missing(caller, [one for _, one, _ in wanted]) from unmet
                continue
            return
        raise Conflict("The same blobs are written at this moment. Try again.")

    async def _build(
        self, caller: Caller, number: int, new: NewBlob, id: str, parent_revision: int | None
    ) -> NewBlobWrite:
        try:
            check_creation(caller, new, id)
            body = encode_json(new.data)
            schema = await self._schemas.latest(caller, new.schema_id)
            await schema.validate(caller, new.data, body, "data")
            files = await self._files.steps(caller.user_id, id, schema, new.data, body)
        except Refusal as refusal:
            refusal.errors = tuple(replace(error, path=f"/{number}{error.path}") for error in refusal.errors)
            raise
        place = self._clock.next(caller.user_id)
        version = schema.schema.version
        blob = new_blob(caller, new, len(body), version, place, id=id, parent_revision=parent_revision)
        return NewBlobWrite(blob, place, files)

    async def _write(self, caller: Caller, blobs: Sequence[NewBlobWrite]) -> None:
        user_id = caller.user_id
        await self._store.write(
            *(step for blob, place, files in blobs for step in (*creation_steps(blob, place), *files)),
            self._clock.step(user_id, blobs[-1].place),
            *self._quota.increments(user_id, blobs=len(blobs), bytes=sum(one.blob.size for one in blobs)),
            messages=[one.blob.event("created", caller).message() for one in blobs],
        )

    async def _find_missing(self, caller: Caller, new: Sequence[NewBlob]) -> Refusal:
        missing: Refusal = Conflict("Something these blobs need was changed at the same moment. Try again.")
        for one in new:
            missing = await find_missing(self._store, caller, one)
            if not isinstance(missing, Conflict):
                break
        return missing
