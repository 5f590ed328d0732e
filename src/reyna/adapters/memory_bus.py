"""The bus in memory, for tests that run in one process and in no time."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import cycle
from typing import Final, Protocol

from reyna.adapters.subjects import matches
from reyna.domain.errors import Fault, TimedOut, Unserved
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS, Message
from reyna.domain.ids import new_id
from reyna.domain.run import RUN_SUBJECTS
from reyna.ports import Delivery, Heard, Later, Position, Reply, Request, Stream, Subscription, again_after

LOG: Final = logging.getLogger(__name__)
DEDUPE_WINDOW: Final = 120.0  # seconds
STREAMS: Final[Mapping[Stream, str]] = {"EVENTS": EVENT_SUBJECTS, "RUNS": RUN_SUBJECTS, "DEAD": "reyna.dead"}


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


class MemoryBus:
    """Holds what is published until the object is gone; copies of a service share one object.

    `later` calls back after so many seconds; a test that passes its own decides when that is.
    """

    def __init__(self, *, later: CallLater | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._later, self._clock = later or _on_the_loop, clock
        self._epoch = new_id("epoch")
        self._stored: dict[Stream, list[Stored]] = {stream: [] for stream in STREAMS}
        self._seen: dict[str, float] = {}  # message id -> when
        self._listening: list[Listening] = []
        self._durable: dict[tuple[Stream, str], Durable] = {}
        self._served: dict[tuple[str, str], list[Served]] = {}
        self._turn = cycle(range(2**16))

    async def provision(self) -> None:
        """There is nothing to create."""

    async def check(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        """Finish what is being handled."""
        served = {id(one): one for several in self._served.values() for one in several}.values()
        copies = [copy for durable in self._durable.values() for copy in durable.copies]
        ending: list[Subscription] = [*served, *copies]
        for subscription in ending:
            await subscription.stop()

    # --- events and work ---

    def publish(self, message: Message) -> Awaitable[None]:
        answer = asyncio.get_running_loop().create_future()
        stream = next((name for name, root in STREAMS.items() if matches(f"{root}.>", message.subject)), None)
        if stream is None:
            answer.set_exception(Fault(f"No stream takes the subject {message.subject}."))
            return answer
        answer.set_result(None)
        if self._is_new(message.id):
            self._store(stream, message)
        return answer

    def _is_new(self, id: str) -> bool:
        now = self._clock()
        while self._seen and now - next(iter(self._seen.values())) >= DEDUPE_WINDOW:
            del self._seen[next(iter(self._seen))]
        if id in self._seen:
            return False
        self._seen[id] = now
        return True

    def _store(self, stream: Stream, message: Message) -> None:
        kept = self._stored[stream]
        stored = Stored(message.subject, message.body, len(kept) + 1)
        kept.append(stored)
        if stream == "EVENTS":
            live = LIVE_SUBJECTS + message.subject.removeprefix(EVENT_SUBJECTS)
            self._tell(Heard(live, message.body, stored.sequence))
        for (of, _), durable in self._durable.items():
            if of == stream:
                durable.offer(stored)

    async def tell(self, subject: str, body: bytes) -> None:
        self._tell(Heard(subject, body))

    def _tell(self, heard: Heard) -> None:
        for listening in self._listening:
            if matches(listening.subject, heard.subject):
                asyncio.get_running_loop().call_soon(listening.give, heard)

    async def listen(self, subject: str, hear: Callable[[Heard], None]) -> Subscription:
        listening = Listening(subject, hear, self._listening)
        self._listening.append(listening)
        return listening

    async def subscribe(
        self,
        stream: Stream,
        name: str,
        subject: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        parallel: int = 1,
        patience: float = 30.0,
    ) -> Subscription:
        durable = self._durable.get((stream, name)) or self._made(stream, name, subject)
        if durable.subject != subject:
            raise Fault(f"{name} of {stream} is there for {durable.subject}, and not for {subject}.")
        copy = Copy(durable, handle, parallel, patience, self._later)
        durable.copies.append(copy)
        durable.hand_out()
        return copy

    def _made(self, stream: Stream, name: str, subject: str) -> "Durable":
        for (of, other), durable in self._durable.items():
            overlapping = matches(durable.subject, subject) or matches(subject, durable.subject)
            if stream == of == "RUNS" and overlapping:
                raise Fault(f"{other} of RUNS takes this work already; a work queue gives it out once.")
        durable = self._durable[stream, name] = Durable(subject)
        for stored in self._stored[stream]:
            if not (stream == "RUNS" and stored.done):
                durable.offer(stored)
        return durable

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[Heard]:
        for stored in self._stored["EVENTS"][after:until]:
            if matches(subject, stored.subject):
                yield Heard(stored.subject, stored.body, stored.sequence)

    async def position(self) -> Position:
        return Position(self._epoch, 1, len(self._stored["EVENTS"]))

    # --- verbs ---

    async def ask(self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Reply:
        copies = self._served.get((service, verb))
        if not copies:
            raise Unserved(f"Nobody answers to {service}.{verb}.")
        task = copies[next(self._turn) % len(copies)].begin(Request(verb, body, dict(headers)))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(task)  # who asks gives up; who answers does not notice
        except TimeoutError:
            raise TimedOut(f"No answer from {service}.{verb} within {timeout:g} s.") from None

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[Request], Awaitable[Reply]]
    ) -> Subscription:
        return Served(answer, [self._served.setdefault((service, verb), []) for verb in verbs])


def _on_the_loop(seconds: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


class Stored:
    """A message in a stream; `done` once a work queue's subscriber has acknowledged it."""

    __slots__ = ("body", "done", "sequence", "subject")

    def __init__(self, subject: str, body: bytes, sequence: int) -> None:
        self.subject, self.body, self.sequence = subject, body, sequence
        self.done = False


class Listening:
    def __init__(self, subject: str, hear: Callable[[Heard], None], all: list["Listening"]) -> None:
        self.subject, self._hear, self._all = subject, hear, all

    def give(self, heard: Heard) -> None:
        if self not in self._all:
            return
        try:
            self._hear(heard)
        except Exception:
            LOG.exception("A listener on %s failed", self.subject)

    async def stop(self) -> None:
        if self in self._all:
            self._all.remove(self)


class Durable:
    """What one durable name still has to get, and the copies that share it."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.copies: list[Copy] = []
        self._waiting: deque[tuple[Stored, int]] = deque()
        self._acknowledged: set[int] = set()
        self._turn = 0

    def offer(self, stored: Stored, attempt: int = 1) -> None:
        if matches(self.subject, stored.subject) and stored.sequence not in self._acknowledged:
            self._waiting.append((stored, attempt))
            self.hand_out()

    def acknowledge(self, stored: Stored) -> None:
        self._acknowledged.add(stored.sequence)
        stored.done = True

    def hand_out(self) -> None:
        while self._waiting and (free := [copy for copy in self.copies if copy.has_a_free_hand()]):
            self._turn += 1
            stored, attempt = self._waiting.popleft()
            if stored.sequence not in self._acknowledged:
                free[self._turn % len(free)].take(stored, attempt)


class Copy:
    """One copy of a durable subscription, with its handlers."""

    def __init__(
        self,
        durable: Durable,
        handle: Callable[[Delivery], Awaitable[None]],
        parallel: int,
        patience: float,
        later: CallLater,
    ) -> None:
        self._durable, self._handle, self._parallel = durable, handle, parallel
        self._patience, self._later = patience, later
        self._running: set[asyncio.Task[None]] = set()

    def has_a_free_hand(self) -> bool:
        return len(self._running) < self._parallel

    def take(self, stored: Stored, attempt: int) -> None:
        task = asyncio.create_task(self._work(Delivered(stored, attempt, self._expects)))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _expects(self, delivered: "Delivered") -> Timer:
        return self._later(self._patience, lambda: self._durable.offer(delivered.stored, delivered.attempt + 1))

    async def _work(self, delivered: "Delivered") -> None:
        after: float | None = None
        try:
            await self._handle(delivered)
        except Later as later:
            after = later.seconds
        except Exception:
            after = again_after(delivered.attempt)
            LOG.exception("A handler failed on %s; again in %g s", delivered.subject, after)
        delivered.timer.cancel()
        if after is None:
            self._durable.acknowledge(delivered.stored)
        else:
            self._later(after, lambda: self._durable.offer(delivered.stored, delivered.attempt + 1))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._durable.hand_out()

    async def stop(self) -> None:
        if self in self._durable.copies:
            self._durable.copies.remove(self)
        if self._running:
            await asyncio.wait(self._running)


class Delivered:
    """One attempt at one message."""

    def __init__(self, stored: Stored, attempt: int, expects: Callable[["Delivered"], Timer]) -> None:
        self.stored = stored
        self.subject, self.body, self.attempt = stored.subject, stored.body, attempt
        self._expects = expects
        self.timer = expects(self)

    async def in_progress(self) -> None:
        self.timer.cancel()
        self.timer = self._expects(self)


class Served:
    """One copy of a service."""

    def __init__(self, answer: Callable[[Request], Awaitable[Reply]], places: Sequence[list["Served"]]) -> None:
        self._answer, self._places = answer, places
        self._running: set[asyncio.Task[Reply]] = set()
        for place in places:
            place.append(self)

    def begin(self, request: Request) -> asyncio.Task[Reply]:
        task = asyncio.create_task(self._safely(request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _safely(self, request: Request) -> Reply:
        try:
            return await self._answer(request)
        except Exception:
            LOG.exception("Answering %s failed", request.verb)
            return Reply(b"", ("500", "fault"))

    async def stop(self) -> None:
        for place in self._places:
            if self in place:
                place.remove(self)
        if self._running:
            await asyncio.wait(self._running)
