"""The Store port in memory: for tests that run in milliseconds, and for nothing that must outlive its process."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from reyna.domain.event import Message
from reyna.ports import Collection, Drop, Need, Put, Record, Step, Unmet, Where
from reyna.steps import added, fits, must_be_askable, must_know, nearest, place_in, written

R = TypeVar("R", bound=Record)


class _Kept(msgspec.Struct, frozen=True):
    """A record to ask questions of, and its JSON, which is what is given back, as any other store would."""

    record: Any
    body: bytes


class MemoryStore:
    """Records of one service in a dictionary; a write has no await in it, so nothing comes between its steps."""

    def __init__(self, collections: Sequence[Collection[Any]]) -> None:
        self._collections = {collection.name: collection for collection in collections}
        self._kept: dict[str, dict[str, dict[str, _Kept]]] = {name: {} for name in self._collections}
        self._sums: dict[str, dict[str, int]] = {}
        self._outbox: dict[str, tuple[datetime, Message]] = {}

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        kept = self._owned(collection, user_id).get(id)
        return None if kept is None else msgspec.json.decode(kept.body, type=collection.holds)

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
        must_be_askable(collection, (*order, *where))
        place = place_in(order)
        found = [kept for kept in self._owned(collection, user_id).values() if fits(kept.record, where)]
        found.sort(key=lambda kept: place(kept.record), reverse=descending)
        if after is not None:
            if len(after) != len(order) + 1:
                raise ValueError("`after` is one value for each field of `order`, and the id")
            last = tuple(after)
            found = [kept for kept in found if (place(kept.record) < last if descending else place(kept.record) > last)]
        return [msgspec.json.decode(kept.body, type=collection.holds) for kept in found[:limit]]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        must_be_askable(collection, where)
        return sum(fits(kept.record, where) for kept in self._owned(collection, user_id).values())

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        must_be_askable(collection, (field, *where))
        fitting = [kept for kept in self._owned(collection, user_id).values() if fits(kept.record, where)]
        return dict(Counter(getattr(kept.record, field) for kept in fitting))

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
        must_be_askable(collection, (*fields, *where))
        fitting = [
            (id, kept)
            for id, kept in self._owned(collection, user_id).items()
            if fits(kept.record, where) and (after is None or id > after)
        ]
        found = sorted(fitting, key=_by_id)[:limit]
        return [tuple(getattr(kept.record, field) for field in fields) for _, kept in found]

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
        must_be_askable(collection, (link, *where))
        fitting = {id: kept for id, kept in self._owned(collection, user_id).items() if fits(kept.record, where)}
        parents = {id: getattr(kept.record, link) for id, kept in fitting.items()}
        return [
            (far, msgspec.json.decode(fitting[id].body, type=collection.holds))
            for far, id in nearest(start, parents, toward, depth)
        ]

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        written(steps)
        bodies = [msgspec.json.encode(step.record) if isinstance(step, Put) else b"" for step in steps]
        for step in steps:
            self._demand(step)
        sums = self._added_up(steps)
        for step, body in zip(steps, bodies, strict=True):
            match step:
                case Put(collection=collection, record=record):
                    self._owned(collection, record.user_id)[record.id] = _Kept(record, body)
                case Drop(collection=collection, user_id=user_id, id=id):
                    del self._owned(collection, user_id)[id]
        for (user_id, name), value in sums.items():
            self._sums.setdefault(user_id, {})[name] = value
        now = datetime.now(UTC)
        self._outbox |= {message.id: (now, message) for message in messages}

    async def sums(self, user_id: str) -> dict[str, int]:
        return dict(self._sums.get(user_id, {}))

    async def users(self, after: str | None, limit: int) -> list[str]:
        return sorted(user_id for user_id in self._sums if after is None or user_id > after)[:limit]

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        return [message for written, message in self._outbox.values() if written < before][:limit]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._outbox.pop(id, None)

    async def check(self) -> None:
        return

    def _demand(self, step: Step) -> None:
        """Raise Unmet unless the step's condition holds now."""
        match step:
            case Put(collection=collection, record=record, expects=expects):
                kept = self._owned(collection, record.user_id).get(record.id)
                if expects is not None and expects != (0 if kept is None else kept.record.revision):
                    raise Unmet(collection.name, "put")
            case Drop(collection=collection, user_id=user_id, id=id):
                if id not in self._owned(collection, user_id):
                    raise Unmet(collection.name, "drop")
            case Need(collection=collection, user_id=user_id, id=id, where=where):
                must_be_askable(collection, where)
                kept = self._owned(collection, user_id).get(id)
                if kept is None or not fits(kept.record, where):
                    raise Unmet(collection.name, "need")

    def _added_up(self, steps: Sequence[Step]) -> dict[tuple[str, str], int]:
        """What the sums come to with this write; raises Unmet at the first that would exceed its bound."""
        after = {}
        for (user_id, name), (by, at_most) in added(steps).items():
            value = after[user_id, name] = self._sums.get(user_id, {}).get(name, 0) + by
            if at_most is not None and value > at_most:
                raise Unmet(name, "add")
        return after

    def _owned(self, collection: Collection[Any], user_id: str) -> dict[str, _Kept]:
        must_know(self._collections, collection)
        return self._kept[collection.name].setdefault(user_id, {})


def _by_id(found: tuple[str, _Kept]) -> str:
    return found[0]
