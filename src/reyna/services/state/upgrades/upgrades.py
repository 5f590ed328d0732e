"""The upgrades part: brings blobs to a later major of their schema, one when it is read so, or all as a task."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid
from reyna.domain.ids import ulid_of
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import MAX_PAGE_SIZE, Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Put, RequirementNotMet, Step, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.records import BLOBS, UPGRADES, UpgradeTask
from reyna.services.state.structure.subtree import LIVE
from reyna.services.state.upgrades.task_runner import UpgradeTaskRunner
from reyna.services.state.upgrades.upgrade_path import find_path, split_schema_id
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running

MAX_ATTEMPTS: Final = 5  # at a blob that others write at the same moment


class NewUpgrade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of two majors of one schema, `from` the older one."""

    from_: str = msgspec.field(name="from")
    to: str


async def _repeat_request(part: "Upgrades", caller: Caller, request: IdempotencyRecord) -> UpgradeTask:
    there = await part.get(caller, request.made_id)
    return there if request.answer is None else msgspec.convert(request.answer, UpgradeTask)


class Upgrades:
    """The verbs on upgrades. The trash is left as it is: what is in it can be upgraded when it is restored."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        blobs: BlobReader,
        writer: BlobWriter,
    ) -> None:
        self._store, self._schemas, self._clock, self._blobs, self._writer = store, schemas, clock, blobs, writer
        self._runner = UpgradeTaskRunner(store, schemas, blobs, writer)
        self.idempotency_keys = idempotency_keys

    async def upgrade_blob(self, caller: Caller, id: str, major: int) -> Blob:
        """Returns the blob in this major of its schema.

        A blob in an older major is upgraded through all majors between, validated and written as a new revision.

        Raises Invalid for a major that it cannot be in, by `schema_version`, or by path for data that would not fit
        there, and Conflict when it is in the trash, or when others change it all the time.
        """
        for _ in range(MAX_ATTEMPTS):
            current = await self._blobs.load(caller, id)
            name, now = split_schema_id(current.schema_id, "schema_id")
            if now == major:
                return await self._blobs.describe(current)
            if current.trashed_at is not None:
                raise Conflict(
                    "This blob is in the trash; restore it first.", current=await self._blobs.describe(current)
                )
            path = await find_path(self._schemas, caller, name, now, major, "schema_version")
            changed = await path.upgrade(caller, current)
            if written := await self._writer.replace(caller, current, changed, cause="upgrade"):
                return written
        raise Conflict("This blob is being changed by others without pause. Try again.", blob_id=id)

    @idempotent("upgrade", _repeat_request)
    @retry_when_clock_is_behind
    async def request(self, caller: Caller, new: NewUpgrade, *, key: Key = None) -> UpgradeTask:
        """Requests that all blobs of one schema are upgraded in the background, and returns the task.

        Raises Invalid by field when there is no path of upgrades, and Conflict while another such task is running.
        """
        (name, older), (other, major) = split_schema_id(new.from_, "from"), split_schema_id(new.to, "to")
        if name != other:
            raise Invalid.at("/to", "is another schema", expected=f"a later major of {name}")
        await find_path(self._schemas, caller, name, older, major, "to")
        await self._check_alone(caller, new.from_)
        number = self._clock.next(caller.user_id)
        task = UpgradeTask(
            id=f"upgrade-{ulid_of(number)}",
            user_id=caller.user_id,
            from_=new.from_,
            to=new.to,
            total=await self._store.count(BLOBS, caller.user_id, LIVE | {"schema_id": new.from_}),
            created_at=datetime.now(UTC),
        )
        try:
            once = self.idempotency_keys.steps(caller, key, task.id, task)
            steps: list[Step] = [Put(UPGRADES, task), self._clock.step(caller.user_id, number), *once]
            await self._store.write(*steps, messages=[task.event("requested", caller).message()])
        except RequirementNotMet as unmet:
            raise Conflict("This was requested at the same moment. Ask again.") from unmet
        return task

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[UpgradeTask]:
        """Returns the tasks, newest first."""
        found = await self._store.find(
            UPGRADES,
            caller.user_id,
            descending=True,
            after=decode_cursor(cursor, str),
            limit=check_limit(limit) + 1,
        )
        more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=more)

    async def get(self, caller: Caller, id: str) -> UpgradeTask:
        """Returns the task. Raises NotFound."""
        return await self._runner.load(caller, id)

    async def cancel(self, caller: Caller, id: str) -> UpgradeTask:
        """Cancels the task and returns it; what is upgraded stays so. Raises Conflict when the task has ended."""
        while True:
            task = await self.get(caller, id)
            if task.finished_at is not None:
                raise Conflict(f"This upgrade has ended: it is {task.status}.", current=task)
            if ended := await self._runner.end(caller, task, "cancelled"):
                return ended

    @long_running
    async def advance(self, caller: Caller, id: str) -> UpgradeTask:
        """Upgrades the next page of a task and returns the task. Raises Forbidden for all but the system."""
        if caller.kind != "house":
            raise Forbidden("Only the studio itself works off upgrades.")
        task = await self.get(caller, id)
        return task if task.finished_at is not None else await self._runner.advance(caller, task)

    async def _check_alone(self, caller: Caller, from_: str) -> None:
        for task in (await self.list(caller, limit=MAX_PAGE_SIZE)).items:
            if task.finished_at is None and task.from_ == from_:
                raise Conflict(f"The blobs of {from_} are being upgraded already.", current=task)
