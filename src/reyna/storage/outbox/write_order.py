"""The order of messages across processes: what another process wrote before about the same records goes first.

A write is committed before its messages are handed to the bus, and a process may be killed or kept busy in between.
Meanwhile another process may replace the same record, and its message would overtake. So a write that rests on records
which this process does not know (`known_records.py`) waits until the unsent messages of its user were read from the
outbox and handed over in front of it. Their own process may hand them over as well: the ids make that harmless.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from reyna.domain.event import Message
from reyna.ports.store import Step, Store
from reyna.storage.outbox.event_bundles import is_event
from reyna.storage.outbox.known_records import KnownRecords
from reyna.storage.outbox.stream_search import event_time_of

LOG: Final = logging.getLogger(__name__)
END_OF_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
MAX_UNSENT_MESSAGES: Final = 500  # of one user that are handed over here; more are left to the sweep
PUBLISH_BEHIND_OTHERS: Final = "publish behind others"  # the name of the tasks that do so
MAX_CARRIED_IDS: Final = 10_000  # of others' messages that were handed over here
# Older messages are searched in the stream, which may have stored them for longer than it recognises a repeat (2
# minutes): by the sweep, to which they are left.
STALE_AGE: Final = timedelta(seconds=60)


class CommittedWrite:
    """The messages of a committed write; `is_covered` says that nothing has to go in front of them."""

    __slots__ = ("is_covered", "messages")

    def __init__(self, messages: Sequence[Message], is_covered: bool) -> None:
        self.messages, self.is_covered = messages, is_covered


class Publishing(Protocol):
    """The relay, which hands messages to the bus."""

    def publish(self, message: Message) -> None:
        """Hands over a message of this process."""

    def carry(self, message: Message) -> None:
        """Hands over a message of another process."""

    def is_under_way(self, id: str) -> bool:
        """Tells whether this process has handed the message over, and has not marked it yet."""

    def fall_behind(self) -> None:
        """Leaves all messages to the sweep."""


class WriteOrder:
    """Hands the messages of writes to the bus, behind those of other processes that came before."""

    def __init__(self, store: Store, publishing: Publishing, clock: Callable[[], datetime]) -> None:
        self._store, self._publishing, self._clock = store, publishing, clock
        self._known = KnownRecords()
        self._waiting: dict[str, list[Message]] = {}  # beginning of the subjects of a user -> messages of this process
        self._carried: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, steps: Sequence[Step], messages: Sequence[Message]) -> CommittedWrite:
        """Returns the write that was committed just now; called in the order of the commits."""
        is_covered = self._known.cover(steps)
        if is_covered or messages:
            self._known.add(steps)
        return CommittedWrite(messages, is_covered)

    def publish(self, write: CommittedWrite) -> None:
        """Hands the messages over: at once where nothing of their user waits and nothing has to go in front."""
        if not write.is_covered or self._waiting:
            under = _subjects_of_user(write.messages)
            if under in self._waiting:
                self._waiting[under].extend(write.messages)
                return
            if under and not write.is_covered:
                self._waiting[under] = [*write.messages]
                task = asyncio.create_task(self._publish_behind_others(under), name=PUBLISH_BEHIND_OTHERS)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                return
        for message in write.messages:
            self._publishing.publish(message)

    async def finish(self, timeout: float) -> None:
        """Returns when nothing waits any more, or after so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout)

    async def _publish_behind_others(self, under: str) -> None:
        unsent: Sequence[Message] = ()
        try:
            unsent = await self._store.list_unsent(before=END_OF_TIME, limit=MAX_UNSENT_MESSAGES, under=under)
        except Exception as error:
            LOG.warning("What others wrote before cannot be read; all is left to the sweep: %s", error)
            self._publishing.fall_behind()
        own = {message.id: message for message in self._waiting.pop(under)}
        if len(unsent) == MAX_UNSENT_MESSAGES:
            self._publishing.fall_behind()
        for message in unsent:  # in the order in which they were written, whoever wrote them
            if message.id in own:
                self._publishing.publish(own.pop(message.id))
            elif message.id not in self._carried and not self._publishing.is_under_way(message.id):
                self._carry(message)
        for message in own.values():
            self._publishing.publish(message)

    def _carry(self, message: Message) -> None:
        if event_time_of(message) < self._clock() - STALE_AGE:
            return
        if len(self._carried) >= MAX_CARRIED_IDS:
            self._carried.clear()
        self._carried[message.id] = None
        self._publishing.carry(message)


def _subjects_of_user(messages: Sequence[Message]) -> str:
    """Returns the beginning of the subjects of all events of the user of these; empty when none is an event."""
    for message in messages:
        if is_event(message):
            return ".".join(message.subject.split(".", 3)[:3]) + "."
    return ""
