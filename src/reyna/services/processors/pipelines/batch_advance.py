"""The advance of a batch: the outputs of a completed run are the input of the next stage."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound, TooMuch
from reyna.domain.event import Message
from reyna.domain.ids import derive_id
from reyna.domain.processing.batch import RunBatch, SkippedBlob
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import Run
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.processors.instances.run_depth import is_too_deep, max_depth_of
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.pipelines.batch_settlement import BatchSettlement
from reyna.services.processors.pipelines.run_requests import place_in_batch
from reyna.services.processors.pipelines.skips import reason_to_skip, skip
from reyna.services.processors.records import BATCHES, RUNS, SKIPPED_BLOBS
from reyna.services.processors.registry.processor_lookup import ProcessorLookup, still_registered
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.runs.supersession import Supersession

MAX_WRITE_ATTEMPTS: Final = 10  # the processor may be removed, or the batch settled, at the same moment
MAX_PARALLEL_READS: Final = 16  # of outputs
GOES_ON: Final = {"status": ("running", "completed", "failed")}  # one that has ended goes on when a run is retried


class NextStage(msgspec.Struct, frozen=True):
    """The next step of a batch behind one run: new runs, which may be refused at once, and the outputs that are
    skipped."""

    requested: list[Run]
    refused: list[Run]
    skipped: list[SkippedBlob]


class BatchAdvance:
    """Hands the outputs of a completed run to the next stage, once.

    The mark that they are handed on is part of the same write as the runs of the next stage: neither another copy of
    the service, nor a second delivery of the event, nor a crash between the two makes them twice or loses them.
    """

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        lookup: ProcessorLookup,
        state: StateVerbs,
        supersession: Supersession,
        settlement: BatchSettlement,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._runs, self._lookup, self._state = store, runs, lookup, state
        self._supersession, self._settlement, self._clock = supersession, settlement, clock

    async def on_run_ended(self, caller: Caller, run_id: str, batch_id: str) -> None:
        """Goes on behind a run that has ended: with the next stage, or with the end of the batch."""
        await self.advance(caller, run_id)
        await self._settlement.settle(caller, batch_id)

    async def advance(self, caller: Caller, run_id: str) -> None:
        """Requests the runs of the next stage on the outputs of this run, unless that is done already."""
        for _ in range(MAX_WRITE_ATTEMPTS):
            run = await self._store.get(RUNS, caller.user_id, run_id)
            if run is None or run.batch_id is None or run.status != "completed" or not run.advances:
                return
            batch = await self._store.get(BATCHES, caller.user_id, run.batch_id)
            if batch is None or batch.status == "cancelled":
                return
            try:
                await self._advance(caller, run, batch)
            except RequirementNotMet:
                continue
            return

    async def _advance(self, caller: Caller, run: Run, batch: RunBatch) -> None:
        number = run.stage + 1
        processor = (await self._lookup.find_many(caller.user_id, {batch.stages[number].processor_id})).get(
            batch.stages[number].processor_id
        )
        next_stage = await self._next_stage(caller, run, batch, processor)
        try:
            await self._write(caller, run, batch, processor, next_stage)
        except TooMuch as refusal:
            refused = [
                lifecycle.refuse_request(replace(one, held=False), refusal.detail) for one in next_stage.requested
            ]
            over_quota = NextStage([], [*refused, *next_stage.refused], next_stage.skipped)
            await self._write(caller, run, batch, processor, over_quota)
            return
        await self._supersession.cancel_older(caller, next_stage.requested)

    async def _next_stage(self, caller: Caller, run: Run, batch: RunBatch, processor: Processor | None) -> NextStage:
        number, now = run.stage + 1, self._clock()
        stage, next_stage = batch.stages[number], NextStage([], [], [])
        for blob_id, blob in zip(run.output_blob_ids, await self._read_outputs(caller, run), strict=True):
            reason = await reason_to_skip(stage, processor, blob)
            if reason is not None or processor is None or blob is None:
                next_stage.skipped.append(skip(batch, number, blob_id, reason or "", now))
                continue
            id, depth = derive_id("run", run.id, number, blob_id), run.depth + 1
            one = lifecycle.request(id, processor, blob, stage.settings, now, batch.priority, stage.model, depth=depth)
            one = place_in_batch(one, batch, number)
            if is_too_deep(processor, depth):
                reason = f"It would be run {depth}, one on the output of another; {processor.name} accepts at most "
                next_stage.refused.append(lifecycle.refuse_request(one, f"{reason}{max_depth_of(processor)}."))
            else:
                next_stage.requested.append(one)
        return next_stage

    async def _read_outputs(self, caller: Caller, run: Run) -> list[Blob | None]:
        at_once = asyncio.Semaphore(MAX_PARALLEL_READS)

        async def read(blob_id: str) -> Blob | None:
            async with at_once:
                try:
                    return await self._state.blobs.get(caller, blob_id)
                except NotFound:
                    return None

        return await asyncio.gather(*(read(blob_id) for blob_id in run.output_blob_ids))

    async def _write(
        self, caller: Caller, run: Run, batch: RunBatch, processor: Processor | None, next_stage: NextStage
    ) -> None:
        """Raises RequirementNotMet when the run is handed on already or the batch is cancelled, and TooMuch."""
        handed_on = replace(run, advances=False, revision=run.revision + 1)
        steps: list[Step] = [
            Put(RUNS, handed_on, expects=run.revision),
            Require(BATCHES, caller.user_id, batch.id, GOES_ON),
            *(Put(RUNS, refused) for refused in next_stage.refused),
            *(Put(SKIPPED_BLOBS, skipped, expects=None) for skipped in next_stage.skipped),
        ]
        messages = [refused.event("refused", caller).message() for refused in next_stage.refused]
        await self._write_with_runs(caller, processor, next_stage.requested, steps, messages)

    async def _write_with_runs(
        self,
        caller: Caller,
        processor: Processor | None,
        runs: Sequence[Run],
        steps: Sequence[Step],
        messages: Sequence[Message],
    ) -> None:
        if processor is None or not runs:
            await self._store.write(*steps, messages=messages)
            return
        self._runs.apply_limits(processor)
        reserved = [self._runs.reserve(run) for run in runs]
        await self._runs.create(caller, reserved, *still_registered(processor), *steps, messages=messages)
