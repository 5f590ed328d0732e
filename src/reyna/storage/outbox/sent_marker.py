"""Marks acknowledged messages as sent in the store, many at once."""

import asyncio
import logging
from collections.abc import Collection
from itertools import islice
from typing import Final

from reyna.domain.errors import Unavailable
from reyna.domain.event import Message
from reyna.ports.store import Store
from reyna.storage.outbox.event_bundles import SentEvent, is_event
from reyna.storage.outbox.sent_events import SentEvents

LOG: Final = logging.getLogger(__name__)
BATCH_MESSAGES: Final = 500  # marked in one statement


class SentMarker:
    """Gathers acknowledged messages and marks them after a pause; the events among them are stored first."""

    def __init__(self, store: Store, sent_events: SentEvents | None, *, pause: float, retry_pause: float) -> None:
        self._store, self._sent_events = store, sent_events
        self._pause, self._retry_pause = pause, retry_pause
        self._acknowledged: dict[str, SentEvent] = {}  # in the order of the acknowledgements
        self._wake = asyncio.Event()
        self._marking = asyncio.Lock()

    @property
    def unmarked(self) -> Collection[str]:
        """The ids of acknowledged messages that are not marked yet."""
        return self._acknowledged.keys()

    def add(self, message: Message, sequence: int) -> None:
        """Adds a message that the bus has acknowledged."""
        self._acknowledged[message.id] = SentEvent(sequence, message)
        self._wake.set()

    async def run(self) -> None:
        """Marks what is added, until it is cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._pause)
            try:
                await self.mark()
            except Unavailable as error:
                LOG.debug("Sent messages could not be marked yet: %s", error)  # the store logs its outage itself
                await asyncio.sleep(self._retry_pause)
            except Exception as error:
                LOG.warning("Sent messages could not be marked yet", exc_info=error)
                await asyncio.sleep(self._retry_pause)

    async def mark(self) -> None:
        """Marks all acknowledged messages now. Raises Fault."""
        async with self._marking:
            while self._acknowledged:
                ids = [*islice(self._acknowledged, BATCH_MESSAGES)]
                if self._sent_events is not None:  # first, so that a crash loses no event that is marked
                    events = [sent for id in ids if is_event((sent := self._acknowledged[id]).message)]
                    await self._sent_events.add(events)
                await self._store.mark_sent(ids)
                for id in ids:
                    del self._acknowledged[id]
            self._wake.clear()
