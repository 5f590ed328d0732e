"""The Store port in memory, for tests that run in milliseconds."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from reyna.domain.event import Message
from reyna.ports.store import ClockReading, Collection, Delete, Put, Record, Require, RequirementNotMet, Step, Where
from reyna.storage.semantics import (
    additions_of,
    advances_of,
    check_collection,
    check_queryable,
    check_written_once,
    distances_from,
    matches_where,
    position_in,
)

R = TypeVar("R", bound=Record)


class _StoredRecord(msgspec.Struct, frozen=True):
    """A record for queries, and its JSON, from which reads decode a new one, as with any other store."""

    record: Any
    body: bytes


class MemoryStore:
    """The records of one service in a dictionary; a write has no await in it, so that it is atomic."""

    def __init__(self, collections: Sequence[Collection[Any]]) -> None:
        self._collections = {collection.name: collection for collection in collections}
        self._records: dict[str, dict[str, dict[str, _StoredRecord]]] = {name: {} for name in self._collections}
        self._sums: dict[str, dict[str, int]] = {}
        self._clocks: dict[str, ClockReading] = {}
        self._outbox: dict[str, tuple[datetime, Message]] = {}

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        stored = self._owned(collection, user_id).get(id)
        return None if stored is None else msgspec.json.decode(stored.body, type=collection.record_type)

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
        check_queryable(collection, (*order, *where))
        position_of = position_in(order)
        found = [stored for stored in self._owned(collection, user_id).values() if matches_where(stored.record, where)]
        found.sort(key=lambda stored: position_of(stored.record), reverse=descending)
        if after is not None:
            if len(after) != len(order) + 1:
                raise ValueError("`after` is one value for each field of `order`, and the id")
            last = tuple(after)
            found = [
                stored
                for stored in found
                if (position_of(stored.record) < last if descending else position_of(stored.record) > last)
            ]
        return [msgspec.json.decode(stored.body, type=collection.record_type) for stored in found[:limit]]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        check_queryable(collection, where)
        return sum(matches_where(stored.record, where) for stored in self._owned(collection, user_id).values())

    async def count_by(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        check_queryable(collection, (field, *where))
        matching = [
            stored for stored in self._owned(collection, user_id).values() if matches_where(stored.record, where)
        ]
        return dict(Counter(getattr(stored.record, field) for stored in matching))

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
        check_queryable(collection, (*fields, *where))
        matching = [
            (id, stored)
            for id, stored in self._owned(collection, user_id).items()
            if matches_where(stored.record, where) and (after is None or id > after)
        ]
        found = sorted(matching, key=_by_id)[:limit]
        return [tuple(getattr(stored.record, field) for field in fields) for _, stored in found]

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
        check_queryable(collection, (link, *where))
        matching = {
            id: stored for id, stored in self._owned(collection, user_id).items() if matches_where(stored.record, where)
        }
        parents = {id: getattr(stored.record, link) for id, stored in matching.items()}
        return [
            (distance, msgspec.json.decode(matching[id].body, type=collection.record_type))
            for distance, id in distances_from(start, parents, toward, depth)
        ]

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        check_written_once(steps)
        bodies = [msgspec.json.encode(step.record) if isinstance(step, Put) else b"" for step in steps]
        for step in steps:
            self._check(step)
        advances = advances_of(steps)
        for user_id, advance in advances.items():
            if not self._clocks.get(user_id, ClockReading()).allows(advance):
                raise RequirementNotMet("", "advance_clock")
        sums = self._sums_after(steps)
        for step, body in zip(steps, bodies, strict=True):
            match step:
                case Put(collection=collection, record=record):
                    self._owned(collection, record.user_id)[record.id] = _StoredRecord(record, body)
                case Delete(collection=collection, user_id=user_id, id=id):
                    del self._owned(collection, user_id)[id]
        for user_id, advance in advances.items():
            self._clocks[user_id] = self._clocks.get(user_id, ClockReading()).advanced(advance)
        for (user_id, name), value in sums.items():
            self._sums.setdefault(user_id, {})[name] = value
        now = datetime.now(UTC)
        self._outbox |= {message.id: (now, message) for message in messages}

    async def sums(self, user_id: str) -> dict[str, int]:
        return dict(self._sums.get(user_id, {}))

    async def clock_reading(self, user_id: str) -> ClockReading:
        return self._clocks.get(user_id, ClockReading())

    async def list_users(self, after: str | None, limit: int) -> list[str]:
        return sorted(user_id for user_id in self._sums if after is None or user_id > after)[:limit]

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        written = [message for written_at, message in self._outbox.values() if written_at < before]
        return [message for message in written if message.subject.startswith(under)][:limit]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._outbox.pop(id, None)

    async def check(self) -> None:
        return

    def _check(self, step: Step) -> None:
        """Raises RequirementNotMet when the step's condition does not hold."""
        match step:
            case Put(collection=collection, record=record, expects=expects):
                stored = self._owned(collection, record.user_id).get(record.id)
                if expects is not None and expects != (0 if stored is None else stored.record.revision):
                    raise RequirementNotMet(collection.name, "put")
            case Delete(collection=collection, user_id=user_id, id=id):
                if id not in self._owned(collection, user_id):
                    raise RequirementNotMet(collection.name, "delete")
            case Require(collection=collection, user_id=user_id, id=id, where=where):
                check_queryable(collection, where)
                stored = self._owned(collection, user_id).get(id)
                if stored is None or not matches_where(stored.record, where):
                    raise RequirementNotMet(collection.name, "require")

    def _sums_after(self, steps: Sequence[Step]) -> dict[tuple[str, str], int]:
        """Returns the changed sums after this write. Raises RequirementNotMet when one would exceed its bound."""
        after = {}
        for (user_id, name), (by, at_most) in additions_of(steps).items():
            value = after[user_id, name] = self._sums.get(user_id, {}).get(name, 0) + by
            if at_most is not None and value > at_most:
                raise RequirementNotMet(name, "increment")
        return after

    def _owned(self, collection: Collection[Any], user_id: str) -> dict[str, _StoredRecord]:
        check_collection(self._collections, collection)
        return self._records[collection.name].setdefault(user_id, {})


def _by_id(item: tuple[str, _StoredRecord]) -> str:
    return item[0]
