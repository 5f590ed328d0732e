"""Signals that wake whoever waits for a run to take, or for the end of a run."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reyna.domain.processing.run import ENDED


class WorkSignals:
    """Wakes waiting requests of this copy of the service; every copy receives the same events."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[asyncio.Event]:
        """Yields an event that is set by the next signal on one of these topics."""
        event = asyncio.Event()
        for topic in topics:
            self._waiting[topic].add(event)
        try:
            yield event
        finally:
            for topic in topics:
                self._waiting[topic].discard(event)
                if not self._waiting[topic]:
                    del self._waiting[topic]

    def notify(self, topic: str) -> None:
        for event in self._waiting.get(topic, ()):
            event.set()

    def notify_later(self, topic: str, seconds: float) -> None:
        """Signals after so many seconds, such as when a run may be tried again."""
        asyncio.get_running_loop().call_later(seconds, self.notify, topic)

    def record_subject(self, subject: str) -> None:
        """Signals what the subject of a live event `reyna.live.<user>.processor.<action>.<processor>` says."""
        words = subject.split(".")
        if len(words) != 6:
            return
        _, _, user_id, _, action, processor_id = words
        if action == "requested":
            self.notify(queue_topic(user_id, processor_id))
        elif action in ENDED:
            self.notify(ends_topic(user_id, processor_id))


def queue_topic(user_id: str, processor_id: str) -> str:
    """Returns the topic of the runs of this processor that may be taken."""
    return f"queue.{user_id}.{processor_id}"


def ends_topic(user_id: str, processor_id: str) -> str:
    """Returns the topic of the runs of this processor that end."""
    return f"ends.{user_id}.{processor_id}"


async def wait_for_signal(event: asyncio.Event, seconds: float) -> bool:
    """Returns True when the event is set, and False after so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False
