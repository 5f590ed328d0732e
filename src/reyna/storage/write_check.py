"""The check of a write against staged changes and the store below them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.ports.store import (
    AdvanceClock,
    Collection,
    Delete,
    Put,
    Require,
    RequirementNotMet,
    Step,
    Store,
    Where,
)
from reyna.storage.chunks import chunks
from reyna.storage.semantics import additions_of, advances_of, check_queryable, key_of, matches_where
from reyna.storage.staged_changes import MISSING, RecordChange, StagedChanges, SumIncrement

RecordKey = tuple[str, str, str]  # collection, user, id


class WriteCheck:
    """Works out what a write stages, and raises RequirementNotMet when one of its conditions does not hold."""

    def __init__(self, below: Store, staged: StagedChanges) -> None:
        self._below, self._staged = below, staged

    async def revisions_below(self, steps: Sequence[Step]) -> dict[RecordKey, int]:
        """Returns the revision in the store below of each record that is written here for the first time."""
        unread: dict[tuple[str, str], tuple[Collection[Any], list[str]]] = {}
        for step in steps:
            if isinstance(step, Put | Delete):
                name, user_id, id = key_of(step)
                if id not in self._changes_in(step.collection, user_id):
                    unread.setdefault((name, user_id), (step.collection, []))[1].append(id)
        revisions = {(name, user_id, id): MISSING for (name, user_id), (_, ids) in unread.items() for id in ids}
        for (name, user_id), (collection, ids) in unread.items():
            for chunk in chunks(ids):
                for id, revision in await self._below.select(collection, user_id, ("id", "revision"), {"id": chunk}):
                    revisions[name, user_id, id] = revision
        return revisions

    async def requirements(self, steps: Sequence[Step]) -> dict[str, Require]:
        """Returns the requirements that the store below has to meet too, by a key of their own."""
        pending: dict[str, tuple[Require, list[str]]] = {}
        requirements: dict[str, Require] = {}
        for step in steps:
            if not isinstance(step, Require):
                continue
            check_queryable(step.collection, step.where)
            change = self._changes_in(step.collection, step.user_id).get(step.id)
            if change is not None and (change.record is None or not matches_where(change.record, step.where)):
                raise RequirementNotMet(step.collection.name, "require")
            condition = f"{step.collection.name} {step.user_id} {step.where}"
            key = f"{condition} {step.id}"
            if change is None and key not in self._staged.requirements and key not in requirements:
                requirements[key] = step
                pending.setdefault(condition, (step, []))[1].append(step.id)
        for requirement, ids in pending.values():
            for chunk in chunks(ids):
                where = where_among(requirement.where, chunk)
                if await self._below.count(requirement.collection, requirement.user_id, where) < len(chunk):
                    raise RequirementNotMet(requirement.collection.name, "require")
        return requirements

    def increments(
        self, steps: Sequence[Step], sums: Mapping[str, Mapping[str, int]]
    ) -> dict[tuple[str, str], SumIncrement]:
        """Returns the increments of these sums, those of this write included; `sums` holds the values before it, by
        user, where a bound asks for them."""
        increments: dict[tuple[str, str], SumIncrement] = {}
        for (user_id, sum), (by, at_most) in additions_of(steps).items():
            staged = self._staged.increments.get((user_id, sum), SumIncrement(user_id, sum))
            increments[user_id, sum] = staged.plus(by, at_most)
            if at_most is not None and sums[user_id].get(sum, 0) + by > at_most:
                raise RequirementNotMet(sum, "increment")
        return increments

    async def clock_steps(self, steps: Sequence[Step]) -> dict[str, AdvanceClock]:
        """Returns the clock step of each user, this write included.

        Numbers that other processes stored between two writes count as written at the same time.
        """
        clock_steps = advances_of(steps)
        for user_id, step in clock_steps.items():
            staged = self._staged.clock_steps.get(user_id)
            if staged is None and not (await self._below.clock_reading(user_id)).allows(step):
                raise RequirementNotMet("", "advance_clock")
            if staged is not None and staged.by != step.by:
                raise RequirementNotMet("", "advance_clock")
        staged_steps = self._staged.clock_steps
        return {
            user_id: _merge_clock_steps(staged_steps.get(user_id, step), step) for user_id, step in clock_steps.items()
        }

    def record_change(self, step: Put | Delete, revisions: Mapping[RecordKey, int]) -> RecordChange:
        """Returns the change of the record with this step included."""
        key = key_of(step)
        before = self._changes_in(step.collection, key[1]).get(key[2])
        current = revisions[key] if before is None else before.revision
        if isinstance(step, Delete):
            if current == MISSING:
                raise RequirementNotMet(step.collection.name, "delete")
            first = RecordChange(step.collection, key[1], key[2], current, current, None)
            return first if before is None else replace(before, record=None)
        if step.expects is not None and step.expects != current:
            raise RequirementNotMet(step.collection.name, "put")
        first = RecordChange(step.collection, key[1], key[2], current, step.expects, step.record)
        return first if before is None else replace(before, record=step.record)

    def _changes_in(self, collection: Collection[Any], user_id: str) -> dict[str, RecordChange]:
        return self._staged.records.get((collection.name, user_id), {})


class _IdOnly(msgspec.Struct, frozen=True):
    id: str


def where_among(where: Where, ids: Sequence[str]) -> Where:
    """Returns the same filter, limited to these ids."""
    return {**where, "id": [id for id in ids if "id" not in where or matches_where(_IdOnly(id), {"id": where["id"]})]}


def _merge_clock_steps(before: AdvanceClock, step: AdvanceClock) -> AdvanceClock:
    return replace(step, number=max(before.number, step.number), limit=max(before.limit, step.limit))
