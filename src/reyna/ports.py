"""What the house needs of the outside world, in its own words: Store, Bus and Language."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

import msgspec

from reyna.domain.event import Message

# --- Store: records of a user, and the outbox beside them ---


class Record(Protocol):
    """What every stored struct has; `revision` is 1 when new and grows by one with each write."""

    @property
    def id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def revision(self) -> int: ...


R = TypeVar("R", bound=Record)


class Collection(msgspec.Struct, Generic[R], frozen=True):
    """A kind of record: its name (`state.blobs`), the struct it holds, and the fields that can be asked for.

    `columns` name fields of `holds` whose type is str, int, float, bool or datetime, or one of these or None.
    `id`, `user_id` and `revision` can always be asked for.
    """

    name: str
    holds: type[R]
    columns: tuple[str, ...] = ()


class Present(msgspec.Struct, frozen=True):
    """In a `where`: the field is not null."""


PRESENT: Final = Present()
Where = Mapping[str, Any]
"""Field -> wanted value; None means null, `PRESENT` means not null, a tuple, list or set means any of these.
All fields must match."""


class Put(msgspec.Struct, frozen=True):
    """Write a record. `expects` is the revision that must be stored now: 0 for none, None for whatever is there."""

    collection: Collection[Any]
    record: Any
    expects: int | None = 0


class Drop(msgspec.Struct, frozen=True):
    """Remove a record; it must be there."""

    collection: Collection[Any]
    user_id: str
    id: str


class Need(msgspec.Struct, frozen=True):
    """The record must be there, and match, at the moment of the write (it is locked until the write is done)."""

    collection: Collection[Any]
    user_id: str
    id: str
    where: Where = {}


class Add(msgspec.Struct, frozen=True):
    """Add to one of the user's sums in this store; one that was never added to is 0. `by` may be negative.

    A sum that grows must not exceed `at_most`. What one write adds to the same sum counts as one addition, with the
    smallest of the bounds.
    """

    user_id: str
    sum: str
    by: int
    at_most: int | None = None


Step = Put | Drop | Need | Add


class Unmet(Exception):
    """A condition of the write did not hold, and nothing was written; `collection` names where, of an Add the sum."""

    def __init__(self, collection: str, kind: Literal["put", "drop", "need", "add"]) -> None:
        self.collection, self.kind = collection, kind
        super().__init__(f"{kind} on {collection}")


class Store(Protocol):
    """Records of one service, reached by `user_id` first, and the messages that were written with them.

    Every verb raises `reyna.domain.errors.Fault` when the store cannot be reached.
    """

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None: ...

    async def find(
        self,
        collection: Collection[R],
        user_id: str,
        where: Where = {},
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        after: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> list[R]:
        """Matching records, by `order` and then by `id`; `after` is the place of the last one seen (keyset paging):
        its values of the fields in `order`, then its `id`. Fields in `order` must not be null. Text is compared by
        code point."""
        ...

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int: ...

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        """How many matching records there are for each value of the field; values without any are left out."""
        ...

    async def pick(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Only these fields of the matching records, by `id`: cheap where the records themselves are large.

        `after` is the id of the last one seen (keyset paging).
        """
        ...

    async def walk(
        self,
        collection: Collection[R],
        user_id: str,
        start: Sequence[str],
        link: str,
        *,
        toward: Literal["children", "parents"],
        depth: int | None = None,
        where: Where = {},
    ) -> list[tuple[int, R]]:
        """Records reached from `start` over the field `link` (which holds the parent's id), with their distance.

        `start` itself is included at distance 0; `depth` is the greatest distance; records that do not match `where`
        are neither returned nor passed through; nearest first; a loop in the data ends the walk, it does not hang it.
        """
        ...

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        """All of it or nothing, in one statement where the engine can. Raises `Unmet`."""
        ...

    async def sums(self, user_id: str) -> dict[str, int]:
        """What the user's sums have come to, by name."""
        ...

    async def users(self, after: str | None, limit: int) -> list[str]:
        """Those who have a sum here, in the order of their ids, behind `after`: for the house's own work."""
        ...

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        """Messages written before that moment and not marked sent, oldest first."""
        ...

    async def mark_sent(self, ids: Sequence[str]) -> None: ...

    async def check(self) -> None:
        """Returns when the store answers; raises a Fault when it does not (for `/readyz`)."""
        ...


# --- Bus: events, work, and verbs between services ---


class Heard(msgspec.Struct, frozen=True):
    """A message as it arrives; `sequence` is its place in the EVENTS stream, None when it came from no stream."""

    subject: str
    body: bytes
    sequence: int | None = None


class Position(msgspec.Struct, frozen=True):
    """What the EVENTS stream holds now; `epoch` changes when the stream is made anew. `last` is first - 1 if empty."""

    epoch: str
    first: int
    last: int


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
        """Ask for more time before the message is taken for lost."""
        ...


class Later(Exception):
    """Raised by a handler of a durable subscription: deliver this again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")


AGAIN: Final = (1.0, 5.0, 30.0, 120.0)  # seconds before the next delivery; the last one repeats


def again_after(attempt: int) -> float:
    """Seconds to wait before delivering again what failed in this attempt (1 is the first)."""
    return AGAIN[min(max(attempt, 1), len(AGAIN)) - 1]


class Subscription(Protocol):
    async def stop(self) -> None:
        """No new messages; what is being handled is finished first."""
        ...


class Request(msgspec.Struct, frozen=True):
    """A verb asked of a service over the bus."""

    verb: str
    body: bytes
    headers: Mapping[str, str]


class Reply(msgspec.Struct, frozen=True):
    """`error` is (code, text) when it went wrong: counted by the engine, and carried in its headers."""

    body: bytes
    error: tuple[str, str] | None = None


Stream = Literal["EVENTS", "RUNS", "DEAD"]


class Bus(Protocol):
    """Publish, subscribe (durable, shared among copies), listen (ephemeral, every copy), ask and serve."""

    def publish(self, message: Message) -> Awaitable[None]:
        """Handed over at once; awaiting the answer returns when the stream that holds the subject has stored it.
        `message.id` makes a repeat harmless within the dedupe window (2 minutes). Many may be under way at once; they
        are stored in the order of the calls. The answer raises Fault."""
        ...

    async def tell(self, subject: str, body: bytes) -> None:
        """To whoever listens now; not stored."""
        ...

    async def listen(self, subject: str, hear: Callable[[Heard], None]) -> Subscription:
        """Every copy hears everything from now on; `hear` is called in order and must not block."""
        ...

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
        """Durable: `name` remembers its place across restarts, and copies share the work. A handler that raises
        `Later` gets the message again after that time; one that raises anything else after 1 s, 5 s, 30 s, then every
        2 min. Not acknowledged within `patience` seconds, it is delivered again."""
        ...

    def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[Heard]:
        """Stored EVENTS of this subject with after < sequence <= until, in order."""
        ...

    async def position(self) -> Position: ...

    async def ask(self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Reply:
        """Raises TimedOut when no answer came, Unserved when nobody serves the verb."""
        ...

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[Request], Awaitable[Reply]]
    ) -> Subscription:
        """Answer these verbs of this service, sharing the load with its other copies."""
        ...

    async def check(self) -> None:
        """Returns when the bus answers; raises a Fault when it does not."""
        ...


# --- Language: a model that writes ---


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """`max_tokens` bounds the answer."""

    system: str
    user: str
    max_tokens: int
    temperature: float = 0.7
    stop: tuple[str, ...] = ()


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """`finished` is False when the answer was cut at `max_tokens`."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    finished: bool = True


class Language(Protocol):
    """Both verbs raise Refusal for what trying again cannot mend (a wrong key, an unknown model) and Fault else."""

    async def complete(self, prompt: Prompt) -> Completion: ...

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        """Pieces of text as they are written, then one Completion with all of it."""
        ...
