"""Counts each new blob as a use of its schema, once it is written."""

from collections.abc import Sequence

from reyna.domain.event import Message
from reyna.ports.store import Put, Step, Store
from reyna.services.state.records import BLOBS
from reyna.storage.decorator import StoreDecorator
from reyna.validation.usage_counts import UsageCounter


class UsageCountingStore(StoreDecorator):
    """A Store decorator: counts the blobs that a write has created.

    What several verbs stage for one write is counted by that write alone: what was tried, rolled back or tried again
    before does not come this far.
    """

    def __init__(self, store: Store, counts: UsageCounter) -> None:
        super().__init__(store)
        self._counts = counts

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        await self._below.write(*steps, messages=messages)
        for step in steps:
            if type(step) is Put and step.collection is BLOBS and step.expects == 0:
                blob = step.record
                self._counts.count_stored_blob(blob.user_id, blob.schema_id, blob.schema_version)
