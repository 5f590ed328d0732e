"""The router: from an event about a new or changed blob to the runs that it sets off."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
import structlog

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.event import Event
from reyna.domain.ids import derive_id
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.run import Priority, Run
from reyna.ports.store import Require, RequirementNotMet
from reyna.services.processors.instances.instance_cache import InstanceCache
from reyna.services.processors.instances.matching import is_eligible, match_instances, sets_off_runs
from reyna.services.processors.instances.run_depth import RunDepths, is_too_deep, max_depth_of
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.records import INSTANCES
from reyna.services.processors.registry.processor_lookup import still_registered
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.runs.supersession import Supersession

MAX_LINEAGE_DEPTH: Final = 32  # derivations that are followed back; a deeper blob sets off no run by itself
log: Final = structlog.get_logger("reyna.services.processors")


class BlobFacts(msgspec.Struct, frozen=True):
    """The data of an event about a blob, as far as routing needs it."""

    blob_id: str
    schema_id: str
    revision: int = 1
    cause: str | None = None


class BlobEvent(msgspec.Struct, frozen=True):
    """An event about a blob, as far as it takes to know that it sets off nothing."""

    userid: str
    data: BlobFacts


BLOB_EVENT_DECODER: Final = msgspec.json.Decoder(BlobEvent)


class BlobRouter:
    """Requests a run for every instance that a new or changed blob is for."""

    def __init__(
        self,
        runs: RunStore,
        depths: RunDepths,
        instances: InstanceCache,
        state: StateVerbs,
        supersession: Supersession,
        clock: Callable[[], datetime],
    ) -> None:
        self._runs, self._instances, self._state, self._clock = runs, instances, state, clock
        self._depths, self._supersession = depths, supersession

    async def route(self, event: Event) -> list[Run]:
        """Requests and returns the runs; the same event a second time requests nothing.

        Raises msgspec.ValidationError for an event that is not about a blob.
        """
        facts = msgspec.convert(event.data, BlobFacts)
        if not sets_off_runs(facts.cause):
            return []
        caller = _acting_for_owner(event)
        known = await self._instances.get(event.userid)
        processors = known.processors_taking(facts.schema_id)
        if not processors:
            return []
        candidates = [instance for instance in known.instances if instance.processor_id in processors]
        with_buckets = any(instance.bucket_id is not None for instance in candidates)
        blob = await self._eligible_blob(caller, facts.blob_id, with_buckets=with_buckets)
        if blob is None:
            return []
        matches = match_instances(
            candidates,
            processors,
            schema_id=blob.schema_id,
            data=blob.data,
            containing=await self._containing(caller, blob),
            lineage=await self._lineage(caller, blob, processors),
        )
        if not matches:
            return []
        depth = (await self._depths.find(caller, [blob]))[blob.id]
        runs = [self._new_run(event, instance, processors[instance.processor_id], blob, depth) for instance in matches]
        created = [await self._create(caller, run, processors[run.processor_id]) for run in runs]
        return [run for run in created if run is not None]

    def is_ignored(self, body: bytes) -> bool:
        """Returns True when this event about a blob sets off nothing, as far as that is known without waiting.

        Most events are of that kind; `route` requests nothing for them either.
        """
        try:
            event = BLOB_EVENT_DECODER.decode(body)
        except msgspec.MsgspecError:
            return False
        if not sets_off_runs(event.data.cause):
            return True
        known = self._instances.find_cached(event.userid)
        return known is not None and not known.processors_taking(event.data.schema_id)

    async def is_settled(self, event: Event) -> bool:
        """Returns True when the blob still is at the event's revision: while its user writes, a later event follows."""
        facts = msgspec.convert(event.data, BlobFacts)
        blob = await self._eligible_blob(_acting_for_owner(event), facts.blob_id)
        return blob is not None and blob.revision == facts.revision

    async def has_takers(self, event: Event) -> bool:
        """Returns True when an enabled processor takes such blobs. Cheap: events come while a user types."""
        facts = msgspec.convert(event.data, BlobFacts)
        if not sets_off_runs(facts.cause):
            return False
        return bool((await self._instances.get(event.userid)).processors_taking(facts.schema_id))

    async def _eligible_blob(self, caller: Caller, blob_id: str, *, with_buckets: bool = False) -> Blob | None:
        blobs = self._state.blobs
        try:
            blob = await (blobs.get(caller, blob_id) if with_buckets else blobs.get_stored(caller, blob_id))
        except NotFound:
            log.info("blob is gone, nothing to run", blob_id=blob_id, user_id=caller.user_id)
            return None
        if not is_eligible(blob):
            log.info("blob is not offered to processors", blob_id=blob_id, user_id=caller.user_id)
            return None
        return blob

    async def _containing(self, caller: Caller, blob: Blob) -> tuple[str, ...]:
        if not blob.bucket_ids:
            return ()
        return await self._state.buckets.containing(caller, list(blob.bucket_ids))

    async def _lineage(self, caller: Caller, blob: Blob, candidates: dict[str, Processor]) -> set[str]:
        """Returns the processors that made the blob or an ancestor of it; all candidates for too long a lineage."""
        lineage, ancestor = {blob.processor_id}, blob
        for _ in range(MAX_LINEAGE_DEPTH):
            if ancestor.parent_id is None:
                return lineage
            try:
                ancestor = await self._state.blobs.get_stored(caller, ancestor.parent_id)
            except NotFound:  # purged: earlier ancestors are not known any more
                return lineage
            lineage.add(ancestor.processor_id)
        log.warning("blob is derived too deeply to be processed by itself", blob_id=blob.id, user_id=caller.user_id)
        return lineage | set(candidates)

    def _new_run(self, event: Event, instance: Instance, processor: Processor, blob: Blob, depth: int) -> Run:
        id, now = derive_id("run", event.id, instance.id), self._clock()
        # A user waits for what comes of their own writing; what processors derive further can wait.
        priority: Priority = "interactive" if blob.author_kind == "user" else "bulk"
        return lifecycle.request(
            id, processor, blob, instance.settings, now, priority, depth=depth, instance_id=instance.id
        )

    async def _create(self, caller: Caller, run: Run, processor: Processor) -> Run | None:
        """Returns None when no run is requested: it is there already, since the event came a second time; its instance
        was switched off meanwhile, or its processor removed; or it is too deep, which its user sees as a refused run.
        """
        if is_too_deep(processor, run.depth):
            await self._refuse(caller, run, processor)
            return None
        self._runs.apply_limits(processor)
        run = self._runs.reserve(run)
        try:
            enabled = Require(INSTANCES, caller.user_id, run.instance_id or "", {"enabled": True})
            await self._runs.create(caller, [run], enabled, *still_registered(processor))
        except RequirementNotMet:
            return None
        await self._supersession.cancel_older(caller, [run])
        return run

    async def _refuse(self, caller: Caller, run: Run, processor: Processor) -> None:
        reason = (
            f"{processor.name} did not start by itself: this blob is the result of {run.depth - 1} runs, one on the "
            f"output of another, and it starts after at most {max_depth_of(processor) - 1}."
        )
        log.warning("run is too deep", run_id=run.id, processor=processor.id, depth=run.depth, user_id=run.user_id)
        with suppress(RequirementNotMet):  # the event came a second time
            await self._runs.create_refused(caller, lifecycle.refuse_request(run, reason))


def _acting_for_owner(event: Event) -> Caller:
    return Caller(user_id=event.userid, kind="house")
