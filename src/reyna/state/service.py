"""The state service: everything a user made, and how it is ordered."""

import msgspec

from reyna.domain.caller import Caller
from reyna.ports import Store
from reyna.state.lineage import Lines
from reyna.state.records import BLOBS, BUCKETS
from reyna.state.shapes import SchemaVerbs, Shapes
from reyna.state.subtree import LIVE


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """How much a user keeps."""

    blobs: int
    buckets: int


class State(Lines):
    """The verbs on blobs (`blobs.py`), buckets (`buckets.py`), places (`placements.py`), the trash (`trash.py`), the
    journal (`journal.py`) and lineages (`lineage.py`)."""

    def __init__(self, store: Store, schemas: SchemaVerbs) -> None:
        super().__init__(store, Shapes(schemas))
        self.shapes = self._shapes

    async def usage(self, caller: Caller) -> Usage:
        """What the user has, the trash left out."""
        blobs = await self._store.count(BLOBS, caller.user_id, LIVE)
        buckets = await self._store.count(BUCKETS, caller.user_id, LIVE)
        return Usage(blobs=blobs, buckets=buckets)
