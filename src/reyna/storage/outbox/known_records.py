"""The records as this process has left them, by which it notices that another process may have written in between."""

from collections.abc import Sequence
from typing import Final

from reyna.domain.ids import ID
from reyna.ports.store import Delete, Put, Require, Step

MAX_RECENT_RECORDS: Final = 20_000  # up to twice as many are remembered, in about 10 MB
Key = tuple[str, str, str]  # collection, user, id


class KnownRecords:
    """The revisions of the records that this process has written or required; the longest unused are forgotten."""

    def __init__(self, max_recent: int = MAX_RECENT_RECORDS) -> None:
        self._recent: dict[Key, int] = {}  # the revision, 0 for a deleted one
        self._older: dict[Key, int] = {}
        self._max_recent = max_recent

    def cover(self, steps: Sequence[Step]) -> bool:
        """Tells whether all that this committed write rests on is known.

        What it replaces must be known at the very revision, what it deletes or requires at any. A new record rests on
        nothing, unless it belongs to others that are not written here: `bucket:blob` may have been there before, and
        been deleted by another process.
        """
        for step in steps:
            if type(step) is Put:  # for each write: `isinstance` takes twice as long
                record = step.record
                if step.expects != 0:
                    if self._revision_of((step.collection.name, record.user_id, record.id)) != step.expects:
                        return False
                elif ":" in record.id and not _is_new(record.id, steps):
                    return False
            elif (type(step) is Require or type(step) is Delete) and not self._revision_of(
                (step.collection.name, step.user_id, step.id)
            ):
                return False
        return True

    def add(self, steps: Sequence[Step]) -> None:
        """Remembers the records of a write whose messages are published, or will be in their turn."""
        recent = self._recent
        for step in steps:
            if type(step) is Put:
                record = step.record
                recent[step.collection.name, record.user_id, record.id] = record.revision
            elif type(step) is Require:
                key = step.collection.name, step.user_id, step.id
                recent[key] = self._revision_of(key) or 1
            elif type(step) is Delete:
                recent[step.collection.name, step.user_id, step.id] = 0
        if len(recent) > self._max_recent:
            self._older, self._recent = recent, {}

    def _revision_of(self, key: Key) -> int:
        """Returns 0 for a record that is not known."""
        revision = self._recent.get(key)
        return self._older.get(key, 0) if revision is None else revision


def _is_new(id: str, steps: Sequence[Step]) -> bool:
    """Tells whether a record cannot have been there before: it belongs to none, or to one that is written with it."""
    for step in steps:
        if type(step) is Put:
            other: str = step.record.id
            if len(other) < len(id) and (id.endswith(other) or id.startswith(other)):
                return True
    return ID.fullmatch(id.partition(":")[0]) is None
