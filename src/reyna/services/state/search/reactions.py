"""Reactions of the search index to the events of blobs, buckets and placements."""

from typing import Final

import msgspec
import structlog

from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event
from reyna.ports.bus import Bus, Delivery, Subscription
from reyna.services.state.search.indexer import Indexer

MAX_PARALLEL_EVENTS: Final = 2_000  # that wait for their entries in one copy: those of about a second
WHOLE_SUBTREE: Final = frozenset({"bucket.trashed", "bucket.restored"})  # events that tell only of the uppermost bucket
log: Final = structlog.get_logger("reyna.services.state")


class EventFacts(msgspec.Struct, frozen=True):
    """The ids in the data of an event."""

    blob_id: str | None = None
    bucket_id: str | None = None


class IndexReactions:
    """Refreshes what an event is about, in one of all copies of the service."""

    def __init__(self, bus: Bus, indexer: Indexer) -> None:
        self._bus, self._indexer = bus, indexer
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        for entity in ("blob", "bucket"):
            subject, name = f"{EVENT_SUBJECTS}.*.{entity}.>", f"state-search-{entity}s"
            self._subscriptions.append(
                await self._bus.subscribe("EVENTS", name, subject, self._handle, parallel=MAX_PARALLEL_EVENTS)
            )

    async def stop(self) -> None:
        for subscription in self._subscriptions:
            await subscription.stop()

    async def _handle(self, delivery: Delivery) -> None:
        try:
            event = DECODER.decode(delivery.body)
            facts = msgspec.convert(event.data, EventFacts)
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        await self.follow(event, facts)

    async def follow(self, event: Event, facts: EventFacts) -> None:
        """Refreshes the entries that the event is about."""
        id = facts.blob_id or facts.bucket_id
        if id is None or event.type.startswith("blob.named."):
            return
        if event.type in WHOLE_SUBTREE:
            await self._indexer.refresh_below(event.userid, id)
        else:
            await self._indexer.refresh(event.userid, [id])
