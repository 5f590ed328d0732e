"""A cache of the instances of each user, and of the processors that they switch on."""

from typing import Final

import msgspec

from reyna.domain.processing.processor import Instance, Processor
from reyna.ports.store import Store
from reyna.services.processors.instances.matching import takes
from reyna.services.processors.records import INSTANCES
from reyna.services.processors.registry.processor_lookup import ProcessorLookup

MAX_CACHED_USERS: Final = 10_000  # every blob event reads the cache, and most of them request no run


class UserInstances(msgspec.Struct, frozen=True):
    """The instances of one user, and their processors by id."""

    instances: tuple[Instance, ...]
    processors: dict[str, Processor]

    def processors_taking(self, schema_id: str) -> dict[str, Processor]:
        """Returns the processors that a new blob of this schema is for; empty when none of them is enabled."""
        taking = {id: processor for id, processor in self.processors.items() if takes(processor, schema_id)}
        enabled = any(instance.enabled and instance.processor_id in taking for instance in self.instances)
        return taking if enabled else {}


class InstanceCache:
    """Reads the instances of a user once, until `invalidate` says that they changed, here or in another copy."""

    def __init__(self, store: Store, processors: ProcessorLookup) -> None:
        self._store, self._processors = store, processors
        self._cached: dict[str, UserInstances] = {}
        self._changes = 0

    async def get(self, user_id: str) -> UserInstances:
        cached = self._cached.get(user_id)
        if cached is not None:
            return cached
        before = self._changes
        instances = await self._read(user_id)
        if before == self._changes:  # otherwise it may be older than an entry that was invalidated meanwhile
            if len(self._cached) >= MAX_CACHED_USERS:
                del self._cached[next(iter(self._cached))]
            self._cached[user_id] = instances
        return instances

    def find_cached(self, user_id: str) -> UserInstances | None:
        """Returns the instances of a user when they are in the cache."""
        return self._cached.get(user_id)

    def invalidate(self, user_id: str | None = None) -> None:
        """Drops the entry of this user, or every entry when a processor of the system has changed."""
        self._changes += 1
        if user_id is None:
            self._cached.clear()
        else:
            self._cached.pop(user_id, None)

    async def _read(self, user_id: str) -> UserInstances:
        instances = await self._store.find(INSTANCES, user_id)
        processors = await self._processors.find_many(user_id, {instance.processor_id for instance in instances})
        return UserInstances(tuple(instances), processors)
