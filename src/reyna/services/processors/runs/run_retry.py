"""Retrying a run that has ended, which settles its dead letter."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from reyna.domain.blob import BlobChange
from reyna.domain.caller import Caller
from reyna.domain.processing.run import RetryOptions, Run
from reyna.ports.store import Delete, Store
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.pipelines.batch_settlement import BatchSettlement
from reyna.services.processors.records import DEAD_LETTERS
from reyna.services.processors.registry.processor_lookup import still_registered
from reyna.services.processors.registry.registry import Registry
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.dead_letter_stream import DeadLetterStream
from reyna.services.processors.runs.input_blobs import InputBlobs
from reyna.services.processors.runs.run_store import RunStore, RunUpdate
from reyna.services.processors.runs.supersession import Supersession


class RunRetry:
    """Requests a failed, refused or cancelled run again."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        registry: Registry,
        state: StateVerbs,
        inputs: InputBlobs,
        stream: DeadLetterStream,
        supersession: Supersession,
        batches: BatchSettlement,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._runs, self._registry, self._state = store, runs, registry, state
        self._stream, self._supersession, self._clock = stream, supersession, clock
        self._inputs, self._batches = inputs, batches

    async def retry(self, caller: Caller, id: str, options: RetryOptions = RetryOptions(), data: Any = None) -> Run:
        """Requests the run again, with the blob as it is now, and removes its dead letter.

        With `data`, the blob gets that as a new revision first. Raises NotFound, Conflict for a run that has not ended
        or has completed, and Invalid for data that does not fit.
        """
        run = await self._runs.get(caller, id)
        lifecycle.check_may_be_retried(run)
        processor = await self._registry.get(caller, run.processor_id)
        blob = await self._inputs.get(caller, processor, run.blob_id, "/blob_id")
        if data is not None:
            blob = await self._state.blobs.change(caller, blob.id, BlobChange(data=data, base_revision=blob.revision))
        letter = await self._store.get(DEAD_LETTERS, caller.user_id, lifecycle.dead_letter_id(id))
        removal = (Delete(DEAD_LETTERS, caller.user_id, letter.id),) if letter else ()
        removed = (letter.discarded(caller, cause="replayed").message(),) if letter else ()

        def decide(run: Run) -> RunUpdate:
            again = self._runs.reserve(lifecycle.request_again(run, processor, blob, options, self._clock()))
            messages = (*self._runs.request_messages(caller, again), *removed)
            return RunUpdate(again, messages, (*still_registered(processor), *removal, self._runs.quota_step(again)))

        self._runs.apply_limits(processor)
        run = await self._runs.update(caller, id, decide)
        await self._supersession.cancel_older(caller, [run])
        if run.batch_id is not None:  # which may have ended
            await self._batches.settle(caller, run.batch_id)
        if letter is not None:
            await self._stream.remove(letter)
        return run
