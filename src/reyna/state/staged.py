"""A store over a store: what is written is kept back, shown in what is read, and given out at last as one write."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from reyna.domain.event import Message
from reyna.ports import Add, Collection, Drop, Need, Put, Record, Step, Store, Unmet, Where
from reyna.state.subtree import CHUNK, chunks
from reyna.steps import added, fits, key_of, must_be_askable, nearest, place_in, written

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Record)
Key = tuple[str, str, str]  # collection, user, id
NONE: Final = 0  # the revision of what is not there


class Change(msgspec.Struct, frozen=True):
    """What becomes of one record: `seen` is the revision below (0 for none), `expects` the one that must be there still
    when all is written (None for any), `record` what is then there."""

    collection: Collection[Any]
    user_id: str
    id: str
    seen: int
    expects: int | None
    record: Any | None

    def steps(self) -> list[Step]:
        if self.record is not None:
            return [Put(self.collection, self.record, self.expects)]
        if self.seen == NONE:
            return []
        still = Need(self.collection, self.user_id, self.id, {"revision": self.seen})
        return [Drop(self.collection, self.user_id, self.id), *([] if self.expects is None else [still])]


class Addition(msgspec.Struct, frozen=True):
    """What is added to one sum, and the most that it may come to below for every bound on the way to be kept."""

    user_id: str
    sum: str
    by: int = 0
    below: int | None = None

    def and_then(self, by: int, at_most: int | None) -> "Addition":
        total = self.by + by
        rooms = [room for room in (self.below, None if at_most is None else at_most - total) if room is not None]
        return replace(self, by=total, below=min(rooms, default=None))

    def step(self) -> Add:
        bound = None if self.below is None or self.by <= 0 else self.below + self.by
        return Add(self.user_id, self.sum, self.by, bound)


class Kept:
    """All that was written so far: the changes by collection and user, and by id; what is needed of the store below;
    what is added to sums; and the messages with the moment of each. What was written since a mark can be taken back
    for the price of what it was, however much stands beside it."""

    def __init__(self) -> None:
        self.changes: dict[tuple[str, str], dict[str, Change]] = {}
        self.needs: dict[str, Need] = {}
        self.sums: dict[tuple[str, str], Addition] = {}
        self.messages: list[tuple[datetime, Message]] = []
        self._before: list[Callable[[], object]] | None = None  # how to undo each step since the mark; None without one

    def keep(self, change: Change) -> None:
        self._set(self.changes.setdefault((change.collection.name, change.user_id), {}), change.id, change)

    def need(self, needs: Mapping[str, Need]) -> None:
        for name, need in needs.items():
            self._set(self.needs, name, need)

    def add(self, sums: Mapping[tuple[str, str], Addition]) -> None:
        for name, addition in sums.items():
            self._set(self.sums, name, addition)

    def tell(self, messages: Sequence[Message]) -> None:
        self._or_back(partial(_cut, self.messages, len(self.messages)))
        now = datetime.now(UTC)
        self.messages += [(now, message) for message in messages]

    def forget(self, ids: Sequence[str]) -> None:
        """Messages that are sent."""
        self._or_back(partial(setattr, self, "messages", self.messages))
        self.messages = [one for one in self.messages if one[1].id not in ids]

    def mark(self) -> None:
        self._before = []

    def back(self) -> int:
        """As it was at the mark, which then stands no more; how many steps it took."""
        before, self._before = self._before or [], None
        for undo in reversed(before):
            undo()
        return len(before)

    def _set(self, held: dict[K, V], name: K, value: V) -> None:
        self._or_back(partial(held.__setitem__, name, held[name]) if name in held else partial(held.__delitem__, name))
        held[name] = value

    def _or_back(self, undo: Callable[[], object]) -> None:
        if self._before is not None:
            self._before.append(undo)


def _cut(messages: list[tuple[datetime, Message]], length: int) -> None:
    del messages[length:]


class Staged:
    """A Store for work that many verbs do together.

    Each write is judged at once, by what was written here before and by what the store below holds now. Nothing of it
    reaches the store below: `steps` and `messages` do, when they are written to it as one, and they hold only if all
    that was judged by it is so still. What is read here is what that write would leave.
    """

    def __init__(self, below: Store) -> None:
        self._below = below
        self._kept = Kept()
        self._one_by_one = asyncio.Lock()

    # --- given out ---

    def steps(self) -> list[Step]:
        """One write of all that was written: each record once."""
        changes = [change for held in self._kept.changes.values() for change in held.values()]
        adds = [addition.step() for addition in self._kept.sums.values() if addition.by]
        return [*self._kept.needs.values(), *(step for change in changes for step in change.steps()), *adds]

    def messages(self) -> list[Message]:
        """In the order in which they were written."""
        return [message for _, message in self._kept.messages]

    def taken(self, collection: Collection[R], user_id: str) -> list[R]:
        """What was put into this collection, in order, and is now not to be written from here any more."""
        changes = self._kept.changes.pop((collection.name, user_id), {})
        return [change.record for change in changes.values() if change.record is not None]

    def size(self) -> int:
        """How many records are written."""
        return sum(map(len, self._kept.changes.values()))

    def added(self, user_id: str, sum: str) -> int:
        """What is added to a sum."""
        addition = self._kept.sums.get((user_id, sum))
        return 0 if addition is None else addition.by

    def mark(self) -> None:
        """From here on, what is written can be taken `back`, until the next mark. Costs nothing."""
        self._kept.mark()

    def back(self) -> int:
        """As if nothing had been written since the mark, which then stands no more. Gives how many steps it took: at
        most one for each record, need, sum and list of messages that was written since, whatever was before."""
        return self._kept.back()

    # --- read ---

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        change = self._over(collection, user_id).get(id)
        return await self._below.get(collection, user_id, id) if change is None else change.record

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
        over, place = self._over(collection, user_id), place_in(order)
        found: list[R] = []
        size, start = limit, after
        while True:  # what is changed here stands among them as it was, so that a page may leave too few
            page = await self._below.find(
                collection, user_id, where, order=order, descending=descending, after=start, limit=size
            )
            found += [record for record in page if record.id not in over]
            if size is None or limit is None or len(page) < size or len(found) >= limit:
                break
            size, start = min(2 * size, CHUNK), place(page[-1])
        last = None if after is None else tuple(after)
        mine = [
            record
            for record in self._mine(collection, user_id, where)
            if last is None or (place(record) < last if descending else place(record) > last)
        ]
        return sorted([*found, *mine], key=place, reverse=descending)[:limit] if mine else found[:limit]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        below = await self._below.count(collection, user_id, where)
        for hidden in self._hidden(collection, user_id, where):
            below -= await self._below.count(collection, user_id, hidden)
        return below + len(self._mine(collection, user_id, where))

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        counts = Counter(await self._below.tally(collection, user_id, field, where))
        for hidden in self._hidden(collection, user_id, where):
            counts.subtract(await self._below.tally(collection, user_id, field, hidden))
        counts.update(getattr(record, field) for record in self._mine(collection, user_id, where))
        return {value: count for value, count in counts.items() if count}

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
        over = self._over(collection, user_id)
        if not over:
            return await self._below.pick(collection, user_id, fields, where, after=after, limit=limit)
        # As many more of those below as may be changed here.
        wanted = None if limit is None else limit + len(over)
        below = await self._below.pick(collection, user_id, ("id", *fields), where, after=after, limit=wanted)
        rows = [row for row in below if row[0] not in over]
        mine = self._mine(collection, user_id, where)
        rows += [(record.id, *(getattr(record, field) for field in fields)) for record in mine]
        found = sorted((row for row in rows if after is None or row[0] > after), key=_by_id)
        return [row[1:] for row in found[:limit]]

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
        over = self._over(collection, user_id)
        from_here = [*start]
        mine = self._mine(collection, user_id, where)
        # Whatever is reached by way of a record that was changed here hangs together below on its far side.
        if toward == "parents":
            from_here += {getattr(record, link) for record in mine} - {None, *start}
        else:
            for ids in chunks(record.id for record in mine):
                reached = await self._below.pick(collection, user_id, ("id",), {**where, link: ids})
                from_here += [id for (id,) in reached if id not in over]
        walked = await self._below.walk(collection, user_id, from_here, link, toward=toward, depth=depth, where=where)
        if not over:
            return walked
        there = {record.id: record for _, record in walked if record.id not in over}
        there |= {record.id: record for record in mine}
        parents = {id: getattr(record, link) for id, record in there.items()}
        return [(far, there[id]) for far, id in nearest(start, parents, toward, depth)]

    async def sums(self, user_id: str) -> dict[str, int]:
        sums = Counter(await self._below.sums(user_id))
        sums.update({addition.sum: addition.by for addition in self._kept.sums.values() if addition.user_id == user_id})
        return dict(sums)

    async def users(self, after: str | None, limit: int) -> list[str]:
        mine = {user_id for user_id, _ in self._kept.sums if after is None or user_id > after}
        return sorted({*await self._below.users(after, limit), *mine})[:limit]

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        mine = [message for written, message in self._kept.messages if written < before]
        return [*await self._below.unsent(before=before, limit=limit), *mine][:limit]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        self._kept.forget(ids)
        await self._below.mark_sent(ids)

    async def check(self) -> None:
        await self._below.check()

    # --- written ---

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        written(steps)
        async with self._one_by_one:
            seen = await self._seen(steps)
            needs = await self._needed(steps)
            sums = await self._added(steps)
            changes = [self._changed(step, seen) for step in steps if isinstance(step, Put | Drop)]
            self._kept.need(needs)
            self._kept.add(sums)
            for change in changes:
                self._kept.keep(change)
            self._kept.tell(messages)

    def _changed(self, step: Put | Drop, seen: dict[Key, int]) -> Change:
        """What becomes of the record by this step too; raises Unmet."""
        key = key_of(step)
        before = self._over(step.collection, key[1]).get(key[2])
        there = seen[key] if before is None else NONE if before.record is None else before.record.revision
        if isinstance(step, Drop):
            if there == NONE:
                raise Unmet(step.collection.name, "drop")
            first = Change(step.collection, key[1], key[2], there, there, None)
            return first if before is None else replace(before, record=None)
        if step.expects is not None and step.expects != there:
            raise Unmet(step.collection.name, "put")
        first = Change(step.collection, key[1], key[2], there, step.expects, step.record)
        return first if before is None else replace(before, record=step.record)

    async def _seen(self, steps: Sequence[Step]) -> dict[Key, int]:
        """The revision below of each record that is written here for the first time."""
        asked: dict[tuple[str, str], tuple[Collection[Any], list[str]]] = {}
        for step in steps:
            if isinstance(step, Put | Drop):
                name, user_id, id = key_of(step)
                if id not in self._over(step.collection, user_id):
                    asked.setdefault((name, user_id), (step.collection, []))[1].append(id)
        seen = {(name, user_id, id): NONE for (name, user_id), (_, ids) in asked.items() for id in ids}
        for (name, user_id), (collection, ids) in asked.items():
            for some in chunks(ids):
                for id, revision in await self._below.pick(collection, user_id, ("id", "revision"), {"id": some}):
                    seen[name, user_id, id] = revision
        return seen

    async def _needed(self, steps: Sequence[Step]) -> dict[str, Need]:
        """Those of the needs that are to be met below too, each under a name of its own; raises Unmet."""
        asked: dict[str, tuple[Need, list[str]]] = {}
        needs: dict[str, Need] = {}
        for step in steps:
            if not isinstance(step, Need):
                continue
            must_be_askable(step.collection, step.where)
            change = self._over(step.collection, step.user_id).get(step.id)
            if change is not None and (change.record is None or not fits(change.record, step.where)):
                raise Unmet(step.collection.name, "need")
            asks = f"{step.collection.name} {step.user_id} {step.where}"
            if change is None and (name := f"{asks} {step.id}") not in self._kept.needs and name not in needs:
                needs[name] = step
                asked.setdefault(asks, (step, []))[1].append(step.id)
        for need, ids in asked.values():
            for some in chunks(ids):
                met = await self._below.count(need.collection, need.user_id, _among(need.where, some))
                if met < len(some):
                    raise Unmet(need.collection.name, "need")
        return needs

    async def _added(self, steps: Sequence[Step]) -> dict[tuple[str, str], Addition]:
        """What is added to these sums, this write included; raises Unmet where one would exceed its bound."""
        sums: dict[tuple[str, str], Addition] = {}
        for (user_id, sum), (by, at_most) in added(steps).items():
            sums[user_id, sum] = self._kept.sums.get((user_id, sum), Addition(user_id, sum)).and_then(by, at_most)
            if at_most is not None and (await self.sums(user_id)).get(sum, 0) + by > at_most:
                raise Unmet(sum, "add")
        return sums

    # --- what is laid over the store below ---

    def _over(self, collection: Collection[Any], user_id: str) -> dict[str, Change]:
        return self._kept.changes.get((collection.name, user_id), {})

    def _mine(self, collection: Collection[R], user_id: str, where: Where) -> list[R]:
        """What was written here, and matches."""
        changes = self._over(collection, user_id).values()
        return [change.record for change in changes if change.record is not None and fits(change.record, where)]

    def _hidden(self, collection: Collection[Any], user_id: str, where: Where) -> Iterable[Where]:
        """What to ask the store below for, to know of what it holds that it is not so any more."""
        below = [id for id, change in self._over(collection, user_id).items() if change.seen != NONE]
        return (_among(where, ids) for ids in chunks(below))


def _among(where: Where, ids: list[str]) -> Where:
    """The same, asked only of these ids."""
    return {**where, "id": [id for id in ids if "id" not in where or fits(Named(id), {"id": where["id"]})]}


class Named(msgspec.Struct, frozen=True):
    id: str


def _by_id(row: tuple[Any, ...]) -> str:
    id: str = row[0]
    return id
