"""The state service: everything a user made, and how it is ordered."""

import msgspec

from reyna.domain.caller import Caller
from reyna.ports import Store
from reyna.state.buckets import LIVE
from reyna.state.placements import Placements
from reyna.state.records import BLOBS, BUCKETS
from reyna.state.shapes import SchemaVerbs, Shapes


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """How much a user keeps."""

    blobs: int
    buckets: int


class State(Placements):
    """The verbs on blobs (`blobs.py`), buckets (`buckets.py`) and places (`placements.py`)."""

    def __init__(self, store: Store, schemas: SchemaVerbs) -> None:
        super().__init__(store, Shapes(schemas))
        self.shapes = self._shapes

    async def usage(self, caller: Caller) -> Usage:
        """What the user has, the trash left out."""
        blobs = await self._store.count(BLOBS, caller.user_id, LIVE)
        buckets = await self._store.count(BUCKETS, caller.user_id, LIVE)
        return Usage(blobs=blobs, buckets=buckets)

