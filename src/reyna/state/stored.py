"""New blobs count as a use of their schemas: each once, and only when it was really written."""

from collections.abc import Sequence

from reyna.domain.event import Message
from reyna.fit.counting import Counts
from reyna.over import Over
from reyna.ports import Put, Step, Store
from reyna.state.records import BLOBS


class Counting(Over):
    """A Store over a Store that counts the blobs which a write has made.

    Verbs need not know of it. What several of them stage for one write is counted by that write alone: whatever was
    tried, taken back or tried again before it does not come this far.
    """

    def __init__(self, store: Store, counts: Counts) -> None:
        super().__init__(store)
        self._counts = counts

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        await self._below.write(*steps, messages=messages)
        for step in steps:
            if isinstance(step, Put) and step.collection is BLOBS and step.expects == 0:
                blob = step.record
                self._counts.stored(blob.user_id, blob.schema_id, blob.schema_version)
