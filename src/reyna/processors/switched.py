"""What each user has switched on, remembered until something about it changes."""

from typing import Final

import msgspec

from reyna.domain.caller import HOUSE
from reyna.domain.processor import Instance, Processor
from reyna.ports import Store
from reyna.processors.matching import takes
from reyna.processors.records import INSTANCES, PROCESSORS

KEPT: Final = 10_000  # users; routing asks with every blob, and most blobs set nothing off


class Switches(msgspec.Struct, frozen=True):
    """A user's instances, and the processors they switch."""

    instances: tuple[Instance, ...]
    processors: dict[str, Processor]

    def takers(self, schema_id: str) -> dict[str, Processor]:
        """The processors that a new blob of this schema is for, if any of their instances is enabled."""
        taking = {id: processor for id, processor in self.processors.items() if takes(processor, schema_id)}
        enabled = any(instance.enabled and instance.processor_id in taking for instance in self.instances)
        return taking if enabled else {}


class Switched:
    """Reads what a user has switched on once; `forget` when it has changed, here or in another copy."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Switches] = {}
        self._changes = 0

    async def by(self, user_id: str) -> Switches:
        known = self._known.get(user_id)
        if known is not None:
            return known
        before = self._changes
        switches = await self._read(user_id)
        if before == self._changes:  # otherwise it may be older than what was forgotten meanwhile
            if len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[user_id] = switches
        return switches

    def forget(self, user_id: str | None = None) -> None:
        """What this user has switched on has changed; without a user, a processor itself."""
        self._changes += 1
        if user_id is None:
            self._known.clear()
        else:
            self._known.pop(user_id, None)

    async def _read(self, user_id: str) -> Switches:
        instances = await self._store.find(INSTANCES, user_id)
        ids = {instance.processor_id for instance in instances}
        found = await self._store.find(PROCESSORS, HOUSE, {"id": ids}) if ids else []
        return Switches(tuple(instances), {processor.id: processor for processor in found})
