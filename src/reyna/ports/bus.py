"""The Bus port: events, work, and requests between services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

import msgspec

from reyna.domain.event import Message


class ReceivedMessage(msgspec.Struct, frozen=True):
    """A message as it arrives; `sequence` is its place in the EVENTS stream, None for one that is not stored."""

    subject: str
    body: bytes
    sequence: int | None = None


class StreamPosition(msgspec.Struct, frozen=True):
    """The sequences that the EVENTS stream holds now; `last` is first - 1 when it is empty.

    `epoch` changes when the stream is created anew or has lost its latest events.
    """

    epoch: str
    first: int
    last: int


class StreamExtent(msgspec.Struct, frozen=True):
    """The sequences that the EVENTS stream has lost.

    `stream` changes when the stream is created anew. `holes` are the ranges of sequences up to `last` that should be
    there and are missing, each as its first and last sequence.
    """

    stream: str
    last: int
    holes: tuple[tuple[int, int], ...] = ()

    def has_lost(self, sequence: int) -> bool:
        return any(first <= sequence <= last for first, last in self.holes)


class Delivery(Protocol):
    """One message of a durable subscription. It is acknowledged when its handler returns."""

    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def attempt(self) -> int:
        """1 on the first delivery."""
        ...

    async def in_progress(self) -> None:
        """Extends the time before the message is delivered again."""
        ...


class RetryLater(Exception):
    """Raised by the handler of a durable subscription: deliver this message again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")


RETRY_DELAYS_SECONDS: Final = (1.0, 5.0, 30.0, 120.0)  # before the next delivery; the last one repeats


def retry_delay_seconds(attempt: int, delays: Sequence[float] = RETRY_DELAYS_SECONDS) -> float:
    """Returns the seconds to wait before delivering a message again that failed in this attempt (1 is the first)."""
    return delays[min(max(attempt, 1), len(delays)) - 1]


class Subscription(Protocol):
    async def stop(self) -> None:
        """Takes no new messages, and waits for the running handlers."""
        ...


class RpcRequest(msgspec.Struct, frozen=True):
    """A call of a service's verb over the bus."""

    verb: str
    body: bytes
    headers: Mapping[str, str]


class RpcReply(msgspec.Struct, frozen=True):
    """The answer to a call; `error` is (code, text) when it failed: counted by the engine, carried in its headers."""

    body: bytes
    error: tuple[str, str] | None = None


Stream = Literal["EVENTS", "RUNS", "DEAD"]


class Bus(Protocol):
    """Publishes and subscribes (durable, shared among copies), listens (ephemeral, every copy), requests and serves."""

    def publish(self, message: Message) -> Awaitable[int]:
        """Hands the message over at once; the awaitable is done when the stream of its subject has stored it.

        It gives the sequence in the stream, of a repeat that of the first one: `message.id` makes a repeat harmless
        within the dedupe window (2 minutes). Many messages may be in flight at once; they are stored in the order of
        the calls. The awaitable raises Fault.
        """
        ...

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        """Sends the message to those who listen now; it is not stored."""
        ...

    async def publish_periodically(self, seconds: float, subject: str, body: Callable[[], bytes]) -> Subscription:
        """Sends a message now and then every so many seconds, even while the event loop is blocked.

        `body` may be called in another thread.
        """
        ...

    async def listen(self, subject: str, on_message: Callable[[ReceivedMessage], None]) -> Subscription:
        """Calls `on_message` in order with every message from now on, in every copy; it must not block."""
        ...

    async def subscribe(
        self,
        stream: Stream,
        name: str,
        subject: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        parallel: int = 1,
        ack_wait: float = 30.0,
        keep_alive: bool = False,
        is_ignored: Callable[[bytes], bool] | None = None,
    ) -> Subscription:
        """Handles the messages of a stream under a durable `name`, which keeps its place across restarts; copies share
        the work.

        A handler that raises `RetryLater` gets the message again after that time; one that raises anything else after
        1 s, 5 s, 30 s, then every 2 min. A message that is not acknowledged within `ack_wait` seconds is delivered
        again. With `keep_alive` it is not delivered again while this process lives and the handler runs, even when the
        handler blocks the event loop. A message for whose body `is_ignored` returns True needs no handler; it must not
        block, and cannot be combined with `keep_alive`.
        """
        ...

    def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        """Yields the stored EVENTS of this subject with after < sequence <= until, in order."""
        ...

    async def remove(self, stream: Stream, subject: str, id: str) -> None:
        """Removes the message that was published on this subject under this id, if it is stored. Raises Fault."""
        ...

    async def position(self) -> StreamPosition: ...

    async def sequence_at(self, moment: datetime) -> int:
        """Returns the sequence of the first of the EVENTS stored at this moment or later, or else the next sequence."""
        ...

    async def get_event(self, sequence: int) -> ReceivedMessage | None:
        """Returns the event with this sequence; None when there is none."""
        ...

    async def extent(self) -> StreamExtent: ...

    async def renew_epoch(self) -> None:
        """Invalidates every cursor that was handed out, because events behind some of them are lost."""
        ...

    @property
    def connection_count(self) -> int:
        """The number of connections so far; with each new one the server may have lost what it had stored."""
        ...

    @property
    def is_connected(self) -> bool:
        """False while ephemeral messages are known to be missed."""
        ...

    async def request(
        self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> RpcReply:
        """Calls a verb of a service.

        Raises TimedOut when no answer comes, Unserved when nobody serves the verb, Gone when the copy of the service
        that took the request is gone.
        """
        ...

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[RpcRequest], Awaitable[RpcReply]]
    ) -> Subscription:
        """Answers these verbs of this service, sharing the load with its other copies."""
        ...

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Calls `callback` after every reconnection: ephemeral messages of the time between were missed."""
        ...

    async def check(self) -> None:
        """Returns when the bus answers; raises a Fault when it does not."""
        ...
