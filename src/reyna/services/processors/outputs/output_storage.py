"""The outputs of runs: stored in one write, and found again when nobody knows what became of that write."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Invalid, NotFound, Refusal, StoringOutputs
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import ENDED, Output, Run
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.registry.processor_lookup import ProcessorLookup
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.lifecycle import STORING_SECONDS, OutputsUnsettled
from reyna.services.processors.runs.run_store import RunStore, RunUpdate

MAX_SETTLED: Final = 3  # times that one update of a run waits for its outputs to be settled


class OutputStorage:
    """Stores the outputs of a run that is marked with them.

    The mark stays until it is known that they were stored, and the run completes, or that they were not. So a run never
    ends refused, failed or cancelled and leaves a blob behind, whichever service is killed in the middle.
    """

    def __init__(
        self, runs: RunStore, lookup: ProcessorLookup, state: StateVerbs, clock: Callable[[], datetime]
    ) -> None:
        self._runs, self._lookup, self._state, self._clock = runs, lookup, state, clock

    async def store(self, caller: Caller, run: Run, outputs: Sequence[Output]) -> None:
        """Stores them all, or none. Raises Fault when it is not known which, and Refusal when they cannot be stored."""
        try:
            processor = await self._lookup.get_of_run(run)
            _check_declared(processor, outputs)
            new = await self._blobs_of(caller, run, processor, outputs)
            await self._state.blobs.create_all(
                caller, new, list(run.output_blob_ids), parent_revision=run.blob_revision
            )
        except Refusal as refusal:
            await self._runs.update(caller, run.id, lambda now: _abandon_storing(now, run))
            if isinstance(refusal, Conflict):  # a Conflict would mean to the worker that its run has ended
                raise Fault(refusal.detail) from refusal
            raise

    async def update(
        self,
        caller: Caller,
        id: str,
        decide: Callable[[Run], RunUpdate | None],
    ) -> Run:
        """Updates the run as `RunStore.update` does, after its outputs are settled where that is open.

        Raises OutputsUnsettled while a write that stores them may be under way, also one that nobody waits for any
        more: it would leave blobs behind.
        """
        for _ in range(MAX_SETTLED):
            try:
                return await self._runs.update(caller, id, decide)
            except OutputsUnsettled:
                await self._settle(caller, await self._runs.get(caller, id))
        raise Conflict("Too much happened to this run at once. Try again.", id=id)

    async def update_for_worker(self, caller: Caller, id: str, decide: Callable[[Run], RunUpdate | None]) -> Run:
        """Updates the run as `update` does, but raises StoringOutputs, which is worth another call, while a write may
        be under way: a Conflict would mean to the worker that its run has ended."""
        try:
            return await self.update(caller, id, decide)
        except OutputsUnsettled as unsettled:
            raise StoringOutputs from unsettled

    def _may_be_under_way(self, run: Run) -> bool:
        """Returns True while a write of the run's outputs may still come to an end."""
        since = run.storing_since
        return since is not None and (self._clock() - since).total_seconds() < STORING_SECONDS

    async def _settle(self, caller: Caller, run: Run) -> None:
        """Completes the run if its outputs are stored, else unmarks it. Raises OutputsUnsettled and Fault."""
        if run.status in ENDED or not run.output_blob_ids:
            return
        may_be_under_way = self._may_be_under_way(run)  # before it is looked what there is
        are_stored = await self._are_stored(caller, run)
        if may_be_under_way and not are_stored:
            raise OutputsUnsettled(lifecycle.STORING, current=run)

        def decide(now: Run) -> RunUpdate | None:
            if now.status in ENDED or now.output_blob_ids != run.output_blob_ids:
                return None
            if not are_stored:
                return _abandon_storing(now, run)
            completed = lifecycle.complete(now, now.output_blob_ids, self._clock())
            return RunUpdate(completed, (completed.event("completed", caller).message(),))

        await self._runs.update(caller, run.id, decide)

    async def _are_stored(self, caller: Caller, run: Run) -> bool:
        try:
            for id in dict.fromkeys((run.output_blob_ids[0], run.output_blob_ids[-1])):  # one write: all or none
                await self._state.blobs.get(caller, id)
        except NotFound:
            return False
        return True

    async def _blobs_of(
        self, caller: Caller, run: Run, processor: Processor, outputs: Sequence[Output]
    ) -> list[NewBlob]:
        source_buckets: tuple[str, ...] = ()
        if any(output.bucket_ids is None for output in outputs):
            source_buckets = (await self._state.blobs.get(caller, run.blob_id)).bucket_ids
        return [
            NewBlob(
                processor_id=run.processor_id,
                schema_id=output.schema_id or processor.output_schema,
                data=output.data,
                bucket_ids=source_buckets if output.bucket_ids is None else output.bucket_ids,
                parent_id=run.blob_id,
            )
            for output in outputs
        ]


def _check_declared(processor: Processor, outputs: Sequence[Output]) -> None:
    """Raises Invalid for an output of a schema that the processor did not register."""
    for number, output in enumerate(outputs):
        if output.schema_id is not None and output.schema_id not in processor.made_schemas:
            message = f"is of {output.schema_id}, which {processor.id} does not say that it makes"
            raise Invalid.at(f"/outputs/{number}", message, expected=", ".join(processor.made_schemas))


def _abandon_storing(now: Run, marked: Run) -> RunUpdate | None:
    """Unmarks the run, unless another write has taken it further."""
    return RunUpdate(lifecycle.abandon_storing(now)) if now.revision == marked.revision else None
