"""Requests to run a pipeline: a saved one, or processors named one after the other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Invalid, NotFound
from reyna.domain.processing.batch import RequestedRuns, RunBatch, SkippedBlob, new_batch
from reyna.domain.processing.pipeline import NewPipelineRuns, Pipeline, PipelineStage
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import NewRuns, Priority, Run
from reyna.domain.requests.idempotency import Key
from reyna.ports.store import Put, Step, Store
from reyna.services.processors.pipelines.conditions.evaluation import accepts_blob
from reyna.services.processors.pipelines.pipeline_check import PipelineCheck, StagePaths, paths_of_saved
from reyna.services.processors.pipelines.run_requests import RunRequests
from reyna.services.processors.pipelines.skips import condition_is_false, skip
from reyna.services.processors.records import PIPELINES, SKIPPED_BLOBS
from reyna.services.processors.runs.input_blobs import InputBlobs
from reyna.storage.idempotency import IdempotencyKeys

EMPTY_REQUEST_ID = "batch-none"  # stands for the result of a request for the blobs of an empty bucket


class _Chain(NamedTuple):
    """The stages that a request is for, their places in it, and the saved pipeline that they are of."""

    stages: tuple[PipelineStage, ...]
    paths: Sequence[StagePaths]
    field: str
    pipeline: Pipeline | None


class FirstStage(NamedTuple):
    """The first stage of a request with its processor and its input blobs, and the number of all stages."""

    stage: PipelineStage
    processor: Processor
    blobs: Sequence[Blob]
    stages: int


class PipelineRequests:
    """Starts a batch: the first stage on every input blob, from which the others follow."""

    def __init__(
        self,
        store: Store,
        check: PipelineCheck,
        inputs: InputBlobs,
        requests: RunRequests,
        idempotency_keys: IdempotencyKeys,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._check, self._inputs = store, check, inputs
        self._requests, self._keys, self._clock = requests, idempotency_keys, clock

    async def first_stage(self, caller: Caller, new: NewPipelineRuns) -> FirstStage:
        """Returns what a request would start with. Raises NotFound, Invalid (by path) and TooMuch."""
        check_input(new)
        chain = await self._resolve(caller, new)
        processors = await self._check.check(caller, chain.stages, chain.paths, chain.field)
        blobs, stages = await self._find_input(caller, new, processors[0], chain.stages)
        wanted = [blob for blob in blobs if await accepts_blob(stages[0].when, blob)]
        return FirstStage(stages[0], processors[0], wanted, len(stages))

    async def start(self, caller: Caller, new: NewPipelineRuns, key: Key) -> RequestedRuns:
        """Returns the runs of the first stage. Raises NotFound, Invalid (by path) and TooMuch."""
        check_input(new)
        chain = await self._resolve(caller, new)
        processors = await self._check.check(caller, chain.stages, chain.paths, chain.field)
        blobs, stages = await self._find_input(caller, new, processors[0], chain.stages)
        first = stages[0]
        wanted = [blob for blob in blobs if await accepts_blob(first.when, blob)]
        batch = new_batch(caller, stages, _priority(new), new.bucket_id, self._clock(), chain.pipeline)
        if not wanted:
            batch = replace(batch, status="completed", finished_at=batch.requested_at)
        taken = {blob.id for blob in wanted}
        skipped = [
            skip(batch, 0, blob.id, condition_is_false(first), self._clock()) for blob in blobs if blob.id not in taken
        ]
        return await self._write(caller, processors[0], wanted, batch if blobs else None, skipped, key)

    async def _write(
        self,
        caller: Caller,
        processor: Processor,
        blobs: Sequence[Blob],
        batch: RunBatch | None,
        skipped: Sequence[SkippedBlob],
        key: Key,
    ) -> RequestedRuns:
        batch_id = batch.id if batch else None
        requested = RequestedRuns(batch_id=batch_id)

        def remember(runs: Sequence[Run]) -> Sequence[Step]:
            nonlocal requested
            requested = RequestedRuns(items=tuple(runs), batch_id=batch_id)
            remember_key = self._keys.steps(caller, key, batch_id or EMPTY_REQUEST_ID, requested)
            return [*remember_key, *(Put(SKIPPED_BLOBS, each) for each in skipped)]

        stage = batch.stages[0] if batch else PipelineStage(processor_id=processor.id)
        priority: Priority = batch.priority if batch else "bulk"
        await self._requests.create(caller, processor, blobs, stage, priority, batch, remember)
        return requested

    async def _resolve(self, caller: Caller, new: NewPipelineRuns) -> _Chain:
        if new.pipeline_id is None:
            stages = tuple(PipelineStage(processor_id=id, model=new.model) for id in new.pipeline)
            paths = [_paths_of_named(number, id) for number, id in enumerate(new.pipeline)]
            return _Chain(_with_settings(stages, new.settings), paths, "/pipeline", None)
        pipeline = await self._store.get(PIPELINES, caller.user_id, new.pipeline_id)
        if pipeline is None:
            message = "there is no pipeline of yours under this id"
            error = DataError(path="/pipeline_id", message=message)
            raise NotFound(f"pipeline_id: {message}", errors=[error], id=new.pipeline_id)
        stages = tuple(replace(stage, model=new.model or stage.model) for stage in pipeline.stages)
        paths = [paths_of_saved(number) for number in range(len(stages))]
        return _Chain(_with_settings(stages, new.settings), paths, "/pipeline_id", pipeline)

    async def _find_input(
        self, caller: Caller, new: NewPipelineRuns, processor: Processor, stages: tuple[PipelineStage, ...]
    ) -> tuple[list[Blob], tuple[PipelineStage, ...]]:
        """Returns the input blobs, and the stages with the settings that the first one has for them."""
        blobs, settings = await self._inputs.find(caller, processor, new, stages[0].settings)
        return blobs, (replace(stages[0], settings=settings), *stages[1:])


def check_input(new: NewRuns | NewPipelineRuns) -> None:
    """Raises Invalid unless the request names either blobs or a bucket."""
    if bool(new.blob_ids) == (new.bucket_id is not None):
        raise Invalid.at("/blob_ids", "say either which blobs or which bucket", expected="blob_ids or bucket_id")


def _paths_of_named(number: int, processor_id: str) -> StagePaths:
    """Returns the places of a processor that a request names in its `pipeline`."""
    stage = f"/pipeline/{number}"
    return StagePaths(processor=stage, settings=f"/settings/{processor_id}", model="/model", when=stage)


def _with_settings(stages: Sequence[PipelineStage], settings: dict[str, object]) -> tuple[PipelineStage, ...]:
    """Returns the stages with the settings of a request, which are given by processor. Raises Invalid."""
    known = {stage.processor_id for stage in stages}
    for processor_id, given in settings.items():
        if processor_id not in known:
            message = "is no processor of this pipeline; settings are given under the id of their processor"
            raise Invalid.at(f"/settings/{processor_id}", message, expected=", ".join(sorted(known)))
        if not isinstance(given, dict):
            raise Invalid.at(f"/settings/{processor_id}", "must be an object")
    return tuple(replace(stage, settings=settings.get(stage.processor_id, stage.settings)) for stage in stages)


def _priority(new: NewPipelineRuns) -> Priority:
    is_bulk = new.bucket_id is not None or len(new.blob_ids) > 1
    return new.priority or ("bulk" if is_bulk else "interactive")
