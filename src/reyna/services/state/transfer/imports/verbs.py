"""The imports part: requests an import, and tells how far it is."""

from datetime import UTC, datetime
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, NotFound
from reyna.domain.ids import ulid_of
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.text.names import make_name
from reyna.ports.store import Put, Store
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.records import BUCKETS
from reyna.services.state.transfer.formats.detection import READERS
from reyna.services.state.transfer.imports.task import TASKS, ImportTask, NewImport, TransferTask
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind

UNNAMED: Final = "import"


class Imports:
    """The verbs on imports. The archive is kept as an upload until the import has ended, so that it survives a restart;
    it counts against the quota until then."""

    def __init__(self, store: Store, order: LogicalClock, uploads: Uploads) -> None:
        self._store, self._order, self._uploads = store, order, uploads

    @retry_when_clock_is_behind
    async def request(self, caller: Caller, new: NewImport) -> TransferTask:
        """Requests that an upload is imported and returns the task. Raises NotFound for the upload or the bucket,
        Conflict for a bucket in the trash, and Invalid for an empty upload or a format that is not known."""
        if new.format != "auto" and new.format not in READERS:
            raise Invalid.at("/format", "cannot be imported", expected=", ".join(("auto", *READERS)))
        if (await self._uploads.get(caller, new.upload_id)).offset == 0:
            raise Invalid("There is nothing to import: what was sent is empty.")
        if new.bucket_id is not None:
            bucket = await self._store.get(BUCKETS, caller.user_id, new.bucket_id)
            if bucket is None:
                raise NotFound(f"There is no bucket {new.bucket_id} of yours.", id=new.bucket_id, field="bucket_id")
            if bucket.trashed_at is not None:
                raise Conflict("This bucket is in the trash; restore it first.", bucket_id=bucket.id)
        number = self._order.next(caller.user_id)
        task = ImportTask(
            id=f"task-{ulid_of(number)}",
            user_id=caller.user_id,
            name=make_name(new.name.replace("\\", "/").rpartition("/")[2], instead=UNNAMED),
            format=new.format,
            bucket_id=new.bucket_id,
            atomic=new.atomic,
            upload_id=new.upload_id,
            number=number,
            created_at=datetime.now(UTC),
        )
        event = task.event("requested", caller)
        await self._store.write(Put(TASKS, task), self._order.step(caller.user_id, number), messages=[event.message()])
        return task.view()

    async def get(self, caller: Caller, id: str) -> TransferTask:
        """Returns the task. Raises NotFound."""
        if task := await self._store.get(TASKS, caller.user_id, id):
            return task.view()
        raise NotFound(id=id)

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[TransferTask]:
        """Returns the tasks, newest first."""
        found = await self._store.find(
            TASKS,
            caller.user_id,
            order=("created_at",),
            descending=True,
            after=decode_cursor(cursor, datetime, str),
            limit=check_limit(limit) + 1,
        )
        last = found[limit - 1] if len(found) > limit else None
        more = None if last is None else encode_cursor(last.created_at, last.id)
        return Page(items=tuple(task.view() for task in found[:limit]), next_cursor=more)
