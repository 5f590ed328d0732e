"""The depth of runs: how many runs, one on the output of another, led to a blob."""

from collections.abc import Sequence
from typing import Final

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.processing.processor import Processor
from reyna.ports.store import Store
from reyna.services.processors.records import RUNS

DEFAULT_MAX_DEPTH: Final = 10  # of the runs that events request, for a processor that states no other


class RunDepths:
    """Finds the depth that a run on a blob has: 1 on what a user made, one more on the output of each run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, caller: Caller, blobs: Sequence[Blob]) -> dict[str, int]:
        """Returns the depth of a run on each of these blobs, by the id of the blob."""
        depths = dict.fromkeys([blob.id for blob in blobs], 1)
        sources = {blob.parent_id for blob in blobs if blob.parent_id is not None and blob.author_kind != "import"}
        if not sources:
            return depths
        for run in await self._store.find(RUNS, caller.user_id, {"blob_id": sources}):
            for made in run.output_blob_ids:
                if made in depths:
                    depths[made] = run.depth + 1
        return depths


def is_too_deep(processor: Processor, depth: int) -> bool:
    """Returns True when an event requests no run of the processor at this depth."""
    return depth > max_depth_of(processor)


def max_depth_of(processor: Processor) -> int:
    return DEFAULT_MAX_DEPTH if processor.max_depth is None else processor.max_depth
