"""A comparison of the sent events with EVENTS, which finds the events that the stream has lost."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.event import EVENT_SUBJECTS
from reyna.ports.bus import Bus, StreamExtent
from reyna.ports.store import Collection, Store
from reyna.storage.outbox.event_bundles import BUNDLE_WIDTH, EventBundle, SentEvent, unpack
from reyna.storage.outbox.stream_search import event_id_of

PAGE_BUNDLES: Final = 20  # read at once: of a busy service each holds 500 events
LAST_ID: Final = "\uffff"  # sorts behind every id


class LostEvents(NamedTuple):
    """The events of one bundle that the stream has lost, and those that it still has."""

    bundle: EventBundle
    lost: list[SentEvent]
    present: list[SentEvent]


class LostEventSearch:
    """Finds the lost events of one service that were sent after `oldest`; older ones may have expired."""

    def __init__(self, store: Store, bus: Bus, collection: Collection[EventBundle], oldest: datetime) -> None:
        self._store, self._bus, self._collection, self._oldest = store, bus, collection, oldest

    async def find(self, extent: StreamExtent) -> AsyncIterator[LostEvents]:
        """Yields the events of former streams first, then those of the present one, latest first."""
        async for bundle in self._bundles_of_former_streams(extent.stream):
            yield LostEvents(bundle, unpack(bundle), [])
        suspects = [bundle async for bundle in self._bundles_at_the_end(extent)]
        if suspects:
            present = await self._ids_from(min(bundle.first for bundle in suspects))
            for bundle in suspects:
                lost = _split(bundle, [event for event in unpack(bundle) if event.message.id not in present])
                if lost.lost:
                    yield lost
        seen = {bundle.id for bundle in suspects}
        for first, last in extent.holes:
            async for bundle in self._bundles_between(extent.stream, first, last):
                if bundle.id in seen or bundle.sent_at < self._oldest:
                    continue
                if any(first <= event.sequence <= last for event in unpack(bundle)):
                    seen.add(bundle.id)
                    yield _split(bundle, [event for event in unpack(bundle) if extent.has_lost(event.sequence)])

    async def _bundles_of_former_streams(self, stream: str) -> AsyncIterator[EventBundle]:
        after: tuple[str, str] | None = None
        while page := await self._page(("stream",), after, limit=1):
            [bundle] = page
            if bundle.stream == stream:
                after = (stream, LAST_ID)
                continue
            after = (bundle.stream, bundle.id)
            if bundle.sent_at >= self._oldest:
                yield bundle

    async def _bundles_at_the_end(self, extent: StreamExtent) -> AsyncIterator[EventBundle]:
        """Yields bundles from the latest down to the first whose last event is in its place: all before it is there."""
        after: tuple[int, str] | None = None
        while page := await self._page(("last",), after, stream=extent.stream, descending=True):
            for bundle in page:
                [*_, last] = unpack(bundle)
                stored = await self._bus.get_event(last.sequence)
                if stored is not None and event_id_of(stored.body) == last.message.id:
                    return
                if bundle.sent_at < self._oldest or (stored is None and _has_expired(extent, last.sequence)):
                    return
                yield bundle
            after = (page[-1].last, page[-1].id)

    async def _bundles_between(self, stream: str, first: int, last: int) -> AsyncIterator[EventBundle]:
        """Yields the bundles that may hold an event of these sequences."""
        after = (first - 1, LAST_ID)
        while page := await self._page(("last",), after, stream=stream):
            for bundle in page:
                if bundle.last >= last + BUNDLE_WIDTH:
                    return
                if bundle.first <= last:
                    yield bundle
            after = (page[-1].last, page[-1].id)

    async def _page(
        self,
        order: tuple[str, ...],
        after: tuple[object, str] | None,
        *,
        stream: str | None = None,
        descending: bool = False,
        limit: int = PAGE_BUNDLES,
    ) -> list[EventBundle]:
        where = {} if stream is None else {"stream": stream}
        return await self._store.find(
            self._collection, SYSTEM_USER_ID, where, order=order, after=after, descending=descending, limit=limit
        )

    async def _ids_from(self, first: int) -> set[str]:
        """Returns the ids of all stored events from this sequence on."""
        last = (await self._bus.position()).last
        stored = self._bus.replay(f"{EVENT_SUBJECTS}.>", after=first - 1, until=last)
        return {event_id_of(event.body) async for event in stored}


def _has_expired(extent: StreamExtent, sequence: int) -> bool:
    """Returns whether the stream has dropped this event for its age or for its own size."""
    return sequence <= extent.last and not extent.has_lost(sequence)


def _split(bundle: EventBundle, lost: Iterable[SentEvent]) -> LostEvents:
    lost_events = list(lost)
    sequences = {event.sequence for event in lost_events}
    return LostEvents(bundle, lost_events, [event for event in unpack(bundle) if event.sequence not in sequences])
