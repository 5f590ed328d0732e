"""The saved pipelines of each user: verbs to create, list, read, change and delete them."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, StaleRevision, TooMuch
from reyna.domain.ids import new_id
from reyna.domain.processing.pipeline import NewPipeline, Pipeline, PipelineChange, PipelineStage
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.text.names import normalize_name
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.pipelines.pipeline_check import PipelineCheck, paths_of_saved
from reyna.services.processors.records import PIPELINES, newest_first
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent

MAX_PIPELINES: Final = 200  # of one user


async def _read_answer(pipelines: "Pipelines", caller: Caller, record: IdempotencyRecord) -> Pipeline:
    return msgspec.convert(record.answer, Pipeline)


class Pipelines:
    """The saved pipelines of each user."""

    def __init__(
        self,
        store: Store,
        check: PipelineCheck,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._check, self._clock = store, check, clock
        self.idempotency_keys = idempotency_keys

    async def create(self, caller: Caller, new: NewPipeline, *, key: Key = None) -> Pipeline:
        """Saves a pipeline. Raises Invalid, by path, and TooMuch above 200 pipelines."""
        check_not_processor(caller)
        return await self._create(caller, new, key=key)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Pipeline]:
        """Returns one page of the caller's pipelines, newest first."""
        return await newest_first(
            self._store, PIPELINES, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor
        )

    async def get(self, caller: Caller, id: str) -> Pipeline:
        """Raises NotFound."""
        pipeline = await self._store.get(PIPELINES, caller.user_id, id)
        if pipeline is None:
            raise _no_pipeline(id)
        return pipeline

    async def change(
        self, caller: Caller, id: str, change: PipelineChange, *, if_match: IfMatch | None = None
    ) -> Pipeline:
        """Changes the name or the stages; batches that are under way go on as they began.

        Raises NotFound, Invalid, by path, PreconditionFailed, and StaleRevision with `current`.
        """
        check_not_processor(caller)
        pipeline = await self.get(caller, id)
        if if_match is not None:
            if_match.check(pipeline.revision, current=pipeline)
        if change.base_revision not in (None, pipeline.revision):
            raise StaleRevision(pipeline_id=id, yours=change.base_revision, current=pipeline)
        name = pipeline.name if change.name is msgspec.UNSET else normalize_name(change.name)
        stages = pipeline.stages if change.stages is msgspec.UNSET else change.stages
        if stages != pipeline.stages:
            await self._check_stages(caller, stages)
        changed = replace(pipeline, name=name, stages=stages)
        if changed == pipeline:
            return pipeline
        changed = replace(changed, revision=pipeline.revision + 1, updated_at=self._clock())
        try:
            await self._store.write(
                Put(PIPELINES, changed, expects=pipeline.revision),
                messages=[changed.event("changed", caller).message()],
            )
        except RequirementNotMet:
            raise StaleRevision(pipeline_id=id, current=await self.get(caller, id)) from None
        return changed

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Deletes the pipeline; its batches stay, and go on. Raises NotFound and PreconditionFailed."""
        check_not_processor(caller)
        pipeline = await self.get(caller, id)
        if if_match is not None:
            if_match.check(pipeline.revision, current=pipeline)
        try:
            await self._store.write(
                Require(PIPELINES, caller.user_id, id, {"revision": pipeline.revision}),
                Delete(PIPELINES, caller.user_id, id),
                messages=[pipeline.event("changed", caller, dropped=True).message()],
            )
        except RequirementNotMet:
            raise StaleRevision(pipeline_id=id, current=await self.get(caller, id)) from None

    @idempotent("pipeline", _read_answer)
    async def _create(self, caller: Caller, new: NewPipeline, *, key: Key = None) -> Pipeline:
        name = normalize_name(new.name)
        await self._check_stages(caller, new.stages)
        if await self._store.count(PIPELINES, caller.user_id) >= MAX_PIPELINES:
            raise TooMuch(f"You have {MAX_PIPELINES} pipelines already. Delete one first.", allowed=MAX_PIPELINES)
        now = self._clock()
        pipeline = Pipeline(
            id=new_id("pipeline"),
            user_id=caller.user_id,
            name=name,
            stages=new.stages,
            created_at=now,
            updated_at=now,
        )
        remember_key = self.idempotency_keys.steps(caller, key, pipeline.id, pipeline)
        try:
            await self._store.write(
                Put(PIPELINES, pipeline), *remember_key, messages=[pipeline.event("changed", caller).message()]
            )
        except RequirementNotMet as unmet:
            raise Conflict("The same request was made at the same moment. Try again.") from unmet
        return pipeline

    async def _check_stages(self, caller: Caller, stages: tuple[PipelineStage, ...]) -> None:
        paths = [paths_of_saved(number) for number in range(len(stages))]
        await self._check.check(caller, stages, paths, "/stages")


def _no_pipeline(id: str) -> NotFound:
    return NotFound("There is no pipeline of yours under this id.", id=id)
