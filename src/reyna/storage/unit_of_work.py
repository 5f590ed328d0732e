"""The unit of work: a Store that stages writes, shows them in its reads, and gives them out as one write at last."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Literal, TypeVar

from reyna.domain.event import Message
from reyna.ports.store import ClockReading, Collection, Delete, Increment, Put, Record, Step, Store, Where
from reyna.storage.chunks import MAX_IDS_PER_QUERY, chunks
from reyna.storage.semantics import check_written_once, distances_from, matches_where, position_in
from reyna.storage.staged_changes import MISSING, RecordChange, StagedChanges
from reyna.storage.write_check import WriteCheck, where_among

R = TypeVar("R", bound=Record)


class UnitOfWork:
    """A Store for work that many verbs do together.

    The conditions of each write are checked at once, against what was staged before and what the store below holds now.
    Nothing reaches the store below until its caller writes `steps` and `messages` to it, which succeeds only if every
    condition still holds then. Reads return what that write would leave.
    """

    def __init__(self, below: Store) -> None:
        self._below = below
        self._staged = StagedChanges()
        self._check = WriteCheck(below, self._staged)
        self._writing = asyncio.Lock()

    # --- the outcome ---

    def steps(self) -> list[Step]:
        """Returns all that was staged as the steps of one write, which changes each record once."""
        return self._staged.steps()

    def messages(self) -> list[Message]:
        """Returns the staged messages in the order in which they were written."""
        return [message for _, message in self._staged.messages]

    def take_records(self, collection: Collection[R], user_id: str) -> list[R]:
        """Removes the staged records of this collection and returns them, in the order in which they were put."""
        changes = self._staged.records.pop((collection.name, user_id), {})
        return [change.record for change in changes.values() if change.record is not None]

    def changed_record_count(self) -> int:
        return sum(map(len, self._staged.records.values()))

    def increment_of(self, user_id: str, sum: str) -> int:
        """Returns the total by which a sum changes."""
        increment = self._staged.increments.get((user_id, sum))
        return 0 if increment is None else increment.by

    def savepoint(self) -> None:
        """Marks the point to which the next rollback goes back. Costs nothing."""
        self._staged.savepoint()

    def rollback(self) -> int:
        """Rolls back to the savepoint and discards it.

        Returns the number of undone changes: at most one for each record, requirement, sum and list of messages that
        was written since, whatever was staged before.
        """
        return self._staged.rollback()

    # --- reads ---

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        change = self._changes_in(collection, user_id).get(id)
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
        changes, position_of = self._changes_in(collection, user_id), position_in(order)
        found: list[R] = []
        page_size, start = limit, after
        while True:  # a page holds changed records in their old state, so that too few may be left of it
            page = await self._below.find(
                collection, user_id, where, order=order, descending=descending, after=start, limit=page_size
            )
            found += [record for record in page if record.id not in changes]
            if page_size is None or limit is None or len(page) < page_size or len(found) >= limit:
                break
            page_size, start = min(2 * page_size, MAX_IDS_PER_QUERY), position_of(page[-1])
        last = None if after is None else tuple(after)
        staged = [
            record
            for record in self._staged_records(collection, user_id, where)
            if last is None or (position_of(record) < last if descending else position_of(record) > last)
        ]
        return sorted([*found, *staged], key=position_of, reverse=descending)[:limit] if staged else found[:limit]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        count = await self._below.count(collection, user_id, where)
        for outdated in self._outdated(collection, user_id, where):
            count -= await self._below.count(collection, user_id, outdated)
        return count + len(self._staged_records(collection, user_id, where))

    async def count_by(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        counts = Counter(await self._below.count_by(collection, user_id, field, where))
        for outdated in self._outdated(collection, user_id, where):
            counts.subtract(await self._below.count_by(collection, user_id, field, outdated))
        counts.update(getattr(record, field) for record in self._staged_records(collection, user_id, where))
        return {value: count for value, count in counts.items() if count}

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
        changes = self._changes_in(collection, user_id)
        if not changes:
            return await self._below.select(collection, user_id, fields, where, after=after, limit=limit)
        limit_below = None if limit is None else limit + len(changes)  # as many as may be outdated
        below = await self._below.select(collection, user_id, ("id", *fields), where, after=after, limit=limit_below)
        rows = [row for row in below if row[0] not in changes]
        staged = self._staged_records(collection, user_id, where)
        rows += [(record.id, *(getattr(record, field) for field in fields)) for record in staged]
        found = sorted((row for row in rows if after is None or row[0] > after), key=itemgetter(0))
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
        changes = self._changes_in(collection, user_id)
        starts = [*start]
        staged = self._staged_records(collection, user_id, where)
        # The far side of every changed record is walked too: what is reached by way of it is connected there.
        if toward == "parents":
            starts += {getattr(record, link) for record in staged} - {None, *start}
        else:
            for ids in chunks(record.id for record in staged):
                children = await self._below.select(collection, user_id, ("id",), {**where, link: ids})
                starts += [id for (id,) in children if id not in changes]
        walked = await self._below.walk(collection, user_id, starts, link, toward=toward, depth=depth, where=where)
        if not changes:
            return walked
        records = {record.id: record for _, record in walked if record.id not in changes}
        records |= {record.id: record for record in staged}
        parents = {id: getattr(record, link) for id, record in records.items()}
        return [(distance, records[id]) for distance, id in distances_from(start, parents, toward, depth)]

    async def sums(self, user_id: str) -> dict[str, int]:
        sums = Counter(await self._below.sums(user_id))
        increments = self._staged.increments.values()
        sums.update({increment.sum: increment.by for increment in increments if increment.user_id == user_id})
        return dict(sums)

    async def clock_reading(self, user_id: str) -> ClockReading:
        reading = await self._below.clock_reading(user_id)
        step = self._staged.clock_steps.get(user_id)
        return reading if step is None else reading.advanced(step)

    async def list_users(self, after: str | None, limit: int) -> list[str]:
        staged = {user_id for user_id, _ in self._staged.increments if after is None or user_id > after}
        return sorted({*await self._below.list_users(after, limit), *staged})[:limit]

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        staged = [
            message
            for written_at, message in self._staged.messages
            if written_at < before and message.subject.startswith(under)
        ]
        return [*await self._below.list_unsent(before=before, limit=limit, under=under), *staged][:limit]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        self._staged.remove_messages(ids)
        await self._below.mark_sent(ids)

    async def check(self) -> None:
        await self._below.check()

    # --- writes ---

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        check_written_once(steps)
        async with self._writing:
            revisions = await self._check.revisions_below(steps)
            requirements = await self._check.requirements(steps)
            bounded_users = {step.user_id for step in steps if isinstance(step, Increment) and step.at_most is not None}
            sums = {user_id: await self.sums(user_id) for user_id in bounded_users}
            increments = self._check.increments(steps, sums)
            clock_steps = await self._check.clock_steps(steps)
            changes = [self._check.record_change(step, revisions) for step in steps if isinstance(step, Put | Delete)]
            self._staged.add_requirements(requirements)
            self._staged.set_increments(increments)
            self._staged.set_clock_steps(clock_steps)
            for change in changes:
                self._staged.change_record(change)
            self._staged.add_messages(messages)

    # --- the staged records ---

    def _changes_in(self, collection: Collection[Any], user_id: str) -> dict[str, RecordChange]:
        return self._staged.records.get((collection.name, user_id), {})

    def _staged_records(self, collection: Collection[R], user_id: str, where: Where) -> list[R]:
        """Returns the staged records that match."""
        changes = self._changes_in(collection, user_id).values()
        return [
            change.record for change in changes if change.record is not None and matches_where(change.record, where)
        ]

    def _outdated(self, collection: Collection[Any], user_id: str, where: Where) -> Iterable[Where]:
        """Yields filters for the matching records of the store below that are changed here."""
        ids = [id for id, change in self._changes_in(collection, user_id).items() if change.seen != MISSING]
        return (where_among(where, chunk) for chunk in chunks(ids))
