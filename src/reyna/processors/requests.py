"""Runs that a user asks for, calls off and asks for again, and the dead letters of those that were given up."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from reyna.domain.blob import Blob, BlobChange
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Invalid, NotFound, TooMuch
from reyna.domain.ids import new_id
from reyna.domain.page import MOST, Page
from reyna.domain.processor import Processor
from reyna.domain.run import DeadLetter, NewRuns, Run, Status
from reyna.ports import Drop, Store, Unmet
from reyna.processors import lifecycle
from reyna.processors.book import Change, RunBook
from reyna.processors.neighbours import StateVerbs
from reyna.processors.records import DEAD, RUNS, newest_first
from reyna.processors.registry import Registry
from reyna.processors.settings import check_settings

MOST_RUNS: Final = 1_000  # in one request, which is one write


class Requests:
    def __init__(
        self, store: Store, book: RunBook, registry: Registry, state: StateVerbs, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._book, self._registry, self._state, self._clock = store, book, registry, state, clock

    async def request(self, caller: Caller, new: NewRuns) -> list[Run]:
        if bool(new.blob_ids) == (new.bucket_id is not None):
            raise Invalid.at("/blob_ids", "say either which blobs or which bucket", expected="blob_ids or bucket_id")
        processor = await self._registry.processor(new.processor_id)
        check_settings(processor, new.settings)
        if new.bucket_id is None:
            blobs = await self._named(caller, processor, new.blob_ids)
        else:
            blobs = await self._fitting(caller, processor, new.bucket_id)
        now = self._clock()
        runs = [lifecycle.requested(new_id("run"), processor, blob, new.settings, now) for blob in blobs]
        if runs:
            await self._book.request(caller, runs)
        return runs

    async def page(
        self,
        caller: Caller,
        *,
        status: Status | None,
        processor_id: str | None,
        blob_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Run]:
        asked = {"status": status, "processor_id": processor_id, "blob_id": blob_id}
        where = {field: value for field, value in asked.items() if value is not None}
        return await newest_first(
            self._store, RUNS, caller.user_id, where, by="requested_at", limit=limit, cursor=cursor
        )

    async def cancel(self, caller: Caller, id: str) -> Run:
        def decide(run: Run) -> Change:
            cancelled = lifecycle.cancelled(run, self._clock())
            return Change(cancelled, (cancelled.event("cancelled", caller).message(),))

        return await self._book.change(caller, id, decide)

    async def retry(self, caller: Caller, id: str, data: Any = None) -> Run:
        """From the start, with the processor and the blob as they are now; its dead letter, if any, is settled.

        With `data` the blob gets it as a new revision first.
        """
        run = await self._book.run(caller, id)
        lifecycle.check_retried(run)
        processor = await self._registry.processor(run.processor_id)
        blob = await self._usable(caller, processor, run.blob_id, "/blob_id")
        if data is not None:
            blob = await self._state.change_blob(caller, blob.id, BlobChange(data=data, base_revision=blob.revision))
        letter = await self._store.get(DEAD, caller.user_id, lifecycle.dead_id(id))
        steps = (Drop(DEAD, caller.user_id, letter.id),) if letter else ()

        def decide(run: Run) -> Change:
            again = lifecycle.requested_again(run, processor, blob, self._clock())
            return Change(again, self._book.request_of(caller, again), (*steps, self._book.counted(again)))

        return await self._book.change(caller, id, decide)

    async def dead(self, caller: Caller, limit: int, cursor: str | None) -> Page[DeadLetter]:
        return await newest_first(self._store, DEAD, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor)

    async def replay(self, caller: Caller, id: str, data: Any) -> Run:
        return await self.retry(caller, (await self._letter(caller, id)).run_id, data)

    async def discard(self, caller: Caller, id: str) -> None:
        letter = await self._letter(caller, id)
        event = letter.discarded(caller)
        try:
            await self._store.write(Drop(DEAD, caller.user_id, id), messages=[event.message()])
        except Unmet:
            raise _no_letter(id) from None

    async def _letter(self, caller: Caller, id: str) -> DeadLetter:
        if letter := await self._store.get(DEAD, caller.user_id, id):
            return letter
        raise _no_letter(id)

    async def _named(self, caller: Caller, processor: Processor, blob_ids: tuple[str, ...]) -> list[Blob]:
        wanted = dict.fromkeys(blob_ids)
        _check_count(len(wanted))
        places = {blob_id: f"/blob_ids/{blob_ids.index(blob_id)}" for blob_id in wanted}
        return [await self._usable(caller, processor, blob_id, places[blob_id]) for blob_id in wanted]

    async def _usable(self, caller: Caller, processor: Processor, blob_id: str, path: str) -> Blob:
        try:
            blob = await self._state.blob(caller, blob_id)
        except NotFound:
            blob = None
        if blob is None or blob.trashed_at is not None:
            message = "there is no blob of yours under this id" if blob is None else "this blob is in the trash"
            error = DataError(path=path, message=message)
            raise NotFound(f"{path.lstrip('/')}: {message}", errors=[error], id=blob_id) from None
        if blob.schema_id not in processor.input_schemas:
            taken = ", ".join(processor.input_schemas)
            raise Invalid.at(path, f"is {blob.schema_id}, which {processor.id} does not take", expected=taken)
        return blob

    async def _fitting(self, caller: Caller, processor: Processor, bucket_id: str) -> list[Blob]:
        blobs: list[Blob] = []
        for schema_id in dict.fromkeys(processor.input_schemas):
            cursor: str | None = None
            while True:
                page = await self._state.blobs(
                    caller, bucket_id=bucket_id, schema_id=schema_id, limit=MOST, cursor=cursor
                )
                blobs.extend(page.items)
                _check_count(len(blobs))
                if (cursor := page.next_cursor) is None:
                    break
        return blobs


def _check_count(runs: int) -> None:
    if runs > MOST_RUNS:
        raise TooMuch(f"At most {MOST_RUNS:,} runs can be requested at once.", allowed=MOST_RUNS)


def _no_letter(id: str) -> NotFound:
    return NotFound("There is no dead letter of yours under this id.", id=id)
