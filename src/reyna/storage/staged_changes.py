"""The staged changes of a unit of work, with a savepoint to which they can be rolled back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from reyna.domain.event import Message
from reyna.ports.store import AdvanceClock, Collection, Delete, Increment, Put, Require, Step

K = TypeVar("K")
V = TypeVar("V")
MISSING: Final = 0  # the revision of a record that does not exist


class RecordChange(msgspec.Struct, frozen=True):
    """The staged change of one record.

    `seen` is its revision in the store below (0 for none), `expects` the revision that must still be there at the end
    (None for any), and `record` what will then be stored (None when it is deleted).
    """

    collection: Collection[Any]
    user_id: str
    id: str
    seen: int
    expects: int | None
    record: Any | None

    @property
    def revision(self) -> int:
        """The revision of the staged record; 0 when it is deleted."""
        return MISSING if self.record is None else int(self.record.revision)

    def steps(self) -> list[Step]:
        if self.record is not None:
            return [Put(self.collection, self.record, self.expects)]
        if self.seen == MISSING:
            return []
        unchanged = Require(self.collection, self.user_id, self.id, {"revision": self.seen})
        return [Delete(self.collection, self.user_id, self.id), *([] if self.expects is None else [unchanged])]


class SumIncrement(msgspec.Struct, frozen=True):
    """The staged increments of one sum; `room` is the largest value below at which every bound so far is kept."""

    user_id: str
    sum: str
    by: int = 0
    room: int | None = None

    def plus(self, by: int, at_most: int | None) -> "SumIncrement":
        total = self.by + by
        rooms = [room for room in (self.room, None if at_most is None else at_most - total) if room is not None]
        return replace(self, by=total, room=min(rooms, default=None))

    def step(self) -> Increment:
        bound = None if self.room is None or self.by <= 0 else self.room + self.by
        return Increment(self.user_id, self.sum, self.by, bound)


class StagedChanges:
    """Record changes, requirements, increments, clock steps and messages, in the order in which they were staged.

    After a savepoint every change notes how to undo it, so that a rollback costs what was staged since, however much
    was staged before.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], dict[str, RecordChange]] = {}  # by collection and user, then by id
        self.requirements: dict[str, Require] = {}
        self.increments: dict[tuple[str, str], SumIncrement] = {}
        self.clock_steps: dict[str, AdvanceClock] = {}
        self.messages: list[tuple[datetime, Message]] = []
        self._undo_log: list[Callable[[], object]] | None = None  # since the savepoint; None without one

    def steps(self) -> list[Step]:
        """Returns all staged changes as the steps of one write, with one change for each record."""
        changes = [change for by_id in self.records.values() for change in by_id.values()]
        increments = [increment.step() for increment in self.increments.values() if increment.by]
        changed = [step for change in changes for step in change.steps()]
        return [*self.requirements.values(), *changed, *increments, *self.clock_steps.values()]

    def change_record(self, change: RecordChange) -> None:
        self._set(self.records.setdefault((change.collection.name, change.user_id), {}), change.id, change)

    def add_requirements(self, requirements: Mapping[str, Require]) -> None:
        for key, requirement in requirements.items():
            self._set(self.requirements, key, requirement)

    def set_increments(self, increments: Mapping[tuple[str, str], SumIncrement]) -> None:
        for key, increment in increments.items():
            self._set(self.increments, key, increment)

    def set_clock_steps(self, clock_steps: Mapping[str, AdvanceClock]) -> None:
        for user_id, step in clock_steps.items():
            self._set(self.clock_steps, user_id, step)

    def add_messages(self, messages: Sequence[Message]) -> None:
        self._log_undo(partial(_shorten_to, self.messages, len(self.messages)))
        now = datetime.now(UTC)
        self.messages += [(now, message) for message in messages]

    def remove_messages(self, ids: Sequence[str]) -> None:
        self._log_undo(partial(setattr, self, "messages", self.messages))
        self.messages = [one for one in self.messages if one[1].id not in ids]

    def savepoint(self) -> None:
        """Marks the point to which the next rollback goes back."""
        self._undo_log = []

    def rollback(self) -> int:
        """Rolls back to the savepoint and discards it; returns the number of undone changes."""
        undo_log, self._undo_log = self._undo_log or [], None
        for undo in reversed(undo_log):
            undo()
        return len(undo_log)

    def _set(self, staged: dict[K, V], key: K, value: V) -> None:
        undo = partial(staged.__setitem__, key, staged[key]) if key in staged else partial(staged.__delitem__, key)
        self._log_undo(undo)
        staged[key] = value

    def _log_undo(self, undo: Callable[[], object]) -> None:
        if self._undo_log is not None:
            self._undo_log.append(undo)


def _shorten_to(messages: list[tuple[datetime, Message]], length: int) -> None:
    del messages[length:]
