"""The sent events of a service, stored as long as EVENTS keeps them, so that lost ones can be sent again."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.ports.bus import Bus
from reyna.ports.store import Collection, Delete, Put, RequirementNotMet, Step, Store
from reyna.storage.outbox.event_bundles import EventBundle, SentEvent, build_bundles
from reyna.storage.outbox.lost_events import LostEvents, LostEventSearch

MAX_DELETED_BUNDLES: Final = 20  # in one write
EXPIRY_TOLERANCE: Final = timedelta(hours=1)  # before its end an event may have expired already
log: Final = structlog.get_logger("reyna.storage.relay")


class SentEvents:
    """Stores the acknowledged events of one service for the retention time of the stream."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        collection: Collection[EventBundle],
        *,
        retention: timedelta,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._store, self._bus, self._collection = store, bus, collection
        self._retention, self._clock = retention, clock
        self._stream = ""  # the stream that acknowledges now, as of the last `restore`

    async def add(self, events: Sequence[SentEvent]) -> None:
        """Stores these events, which were acknowledged just now."""
        if not self._stream:
            self._stream = (await self._bus.extent()).stream
        for bundle in await asyncio.to_thread(build_bundles, self._stream, events, self._clock()):
            await self._store.write(Put(self._collection, bundle))

    async def restore(self) -> int:
        """Puts the events that EVENTS has lost back into the outbox; returns their number. Raises Fault.

        Where the end of the stream is lost, its sequences are assigned again. Then the epoch of the stream is renewed
        first, so that no cursor that a client holds stays valid.
        """
        extent = await self._bus.extent()
        self._stream = extent.stream
        restored, renewed = 0, False
        async for lost in self._search().find(extent):
            lost_the_end = not all(extent.has_lost(event.sequence) for event in lost.lost)
            if lost_the_end and lost.bundle.stream == extent.stream and not renewed:
                await self._bus.renew_epoch()
                renewed = True
            restored += await self._put_back(lost)
        if restored:
            log.warning("events lost by the stream are sent again", events=restored, epoch_renewed=renewed)
        return restored

    async def count_lost(self) -> int:
        """Returns the number of events that EVENTS has lost and that can be sent again."""
        return sum([len(lost.lost) async for lost in self._search().find(await self._bus.extent())])

    async def delete_expired(self) -> int:
        """Deletes some of the bundles that are older than the retention time; returns their number."""
        oldest = await self._store.find(self._collection, SYSTEM_USER_ID, order=("sent_at",), limit=MAX_DELETED_BUNDLES)
        expired = [bundle for bundle in oldest if bundle.sent_at < self._clock() - self._retention]
        try:
            if expired:
                await self._store.write(*(Delete(self._collection, SYSTEM_USER_ID, bundle.id) for bundle in expired))
        except RequirementNotMet:  # another copy of the service was faster
            return 0
        return len(expired)

    def _search(self) -> LostEventSearch:
        oldest = self._clock() - self._retention + EXPIRY_TOLERANCE
        return LostEventSearch(self._store, self._bus, self._collection, oldest)

    async def _put_back(self, lost: LostEvents) -> int:
        """Puts lost events back in one write, so that a crash neither loses them nor puts them back twice."""
        bundle = lost.bundle
        rest = build_bundles(bundle.stream, lost.present, bundle.sent_at)
        steps: list[Step] = [
            Delete(self._collection, SYSTEM_USER_ID, bundle.id),
            *(Put(self._collection, one) for one in rest),
        ]
        try:
            await self._store.write(*steps, messages=[message for _, message in lost.lost])
        except RequirementNotMet:  # another copy of the service was faster
            return 0
        return len(lost.lost)
