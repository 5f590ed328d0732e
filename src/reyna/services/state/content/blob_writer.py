"""Writes the next revision of a blob, and keeps saves that came too late."""

from collections.abc import Sequence
from typing import Any

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, StaleRevision
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS
from reyna.services.state.revisions.revision_storage import is_same_json, late_save_step, superseding_step


class BlobWriter:
    """Writes changed blobs into one store."""

    def __init__(self, store: Store, blobs: BlobReader, quota: Quota) -> None:
        self._store, self._blobs, self._quota = store, blobs, quota

    async def replace(
        self, caller: Caller, current: Blob, changed: Blob, files: Sequence[Step] = (), **facts: Any
    ) -> Blob | None:
        """Writes the changed blob and returns it as it is now, or None when somebody else was faster.

        `files` are the steps that write its references to files.
        """
        described = await self._blobs.describe(changed)
        try:
            await self._store.write(
                *await self.change_steps(current, changed),
                *files,
                messages=[described.event("updated", caller, **facts).message()],
            )
        except RequirementNotMet:
            return None
        return described

    async def change_steps(self, current: Blob, changed: Blob) -> list[Step]:
        """Returns the steps that replace a blob, which fail when it has changed since."""
        counted = self._quota.increments(current.user_id, bytes=changed.size - current.size)
        return [await superseding_step(current, changed), Put(BLOBS, changed, expects=current.revision), *counted]

    async def keep_late_save(
        self, caller: Caller, mine: Blob, base_revision: int, files: Sequence[Step] = ()
    ) -> StaleRevision:
        """Keeps a save that came too late, and returns the refusal that says so, with the current blob."""
        kept_as = await self._keep(caller, mine, base_revision, files)
        current = await self._blobs.load_described(caller, mine.id)
        return StaleRevision(blob_id=mine.id, yours=base_revision, kept_as=kept_as, current=current)

    async def keep_save_to_trashed(
        self, caller: Caller, current: Blob, mine: Blob, base_revision: int, files: Sequence[Step] = ()
    ) -> Conflict:
        """Keeps a save to a blob that is in the trash by now, and returns the refusal that says so."""
        message, described = "This blob is in the trash; restore it first.", await self._blobs.describe(current)
        if is_same_json(mine.data, current.data):
            return Conflict(message, current=described)
        kept_as = await self._keep(caller, mine, base_revision, files)
        return Conflict(f"{message} What you sent is kept.", kept_as=kept_as, current=described)

    async def _keep(self, caller: Caller, mine: Blob, base_revision: int, files: Sequence[Step]) -> str:
        """Returns the id under which the save is kept. Raises NotFound where the blob was purged: nothing stays."""
        kept = await late_save_step(mine, base_revision, caller.name)
        try:
            await self._store.write(Require(BLOBS, mine.user_id, mine.id), kept, *files)
        except RequirementNotMet as unmet:
            raise NotFound(id=mine.id) from unmet
        id: str = kept.record.id
        return id
