"""The runs of a user: verbs to request, read, cancel and retry them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.processing.batch import new_batch
from reyna.domain.processing.pipeline import PipelineStage
from reyna.domain.processing.run import NewRuns, RetryOptions, Run, Status
from reyna.domain.quota import Usage
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.ports.store import Step, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.pipelines.run_requests import RunRequests
from reyna.services.processors.records import RUNS, newest_first
from reyna.services.processors.registry.registry import Registry
from reyna.services.processors.registry.settings_validator import SettingsValidator
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.input_blobs import InputBlobs
from reyna.services.processors.runs.progress_cache import ProgressCache
from reyna.services.processors.runs.run_retry import RunRetry
from reyna.services.processors.runs.run_store import RunStore, RunUpdate
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.transport.rpc import long_running

EMPTY_REQUEST_ID: Final = "run-none"  # stands for the result of a request for the blobs of an empty bucket


async def _read_answer(runs: "Runs", caller: Caller, record: IdempotencyRecord) -> Sequence[Run]:
    return msgspec.convert(record.answer, list[Run])


class Runs:
    """The runs of each user."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        outputs: OutputStorage,
        run_retry: RunRetry,
        progress: ProgressCache,
        registry: Registry,
        inputs: InputBlobs,
        settings: SettingsValidator,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
        requests: RunRequests,
    ) -> None:
        self._store, self._runs, self._outputs, self._run_retry = store, runs, outputs, run_retry
        self._progress = progress
        self._registry, self._settings, self._clock, self.idempotency_keys = registry, settings, clock, idempotency_keys
        self._inputs, self._requests = inputs, requests

    @long_running
    async def request(self, caller: Caller, new: NewRuns, *, key: Key = None) -> Sequence[Run]:
        """Runs a processor now, on these blobs or on every blob in the bucket's subtree that it takes: all of them or
        none. The runs on several blobs are a batch.

        A processor of whole buckets has one run on a bucket. Raises NotFound and Invalid (by path), and TooMuch above
        1,000 runs or over the day's quota.
        """
        check_not_processor(caller)
        return await self._request(caller, new, key=key)

    async def get(self, caller: Caller, id: str) -> Run:
        """Returns the run with its latest progress and the text so far. Raises NotFound."""
        return self._progress.with_text(await self._runs.get(caller, id))

    async def list(
        self,
        caller: Caller,
        *,
        status: Status | None = None,
        processor_id: str | None = None,
        blob_id: str | None = None,
        batch_id: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Returns one page of the matching runs with their latest progress, newest first."""
        given = {"status": status, "processor_id": processor_id, "blob_id": blob_id, "batch_id": batch_id}
        where = {field: value for field, value in given.items() if value is not None}
        page = await newest_first(
            self._store, RUNS, caller.user_id, where, by="requested_at", limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(self._progress.with_progress(run) for run in page.items))

    async def cancel(self, caller: Caller, id: str) -> Run:
        """Raises NotFound, and Conflict when the run has ended or its output is being stored."""
        check_not_processor(caller)

        def decide(run: Run) -> RunUpdate:
            cancelled = lifecycle.cancel(run, self._clock())
            return RunUpdate(cancelled, (cancelled.event("cancelled", caller).message(),))

        return await self._outputs.update(caller, id, decide)

    async def retry(self, caller: Caller, id: str, options: RetryOptions = RetryOptions()) -> Run:
        """Requests a failed, refused or cancelled run again, with the blob as it is now.

        Its finished steps are not repeated where the version of the processor and the blob are the same, unless it
        begins from the start.

        Raises NotFound, and Conflict for any other run.
        """
        check_not_processor(caller)
        return await self._run_retry.retry(caller, id, options)

    async def usage(self, caller: Caller) -> Usage:
        """Returns how many runs were requested for the user today (UTC), by hand, by instances and by retrying."""
        return await self._runs.usage(caller.user_id, self._clock().astimezone(UTC).date())

    @idempotent("run", _read_answer)
    async def _request(self, caller: Caller, new: NewRuns, *, key: Key = None) -> Sequence[Run]:
        if bool(new.blob_ids) == (new.bucket_id is not None):
            raise Invalid.at("/blob_ids", "say either which blobs or which bucket", expected="blob_ids or bucket_id")
        processor = await self._registry.get(caller, new.processor_id)
        await self._settings.validate(caller, processor, new.settings)
        if new.model is not None:
            await self._settings.check_model(caller, processor, new.model)
        blobs, settings = await self._inputs.find(caller, processor, new, new.settings)
        stage = PipelineStage(processor_id=processor.id, settings=settings, model=new.model)
        is_whole = processor.whole_bucket and new.bucket_id is not None
        priority = new.priority or "interactive" if is_whole else new.resolved_priority()
        is_batch = len(blobs) > 1 or (bool(blobs) and new.bucket_id is not None and not is_whole)
        batch = new_batch(caller, (stage,), priority, new.bucket_id, self._clock()) if is_batch else None

        def remember(runs: Sequence[Run]) -> Sequence[Step]:
            return self.idempotency_keys.steps(caller, key, runs[0].id if runs else EMPTY_REQUEST_ID, runs)

        return await self._requests.create(caller, processor, blobs, stage, priority, batch, remember)
