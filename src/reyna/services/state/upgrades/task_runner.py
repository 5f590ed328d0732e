"""Runs upgrade tasks, page by page."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound, Refusal
from reyna.domain.ids import ULID_LENGTH
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.text.clusters import truncate
from reyna.ports.store import Put, RequirementNotMet, Step, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.records import BLOBS, UPGRADES, Failure, UpgradeTask
from reyna.services.state.structure.subtree import LIVE
from reyna.services.state.upgrades.upgrade_path import UpgradePath, find_path, split_schema_id

PAGE_BLOBS: Final = 50  # in one write of a task, unless they are large
MAX_LISTED_FAILURES: Final = 20
MAX_REASON_LENGTH: Final = 500  # characters of why one failed


EndStatus = Literal["completed", "failed", "cancelled"]


class UpgradeTaskRunner:
    """Advances upgrade tasks.

    Each write says how far the task came, so that it goes on there after a crash and counts no blob twice.
    """

    def __init__(self, store: Store, schemas: SchemaCache, blobs: BlobReader, writer: BlobWriter) -> None:
        self._store, self._schemas, self._blobs, self._writer = store, schemas, blobs, writer

    async def load(self, caller: Caller, id: str) -> UpgradeTask:
        """Returns the task. Raises NotFound."""
        if task := await self._store.get(UPGRADES, caller.user_id, id):
            return task
        raise NotFound(id=id)

    async def advance(self, caller: Caller, task: UpgradeTask) -> UpgradeTask:
        """Upgrades the next page of a task, in as many writes as its size asks for, and returns the task."""
        (name, older), (_, major) = split_schema_id(task.from_, "from"), split_schema_id(task.to, "to")
        try:
            path = await find_path(self._schemas, caller, name, older, major, "to")
            return await self._advance_page(caller, task, path)
        except Refusal as refusal:  # an upgrade is not there any more, or there is no room for what comes out
            failed = replace(await self.load(caller, task.id), error=refusal.detail)
            return await self.end(caller, failed, "failed") or await self.load(caller, task.id)

    async def _advance_page(self, caller: Caller, task: UpgradeTask, path: UpgradePath) -> UpgradeTask:
        after = None if task.reached is None else _parse_position(task.reached)
        where = LIVE | {"schema_id": task.from_}
        page = await self._store.find(BLOBS, caller.user_id, where, order=("sequence",), after=after, limit=PAGE_BLOBS)
        if not page:
            return await self.end(caller, task, "completed") or await self.load(caller, task.id)
        for blobs in _split_portions(page):
            written = await self._upgrade_portion(caller, task, path, blobs)
            if written is None:  # somebody else wrote: look again
                return await self.load(caller, task.id)
            task = written
        return task

    async def _upgrade_portion(
        self, caller: Caller, task: UpgradeTask, path: UpgradePath, blobs: Sequence[Blob]
    ) -> UpgradeTask | None:
        """Upgrades these blobs in one write, or one by one where one of them was changed at that moment.

        Returns the task, or None when somebody else changed it.
        """
        if written := await self._write_portion(caller, task, path, blobs):
            return written
        if len(blobs) > 1:
            now: UpgradeTask | None = task
            for blob in blobs:
                now = now and await self._upgrade_portion(caller, now, path, [blob])
            return now
        fresh = await self._store.find(BLOBS, caller.user_id, LIVE | {"schema_id": task.from_, "id": blobs[0].id})
        return await self._write_portion(caller, task, path, fresh, reached=_position_of(blobs[0]))

    async def _write_portion(
        self, caller: Caller, task: UpgradeTask, path: UpgradePath, blobs: Sequence[Blob], *, reached: str | None = None
    ) -> UpgradeTask | None:
        attempts = await path.try_upgrades(caller, blobs)
        failures = [
            Failure(blob_id=blob.id, message=_reason_of(attempt))
            for blob, attempt in zip(blobs, attempts, strict=True)
            if isinstance(attempt, Refusal)
        ]
        changes = [(blob, attempt) for blob, attempt in zip(blobs, attempts, strict=True) if isinstance(attempt, Blob)]
        steps: list[Step] = []
        for blob, changed in changes:
            steps += await self._writer.change_steps(blob, changed)
        further = replace(
            task,
            status="running",
            done=task.done + len(changes),
            failed=task.failed + len(failures),
            errors=(*task.errors, *failures)[:MAX_LISTED_FAILURES],
            reached=reached or _position_of(blobs[-1]),
            revision=task.revision + 1,
        )
        described = await self._blobs.describe_all(caller.user_id, [changed for _, changed in changes])
        messages = [blob.event("updated", caller, cause="upgrade").message() for blob in described]
        try:
            await self._store.write(Put(UPGRADES, further, expects=task.revision), *steps, messages=messages)
        except RequirementNotMet:
            return None
        return further

    async def end(self, caller: Caller, task: UpgradeTask, status: EndStatus) -> UpgradeTask | None:
        """Writes the end of a task and returns it, or None when somebody else changed the task."""
        total = task.done + task.failed if status == "completed" else task.total
        ended = replace(task, status=status, total=total, finished_at=datetime.now(UTC), revision=task.revision + 1)
        try:
            await self._store.write(
                Put(UPGRADES, ended, expects=task.revision), messages=[ended.event(status, caller).message()]
            )
        except RequirementNotMet:
            return None
        return ended


def _position_of(blob: Blob) -> str:
    return f"{blob.sequence}/{blob.id}"


def _parse_position(reached: str) -> tuple[str, str]:
    """Returns the position among the blobs; older tasks stored only the id."""
    sequence, _, id = reached.rpartition("/")
    return sequence or id[-ULID_LENGTH:], id


def _split_portions(blobs: Sequence[Blob]) -> Iterable[list[Blob]]:
    """Yields the blobs in order, as many at once as one blob may have bytes, at least one."""
    portion: list[Blob] = []
    for blob in blobs:
        if portion and sum(one.size for one in portion) + blob.size > MAX_BLOB_BYTES:
            yield portion
            portion = []
        portion.append(blob)
    yield portion


def _reason_of(refusal: Refusal) -> str:
    places = "; ".join(f"{error.path or 'the whole'} {error.message}" for error in refusal.errors[:3])
    return truncate(places or refusal.detail, MAX_REASON_LENGTH)
