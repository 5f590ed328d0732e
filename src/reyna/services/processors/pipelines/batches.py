"""The batches of a user: verbs to request the runs of a pipeline, and to read and cancel batches of any kind."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.processing.batch import (
    BatchStatus,
    RequestedRuns,
    RunBatch,
    SkippedBlob,
    WatchedBatch,
    progress_of,
)
from reyna.domain.processing.pipeline import NewPipelineRuns
from reyna.domain.processing.run import OPEN
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.pipelines.pipeline_requests import PipelineRequests
from reyna.services.processors.records import BATCHES, RUNS, SKIPPED_BLOBS, newest_first
from reyna.services.processors.runs.run_cancellation import RunCancellation
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.transport.rpc import long_running

MAX_WRITE_ATTEMPTS: Final = 10  # the ends of runs change the batch at the same moment


async def _read_answer(batches: "Batches", caller: Caller, record: IdempotencyRecord) -> RequestedRuns:
    return msgspec.convert(record.answer, RequestedRuns)


class Batches:
    """The batches of each user, with their progress, which is counted when it is read."""

    def __init__(
        self,
        store: Store,
        requests: PipelineRequests,
        cancellation: RunCancellation,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._requests, self._cancellation = store, requests, cancellation
        self._clock, self.idempotency_keys = clock, idempotency_keys

    @long_running
    async def request(self, caller: Caller, new: NewPipelineRuns, *, key: Key = None) -> RequestedRuns:
        """Runs a pipeline now, on these blobs or on every blob in the bucket's subtree that its first stage takes.

        Returns the runs of the first stage and the batch. Raises NotFound and Invalid (by path), and TooMuch above
        1,000 runs or over the day's quota.
        """
        check_not_processor(caller)
        return await self._request(caller, new, key=key)

    async def get(self, caller: Caller, id: str) -> WatchedBatch:
        """Returns the batch with its progress. Raises NotFound."""
        return await self._watch(await self._get(caller, id))

    async def list(
        self,
        caller: Caller,
        *,
        status: BatchStatus | None = None,
        pipeline_id: str | None = None,
        bucket_id: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[WatchedBatch]:
        """Returns one page of the matching batches with their progress, newest first."""
        given = {"status": status, "pipeline_id": pipeline_id, "bucket_id": bucket_id}
        where = {field: value for field, value in given.items() if value is not None}
        page = await newest_first(
            self._store, BATCHES, caller.user_id, where, by="requested_at", limit=limit, cursor=cursor
        )
        items = await asyncio.gather(*(self._watch(batch) for batch in page.items))
        return Page(items=tuple(items), next_cursor=page.next_cursor)

    async def list_skipped(
        self, caller: Caller, id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[SkippedBlob]:
        """Returns one page of the blobs that went no further, each with the reason, newest first. Raises NotFound."""
        await self._get(caller, id)
        return await newest_first(
            self._store, SKIPPED_BLOBS, caller.user_id, {"batch_id": id}, by="skipped_at", limit=limit, cursor=cursor
        )

    async def cancel(self, caller: Caller, id: str) -> WatchedBatch:
        """Cancels the batch with its open runs, and starts no further ones; an output that is being stored is kept.

        Raises NotFound, and Conflict when it has ended otherwise.
        """
        check_not_processor(caller)
        await self._mark_cancelled(caller, id)
        await self.cancel_open_runs(caller, id)
        return await self.get(caller, id)

    async def cancel_open_runs(self, caller: Caller, id: str) -> None:
        """Cancels the open runs of a cancelled batch."""
        where = {"batch_id": id, "status": OPEN}
        await self._cancellation.cancel_all(caller, where, lambda run: run.batch_id == id)

    async def _mark_cancelled(self, caller: Caller, id: str) -> None:
        for _ in range(MAX_WRITE_ATTEMPTS):
            batch = await self._get(caller, id)
            if batch.status == "cancelled":
                return
            if batch.status != "running":
                raise Conflict(f"This batch has ended: it is {batch.status}.", current=batch)
            now = self._clock()
            cancelled = replace(batch, status="cancelled", finished_at=now, revision=batch.revision + 1)
            event = cancelled.event("cancelled", caller)
            try:
                await self._store.write(Put(BATCHES, cancelled, expects=batch.revision), messages=[event.message()])
            except RequirementNotMet:
                continue
            return
        raise Conflict("Too much happened to this batch at once. Try again.", id=id)

    async def _get(self, caller: Caller, id: str) -> RunBatch:
        batch = await self._store.get(BATCHES, caller.user_id, id)
        if batch is None:
            raise NotFound("There is no batch of yours under this id.", id=id)
        return batch

    async def _watch(self, batch: RunBatch) -> WatchedBatch:
        where = {"batch_id": batch.id}
        runs = await self._store.count_by(RUNS, batch.user_id, "batch_position", where)
        skipped = await self._store.count_by(SKIPPED_BLOBS, batch.user_id, "stage", where)
        return WatchedBatch(**asdict(batch), progress=progress_of(batch, runs, skipped))

    @idempotent("batch", _read_answer)
    async def _request(self, caller: Caller, new: NewPipelineRuns, *, key: Key = None) -> RequestedRuns:
        return await self._requests.start(caller, new, key)
