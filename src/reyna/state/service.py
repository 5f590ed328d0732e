"""The state service: everything a user made, and how it is ordered."""

from collections.abc import Mapping
from datetime import timedelta

from reyna.domain.caller import Caller
from reyna.domain.quota import Usage
from reyna.ports import Store
from reyna.state.bulk import Bulk
from reyna.state.examining import Examining
from reyna.state.migration import Migration
from reyna.state.purging import Purging
from reyna.state.quota import KEPT, Quota
from reyna.state.shapes import SchemaVerbs, Shapes
from reyna.state.stored import Counting
from reyna.state.upgrades import Upgrades


class State(Examining, Upgrades, Migration, Purging, Bulk):
    """The verbs on blobs (`blobs.py`), their revisions (`history.py`, `names.py`) and upgrades (`upgrades.py`), buckets
    (`buckets.py`), places (`placements.py`), the trash (`trash.py`, `purging.py`), the journal (`journal.py`), lineages
    (`lineage.py`), copies (`copying.py`), many at once (`bulk.py`) and what comes in from elsewhere
    (`migration.py`)."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaVerbs,
        *,
        allowed: Mapping[str, int | None] = {},
        keeps_trash: timedelta | None = None,
    ) -> None:
        """`allowed`: how many `blobs`, `bytes` and `buckets` each user may keep; `keeps_trash`: how long, None for
        ever."""
        shapes = Shapes(schemas)
        super().__init__(Counting(store, shapes.counts), shapes, Quota(store, allowed))
        self._keeps_trash = keeps_trash
        self.shapes = self._shapes

    async def usage(self, caller: Caller) -> Usage:
        """What the user keeps, the trash included."""
        sums = await self._store.sums(caller.user_id)
        return Usage(used={what: sums.get(what, 0) for what in KEPT}, allowed=self._quota.allowed)
