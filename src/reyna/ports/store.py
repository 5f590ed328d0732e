"""The Store port: the records of users, their sums and clocks, and the outbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, final

import msgspec

from reyna.domain.event import Message


class Record(Protocol):
    """The fields of every stored struct; `revision` is 1 when new and grows by one with each write."""

    @property
    def id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def revision(self) -> int: ...


R = TypeVar("R", bound=Record)


class Collection(msgspec.Struct, Generic[R], frozen=True):
    """A kind of record: its name (`state.blobs`), the struct of its records, and the fields that can be queried.

    `columns` are fields of `record_type` of type str, int, float, bool or datetime, each optionally None, or properties
    of it, which are text derived from its fields. `id`, `user_id` and `revision` can always be queried.
    """

    name: str
    record_type: type[R]
    columns: tuple[str, ...] = ()


class NotNull(msgspec.Struct, frozen=True):
    """In a `where`: the field is not null."""


NOT_NULL: Final = NotNull()


class Contains(msgspec.Struct, frozen=True):
    """In the `where` of a read (not of a Require): the field's text contains each of these words literally."""

    words: tuple[str, ...]


Where = Mapping[str, Any]
"""Field -> wanted value: None matches null, `NOT_NULL` everything else, a tuple, list or set any of its values, and
`Contains` texts that contain all of its words. All fields must match."""


@final
class Put(msgspec.Struct, frozen=True):
    """Writes a record. `expects` is the revision that must be stored now: 0 for no record, None for any or none."""

    collection: Collection[Any]
    record: Any
    expects: int | None = 0


@final
class Delete(msgspec.Struct, frozen=True):
    """Deletes a record, which must exist."""

    collection: Collection[Any]
    user_id: str
    id: str


@final
class Require(msgspec.Struct, frozen=True):
    """Requires that the record exists and matches at the moment of the write, which locks it until its end."""

    collection: Collection[Any]
    user_id: str
    id: str
    where: Where = {}


@final
class Increment(msgspec.Struct, frozen=True):
    """Adds `by`, which may be negative, to one of the user's sums; a sum that was never written is 0.

    A sum that grows must not exceed `at_most`. The increments of one sum in one write count as a single increment under
    the smallest of their bounds.
    """

    user_id: str
    sum: str
    by: int
    at_most: int | None = None


@final
class AdvanceClock(msgspec.Struct, frozen=True):
    """Advances the logical clock of this user to `number`, which the process `by` has assigned.

    Every number that another process has stored must be smaller than `limit`, which is at least `number`. The steps of
    one write count as a single step to the largest number under the smallest limit.
    """

    user_id: str
    by: str
    number: int
    limit: int


class ClockReading(msgspec.Struct, frozen=True):
    """The logical clock of a user: its largest number, the process that advanced it last, and the largest number of
    all other processes."""

    number: int = 0
    by: str = ""
    others: int = 0

    def allows(self, step: AdvanceClock) -> bool:
        """Returns whether no other process has stored a number that this step should be larger than."""
        return self.largest_of_others(step.by) < step.limit

    def advanced(self, step: AdvanceClock) -> "ClockReading":
        return ClockReading(max(self.number, step.number), step.by, self.largest_of_others(step.by))

    def largest_of_others(self, by: str) -> int:
        """Returns the largest number of all processes but this one."""
        return self.others if self.by == by else self.number


Step = Put | Delete | Require | Increment | AdvanceClock


class RequirementNotMet(Exception):
    """A condition of a write did not hold, and nothing was written.

    `collection` is that of the step, the name of the sum for an increment, and empty for a clock step.
    """

    def __init__(
        self, collection: str, kind: Literal["put", "delete", "require", "increment", "advance_clock"]
    ) -> None:
        self.collection, self.kind = collection, kind
        super().__init__(f"{kind} on {collection}")


class Store(Protocol):
    """The records of one service, always addressed by `user_id` first, and the messages written with them.

    Every method raises `reyna.domain.errors.Fault` when the store cannot be reached.
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
        """Returns the matching records, sorted by `order` and then by `id`.

        `after` is the position of the last record of the page before (keyset pagination): its values of the fields in
        `order`, then its `id`. Fields in `order` must not be null. Text is compared by code point.
        """
        ...

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int: ...

    async def count_by(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        """Returns the number of matching records by value of the field, without the values that have none."""
        ...

    async def select(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Returns only these fields of the matching records, sorted by `id`: cheap where records are large.

        `after` is the id of the last record of the page before (keyset pagination).
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
        """Returns the records that are reachable from `start` over the field `link` (the parent's id), nearest first,
        each with its distance.

        `start` itself is included at distance 0, and `depth` is the greatest distance. Records that do not match
        `where` are neither returned nor passed through. A loop in the data ends the walk.
        """
        ...

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        """Does all steps or none, in one statement where the engine can. Raises `RequirementNotMet`."""
        ...

    async def sums(self, user_id: str) -> dict[str, int]:
        """Returns the user's sums by name."""
        ...

    async def clock_reading(self, user_id: str) -> ClockReading:
        """Returns the logical clock of this user."""
        ...

    async def list_users(self, after: str | None, limit: int) -> list[str]:
        """Returns the ids of the users with a sum in this store, sorted, from behind `after`: for maintenance work."""
        ...

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        """Returns the messages that were written before that moment and are not marked as sent, oldest first.

        `under` is the beginning of their subjects, which ends in a dot.
        """
        ...

    async def mark_sent(self, ids: Sequence[str]) -> None:
        """Removes these messages from the outbox."""
        ...

    async def check(self) -> None:
        """Returns when the store answers; raises a Fault when it does not (for `/readyz`)."""
        ...
