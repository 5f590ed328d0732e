"""What a worker does with the run it was handed, acting with that run's own pass."""

from collections.abc import Callable, Sequence
from datetime import datetime

from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Forbidden, Refusal
from reyna.domain.run import Cost, Output, Run, derived_id
from reyna.ports import Put
from reyna.processors import lifecycle
from reyna.processors.book import Change, RunBook, dead_message
from reyna.processors.neighbours import StateVerbs
from reyna.processors.records import DEAD
from reyna.processors.registry import Registry


def check_pass(caller: Caller, run_id: str) -> None:
    if caller.kind != "processor" or caller.run_id != run_id:
        raise Forbidden("Only the worker that was handed this run may do this.")


class Workbench:
    def __init__(self, book: RunBook, registry: Registry, state: StateVerbs, clock: Callable[[], datetime]) -> None:
        self._book, self._registry, self._state, self._clock = book, registry, state, clock

    async def claim(self, caller: Caller, run_id: str, attempt: int) -> Run:
        check_pass(caller, run_id)

        def decide(run: Run) -> Change:
            claimed = lifecycle.claimed(run, attempt, self._clock())
            first = run.status == "requested"
            return Change(claimed, (claimed.event("started", caller).message(),) if first else ())

        return await self._book.change(caller, run_id, decide)

    async def complete(
        self, caller: Caller, run_id: str, outputs: Sequence[Output], cost: Cost, blob_revision: int | None = None
    ) -> Run:
        check_pass(caller, run_id)
        ids = tuple(derived_id(run_id, number) for number in range(len(outputs)))

        def store(run: Run) -> Change | None:
            return None if run.status == "completed" else Change(lifecycle.storing(run, ids, blob_revision))

        def complete(run: Run) -> Change | None:
            if run.status == "completed":
                return None
            completed = lifecycle.completed(run, ids, cost, self._clock())
            return Change(completed, (completed.event("completed", caller).message(),))

        run = await self._book.change(caller, run_id, store)
        if run.status == "completed":
            return run
        try:
            await self._store_outputs(caller, run, outputs)
        except (Refusal, Fault) as error:
            await self._book.change(caller, run_id, lambda now: _put_back(now, run))
            if isinstance(error, Conflict):  # which would tell the worker that its run has ended
                raise Fault(error.detail) from error
            raise
        return await self._book.change(caller, run_id, complete)

    async def _store_outputs(self, caller: Caller, run: Run, outputs: Sequence[Output]) -> None:
        processor = await self._registry.processor(run.processor_id)
        source_buckets: tuple[str, ...] = ()
        if any(output.bucket_ids is None for output in outputs):
            source_buckets = (await self._state.blob(caller, run.blob_id)).bucket_ids
        for number, output in enumerate(outputs):
            new = NewBlob(
                processor_id=run.processor_id,
                schema_id=output.schema_id or processor.output_schema,
                data=output.data,
                bucket_ids=source_buckets if output.bucket_ids is None else output.bucket_ids,
                parent_id=run.blob_id,
            )
            await self._state.create_blob(caller, new, id=derived_id(run.id, number), parent_revision=run.blob_revision)

    async def refuse(self, caller: Caller, run_id: str, reason: str) -> Run:
        check_pass(caller, run_id)

        def decide(run: Run) -> Change | None:
            if run.status == "refused":
                return None
            return self._given_up(caller, lifecycle.refused(run, reason, self._clock()), reason)

        return await self._book.change(caller, run_id, decide)

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool) -> Run:
        check_pass(caller, run_id)

        def decide(run: Run) -> Change | None:
            if run.status == "failed":
                return None
            if not final:
                return Change(lifecycle.stumbled(run, reason))
            return self._given_up(caller, lifecycle.failed(run, reason, self._clock()), reason)

        return await self._book.change(caller, run_id, decide)

    def _given_up(self, caller: Caller, run: Run, reason: str) -> Change:
        letter = lifecycle.dead_letter(run, reason, self._clock())
        event = run.event("refused" if run.status == "refused" else "failed", caller)
        return Change(
            run,
            messages=(event.message(), dead_message(letter, run.revision)),
            steps=(Put(DEAD, letter, expects=None),),
        )


def _put_back(now: Run, marked: Run) -> Change | None:
    """Unmarks what was about to be stored, unless someone else has taken the run further."""
    return Change(lifecycle.not_stored(now)) if now.revision == marked.revision else None
