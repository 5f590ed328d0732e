"""Live subscriptions: listeners on live subjects, without a gap when the connection was lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reyna.adapters.nats.connection import InlineCallback, find_header, reason_of, round_trip
from reyna.adapters.nats.event_stream import SEQUENCE
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.ports.bus import ReceivedMessage, StreamPosition
from reyna.ports.subjects import ANY, REST, matches

LOG: Final = logging.getLogger(__name__)
RETRY_PAUSE_SECONDS: Final = 0.5  # between attempts to read missed events
ALL_USERS: Final = ""
SEQUENCE_HEADER: Final = SEQUENCE.encode()


def _user_of(subject: str) -> str:
    """Returns the user of a subject (`reyna.live.<user>.…`); ALL_USERS when a pattern does not name one."""
    tokens = subject.split(".", 3)
    return tokens[2] if len(tokens) > 2 and tokens[2] not in (ANY, REST) else ALL_USERS


class LiveSubscription:
    """One listener; `stop` ends it at once."""

    __slots__ = ("_all", "on_message", "subject", "subscription")

    def __init__(self, all: "LiveSubscriptions", subject: str, on_message: Callable[[ReceivedMessage], None]) -> None:
        self.subject, self.on_message = subject, on_message
        self.subscription: Subscription | None = None
        self._all = all

    def receive(self, subject: bytes, body: bytes, headers: bytes | None) -> None:
        header = find_header(headers, SEQUENCE_HEADER) if headers else None
        if header is None:
            self.on_message(ReceivedMessage(subject.decode(), body))
            return
        sequence = int(header)
        if self._all.accept(sequence):
            self.on_message(ReceivedMessage(subject.decode(), body, sequence))

    def receive_status(self, message: Msg) -> None:
        """Called for a status of the server, which no listener asks for."""
        self.on_message(ReceivedMessage(message.subject, message.data))

    async def stop(self) -> None:
        await self._all.remove(self)


class LiveSubscriptions:
    """All listeners of one connection, and the sequence of EVENTS up to which they have received everything.

    Live messages are not stored for a connection that is lost. So from the loss on, live messages with a sequence are
    ignored, and once the connection is back all events behind the last one received are read from the stream itself, in
    order, and given to their listeners; then live messages count again.
    """

    def __init__(
        self,
        connection: Client,
        replay: Callable[[str, int, int], AsyncIterator[ReceivedMessage]],
        position: Callable[[], Awaitable[StreamPosition]],
    ) -> None:
        self._connection, self._replay, self._position = connection, replay, position
        self._by_user: dict[str, set[LiveSubscription]] = {}
        self._epoch: str | None = None  # None: no position is known, so that missed events cannot be read
        self._received = 0
        self._newest = 0
        self._ignoring_live = False
        self._catching_up: asyncio.Task[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._finding_position: asyncio.Task[None] | None = None

    async def listen(self, subject: str, on_message: Callable[[ReceivedMessage], None]) -> LiveSubscription:
        if self._epoch is None:
            if self._finding_position is None:
                self._finding_position = asyncio.create_task(self._find_position())
            await asyncio.shield(self._finding_position)
        live = LiveSubscription(self, subject, on_message)
        self._by_user.setdefault(_user_of(subject), set()).add(live)
        live.subscription = await self._connection.subscribe(
            subject, future=InlineCallback(live.receive_status, live.receive)
        )
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(self._flushing)
        return live

    async def _flush(self) -> None:
        """Makes one round trip for all who began to listen in this turn of the loop; then they miss nothing more."""
        await asyncio.sleep(0)
        self._flushing = None
        await round_trip(self._connection)

    async def remove(self, live: LiveSubscription) -> None:
        if live.subscription is None:
            return
        user = _user_of(live.subject)
        self._by_user[user].discard(live)
        if not self._by_user[user]:
            del self._by_user[user]
        subscription, live.subscription = live.subscription, None
        try:
            await subscription.unsubscribe()
        except (nats.errors.Error, OSError) as error:
            LOG.debug("The subscription to %s ended with its connection: %s", live.subject, reason_of(error))

    def accept(self, sequence: int) -> bool:
        """Returns whether a live message is to be handled; while catching up it is read from the stream instead."""
        if self._ignoring_live:
            self._newest = max(self._newest, sequence)
            return False
        self._received = max(self._received, sequence)
        return True

    def on_disconnected(self) -> None:
        self._ignoring_live = self._epoch is not None

    def on_reconnected(self) -> None:
        """Reads the missed events; the subscriptions themselves are there again."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        if self._ignoring_live:
            self._catching_up = asyncio.create_task(self._catch_up(), name="catch up with missed events")

    def close(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()

    async def _find_position(self) -> None:
        try:
            position = await self._position()
        except Fault as fault:
            LOG.debug("There is no stream yet that listeners could catch up with: %s", fault)
        else:
            self._epoch, self._received = position.epoch, max(self._received, position.last)
        finally:
            self._finding_position = None

    async def _catch_up(self) -> None:
        while True:
            try:
                position = await self._position()
                if position.epoch != self._epoch:
                    LOG.warning("The EVENTS stream was created anew; listeners start at its beginning")
                    self._epoch, self._received = position.epoch, 0
                await self._read_until(position.last)
            except Fault as fault:
                LOG.debug("Catching up has to wait: %s", fault)
                await asyncio.sleep(RETRY_PAUSE_SECONDS)
                continue
            if self._received >= self._newest:
                self._ignoring_live = False  # no other task can run between the comparison and here
                return

    async def _read_until(self, last: int) -> None:
        if self._by_user:
            async for event in self._replay(f"{EVENT_SUBJECTS}.>", self._received, last):
                subject = LIVE_SUBJECTS + event.subject.removeprefix(EVENT_SUBJECTS)
                message = ReceivedMessage(subject, event.body, event.sequence)
                for user in (_user_of(subject), ALL_USERS):
                    for live in tuple(self._by_user.get(user, ())):
                        if matches(live.subject, subject):
                            _deliver(live, message)
                self._received = event.sequence or self._received
        self._received = max(self._received, last)


def _deliver(live: LiveSubscription, message: ReceivedMessage) -> None:
    try:
        live.on_message(message)
    except Exception:
        LOG.exception("A listener on %s failed", live.subject)
