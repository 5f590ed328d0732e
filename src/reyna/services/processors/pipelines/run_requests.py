"""Requests of runs: one processor on many blobs, written at once with the batch that they belong to."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.event import Message
from reyna.domain.ids import new_id
from reyna.domain.processing.batch import RunBatch
from reyna.domain.processing.pipeline import PipelineStage
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import Priority, Run
from reyna.ports.store import Put, RequirementNotMet, Step, Store
from reyna.services.processors.instances.run_depth import RunDepths
from reyna.services.processors.records import BATCHES
from reyna.services.processors.registry.processor_lookup import no_processor, still_registered
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.runs.supersession import Supersession

Remember = Callable[[Sequence[Run]], Sequence[Step]]  # the further steps of a request, by its runs


class RunRequests:
    """Writes the runs that a user asks for: all of them or none."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        depths: RunDepths,
        supersession: Supersession,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._runs, self._depths = store, runs, depths
        self._supersession, self._clock = supersession, clock

    async def create(
        self,
        caller: Caller,
        processor: Processor,
        blobs: Sequence[Blob],
        stage: PipelineStage,
        priority: Priority,
        batch: RunBatch | None,
        remember: Remember,
    ) -> list[Run]:
        """Requests a run on each of these blobs, and returns them; the batch is stored along with its runs.

        Raises NotFound when the processor is removed at this moment, Conflict for the same request at the same moment,
        and TooMuch over quota.
        """
        depths, now = await self._depths.find(caller, blobs), self._clock()
        self._runs.apply_limits(processor)
        runs = [
            self._runs.reserve(
                replace(
                    _new_run(processor, blob, stage, priority, now, depths[blob.id], batch),
                    limited_to=caller.bucket_ids,
                )
            )
            for blob in blobs
        ]
        steps, messages = [*remember(runs)], list[Message]()
        if batch is not None:
            steps.append(Put(BATCHES, batch))
            messages += [event.message() for event in batch.first_events(caller)]
        try:
            if runs:
                await self._runs.create(caller, runs, *still_registered(processor), *steps, messages=messages)
            elif steps:
                await self._store.write(*steps, messages=messages)
        except RequirementNotMet as unmet:
            if unmet.kind == "require":
                raise no_processor(processor.id) from unmet
            raise Conflict("The same request was made at the same moment. Try again.") from unmet
        await self._supersession.cancel_older(caller, runs)
        return runs


def _new_run(
    processor: Processor,
    blob: Blob,
    stage: PipelineStage,
    priority: Priority,
    now: datetime,
    depth: int,
    batch: RunBatch | None,
) -> Run:
    run = lifecycle.request(new_id("run"), processor, blob, stage.settings, now, priority, stage.model, depth=depth)
    return run if batch is None else place_in_batch(run, batch, 0)


def place_in_batch(run: Run, batch: RunBatch, stage: int) -> Run:
    """Returns the new run as one of this stage of the batch."""
    return replace(run, batch_id=batch.id, stage=stage, advances=stage < batch.last_stage)
