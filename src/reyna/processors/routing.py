"""From a new or changed blob to the runs it sets off."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.event import Event
from reyna.domain.ids import named_after
from reyna.domain.processor import Instance, Processor
from reyna.domain.run import Run
from reyna.ports import Store, Unmet
from reyna.processors import lifecycle
from reyna.processors.book import RunBook
from reyna.processors.matching import came_in_whole, is_offered, matching
from reyna.processors.neighbours import StateVerbs
from reyna.processors.switched import Switched

DEEPEST: Final = 32  # derivations that are followed back; what is derived farther sets nothing off by itself
log: Final = structlog.get_logger("reyna.processors")


class BlobFacts(msgspec.Struct, frozen=True):
    """What routing needs of an event about a blob."""

    blob_id: str
    schema_id: str
    revision: int = 1
    cause: str | None = None


class Router:
    def __init__(self, store: Store, book: RunBook, state: StateVerbs, clock: Callable[[], datetime]) -> None:
        self._book, self._state, self._clock = book, state, clock
        self.switched = Switched(store)

    async def route(self, event: Event) -> list[Run]:
        """Requests a run for each instance that the new blob is for; the same event again requests nothing.

        Raises msgspec.ValidationError for an event that is not about a blob.
        """
        facts = msgspec.convert(event.data, BlobFacts)
        if came_in_whole(facts.cause):
            return []
        acting = Caller(user_id=event.userid, kind="house")
        switches = await self.switched.by(event.userid)
        processors = switches.takers(facts.schema_id)
        if not processors:
            return []
        candidates = [instance for instance in switches.instances if instance.processor_id in processors]
        blob = await self._offered(acting, facts.blob_id)
        if blob is None:
            return []
        matches = matching(
            candidates,
            processors,
            schema_id=blob.schema_id,
            containing=await self._containing(acting, blob, candidates),
            lineage=await self._lineage(acting, blob, processors),
        )
        runs = [self._run(event, instance, processors[instance.processor_id], blob) for instance in matches]
        return [run for run in runs if await self._is_new(acting, run)]

    async def is_settled(self, event: Event) -> bool:
        """Whether the blob still is as the event says: while its user goes on writing, a later event follows."""
        facts = msgspec.convert(event.data, BlobFacts)
        blob = await self._offered(Caller(user_id=event.userid, kind="house"), facts.blob_id)
        return blob is not None and blob.revision == facts.revision

    async def concerns_anyone(self, event: Event) -> bool:
        """Whether a processor is switched on that takes such blobs; cheap, for events that come while one types."""
        facts = msgspec.convert(event.data, BlobFacts)
        return not came_in_whole(facts.cause) and bool((await self.switched.by(event.userid)).takers(facts.schema_id))

    async def _offered(self, acting: Caller, blob_id: str) -> Blob | None:
        try:
            blob = await self._state.blob(acting, blob_id)
        except NotFound:
            log.info("blob is gone, nothing to run", blob_id=blob_id, user_id=acting.user_id)
            return None
        if not is_offered(blob):
            log.info("blob is not offered to processors", blob_id=blob_id, user_id=acting.user_id)
            return None
        return blob

    async def _containing(self, acting: Caller, blob: Blob, candidates: list[Instance]) -> list[str]:
        if not blob.bucket_ids or all(instance.bucket_id is None for instance in candidates):
            return []
        return await self._state.containing(acting, list(blob.bucket_ids))

    async def _lineage(self, acting: Caller, blob: Blob, candidates: dict[str, Processor]) -> set[str]:
        """The processors that made the blob or one of its ancestors; every candidate when that goes on too long."""
        lineage, ancestor = {blob.processor_id}, blob
        for _ in range(DEEPEST):
            if ancestor.parent_id is None:
                return lineage
            try:
                ancestor = await self._state.blob(acting, ancestor.parent_id)
            except NotFound:  # purged: what came before it is not known any more
                return lineage
            lineage.add(ancestor.processor_id)
        log.warning("blob is derived too far to run by itself", blob_id=blob.id, user_id=acting.user_id)
        return lineage | set(candidates)

    def _run(self, event: Event, instance: Instance, processor: Processor, blob: Blob) -> Run:
        id = named_after("run", event.id, instance.id)
        return lifecycle.requested(id, processor, blob, instance.settings, self._clock())

    async def _is_new(self, acting: Caller, run: Run) -> bool:
        try:
            await self._book.request(acting, [run])
        except Unmet:  # the event came a second time
            return False
        return True
