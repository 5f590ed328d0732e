"""The Store port in memory: for tests that run in milliseconds, and for nothing that must outlive its process."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from reyna.adapters.steps import must_be_askable, must_know, nearest, written
from reyna.domain.event import Message
from reyna.ports import PRESENT, Collection, Drop, Need, Put, Record, Step, Unmet, Where

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
        place = _place(order)
        found = [kept for kept in self._owned(collection, user_id).values() if _fits(kept, where)]
        found.sort(key=lambda kept: place(kept.record), reverse=descending)
        if after is not None:
            if len(after) != len(order) + 1:
                raise ValueError("`after` is one value for each field of `order`, and the id")
            last = tuple(after)
            found = [kept for kept in found if (place(kept.record) < last if descending else place(kept.record) > last)]
        return [msgspec.json.decode(kept.body, type=collection.holds) for kept in found[:limit]]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        must_be_askable(collection, where)
        return sum(_fits(kept, where) for kept in self._owned(collection, user_id).values())

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        must_be_askable(collection, (field, *where))
        fitting = [kept for kept in self._owned(collection, user_id).values() if _fits(kept, where)]
        return dict(Counter(getattr(kept.record, field) for kept in fitting))

    async def pick(
        self, collection: Collection[R], user_id: str, fields: Sequence[str], where: Where = {}
    ) -> list[tuple[Any, ...]]:
        must_be_askable(collection, (*fields, *where))
        fitting = [(id, kept) for id, kept in self._owned(collection, user_id).items() if _fits(kept, where)]
        return [tuple(getattr(kept.record, field) for field in fields) for _, kept in sorted(fitting, key=_by_id)]

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
        fitting = {id: kept for id, kept in self._owned(collection, user_id).items() if _fits(kept, where)}
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
        for step, body in zip(steps, bodies, strict=True):
            match step:
                case Put(collection=collection, record=record):
                    self._owned(collection, record.user_id)[record.id] = _Kept(record, body)
                case Drop(collection=collection, user_id=user_id, id=id):
                    del self._owned(collection, user_id)[id]
        now = datetime.now(UTC)
        self._outbox |= {message.id: (now, message) for message in messages}

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
                if kept is None or not _fits(kept, where):
                    raise Unmet(collection.name, "need")

    def _owned(self, collection: Collection[Any], user_id: str) -> dict[str, _Kept]:
        must_know(self._collections, collection)
        return self._kept[collection.name].setdefault(user_id, {})


def _fits(kept: _Kept, where: Where) -> bool:
    return all(_is(getattr(kept.record, field), wanted) for field, wanted in where.items())


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple | list | set | frozenset):
        return value in wanted
    return value is not None if wanted is PRESENT else bool(value == wanted)


def _by_id(found: tuple[str, _Kept]) -> str:
    return found[0]


def _place(order: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda record: (*(getattr(record, field) for field in order), record.id)
