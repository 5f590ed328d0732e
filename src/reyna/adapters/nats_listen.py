"""Listening to live subjects, without a gap when the connection was away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reyna.adapters.nats_inbox import Ear, reason, round_trip
from reyna.adapters.subjects import ANY, REST, matches
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.ports import Heard, Position

LOG: Final = logging.getLogger(__name__)
SEQUENCE: Final = "Nats-Sequence"
RETRY: Final = 0.5  # seconds between attempts to read what was missed


EVERYBODY: Final = ""


def _owner(subject: str) -> str:
    """Whose subject it is (`reyna.live.<user>.…`); `EVERYBODY` when a pattern does not say."""
    tokens = subject.split(".", 3)
    return tokens[2] if len(tokens) > 2 and tokens[2] not in (ANY, REST) else EVERYBODY


class Listening:
    """One listener; `stop` ends it at once."""

    __slots__ = ("_all", "hear", "subject", "subscription")

    def __init__(self, all: "Listeners", subject: str, hear: Callable[[Heard], None]) -> None:
        self.subject, self.hear = subject, hear
        self.subscription: Subscription | None = None
        self._all = all

    def heard(self, message: Msg) -> None:
        headers = message.headers
        if headers is None or (place := headers.get(SEQUENCE)) is None:
            self.hear(Heard(message.subject, message.data))
            return
        sequence = int(place)
        if self._all.passes(sequence):
            self.hear(Heard(message.subject, message.data, sequence))

    async def stop(self) -> None:
        await self._all.leave(self)


class Listeners:
    """All listeners of one connection, and the place in the EVENTS stream up to which they have heard everything.

    Live messages are not stored for those who are away. So from the loss of the connection on, live messages that
    carry a sequence are passed over, and once it is back everything after the last one heard is read from the stream
    itself, in order, and given to whom it concerns; then the live ones count again.
    """

    def __init__(
        self,
        connection: Client,
        replay: Callable[[str, int, int], AsyncIterator[Heard]],
        position: Callable[[], Awaitable[Position]],
    ) -> None:
        self._connection, self._replay, self._position = connection, replay, position
        self._listening: dict[str, set[Listening]] = {}  # by owner
        self._epoch: str | None = None  # None: no place is known, so nothing can be caught up with
        self._heard = 0
        self._newest = 0
        self._away = False
        self._catching_up: asyncio.Task[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._finding: asyncio.Task[None] | None = None

    async def listen(self, subject: str, hear: Callable[[Heard], None]) -> Listening:
        if self._epoch is None:
            if self._finding is None:
                self._finding = asyncio.create_task(self._find_place())
            await asyncio.shield(self._finding)
        listening = Listening(self, subject, hear)
        self._listening.setdefault(_owner(subject), set()).add(listening)
        listening.subscription = await self._connection.subscribe(subject, future=Ear(listening.heard))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(self._flushing)
        return listening

    async def _flush(self) -> None:
        """One round trip for all who began to listen in this turn of the loop; "from now on" holds after it."""
        await asyncio.sleep(0)
        self._flushing = None
        await round_trip(self._connection)

    async def leave(self, listening: Listening) -> None:
        if listening.subscription is None:
            return
        owner = _owner(listening.subject)
        self._listening[owner].discard(listening)
        if not self._listening[owner]:
            del self._listening[owner]
        subscription, listening.subscription = listening.subscription, None
        try:
            await subscription.unsubscribe()
        except (nats.errors.Error, OSError) as error:
            LOG.debug("Leaving %s ended with its connection: %s", listening.subject, reason(error))

    def passes(self, sequence: int) -> bool:
        """Whether a live message is to be heard now; while catching up it comes from the stream instead."""
        if self._away:
            self._newest = max(self._newest, sequence)
            return False
        self._heard = max(self._heard, sequence)
        return True

    def lost(self) -> None:
        """The connection is gone."""
        self._away = self._epoch is not None

    def back(self) -> None:
        """The connection is there again, and so are the subscriptions."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        if self._away:
            self._catching_up = asyncio.create_task(self._catch_up(), name="catch up with missed events")

    def close(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()

    async def _find_place(self) -> None:
        try:
            position = await self._position()
        except Fault as fault:
            LOG.debug("Nothing is stored yet that listeners could catch up with: %s", fault)
        else:
            self._epoch, self._heard = position.epoch, max(self._heard, position.last)
        finally:
            self._finding = None

    async def _catch_up(self) -> None:
        while True:
            try:
                position = await self._position()
                if position.epoch != self._epoch:
                    LOG.warning("The EVENTS stream was made anew; what it held is not there to catch up with")
                    self._epoch, self._heard = position.epoch, 0
                await self._read_on(position.last)
            except Fault as fault:
                LOG.debug("Catching up has to wait: %s", fault)
                await asyncio.sleep(RETRY)
                continue
            if self._heard >= self._newest:
                self._away = False  # nothing can have come between the comparison and here
                return

    async def _read_on(self, until: int) -> None:
        if self._listening:
            async for event in self._replay(f"{EVENT_SUBJECTS}.>", self._heard, until):
                subject = LIVE_SUBJECTS + event.subject.removeprefix(EVENT_SUBJECTS)
                live = Heard(subject, event.body, event.sequence)
                for owner in (_owner(subject), EVERYBODY):
                    for listening in tuple(self._listening.get(owner, ())):
                        if matches(listening.subject, subject):
                            self._give(listening, live)
                self._heard = event.sequence or self._heard
        self._heard = max(self._heard, until)

    def _give(self, listening: Listening, event: Heard) -> None:
        try:
            listening.hear(event)
        except Exception:
            LOG.exception("A listener on %s failed", listening.subject)
