"""The check that no instance is switched on whose processor would feed itself without end."""

from collections.abc import Sequence

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.processing.processor import Instance, Processor
from reyna.ports.store import Store
from reyna.services.processors.instances.loops import (
    ProcessorLoop,
    SwitchedOn,
    feeds,
    feeds_within_scope,
    find_loop,
)
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.records import INSTANCES
from reyna.services.processors.registry.processor_lookup import ProcessorLookup


class LoopCheck:
    """Looks for loops among the enabled instances of one user."""

    def __init__(self, store: Store, lookup: ProcessorLookup, state: StateVerbs) -> None:
        self._store, self._lookup, self._state = store, lookup, state

    async def check_instance(self, caller: Caller, instance: Instance, processor: Processor) -> None:
        """Raises ProcessorLoop when switching this instance on would close a loop."""
        if instance.enabled and processor.trigger == "event":
            others = await self._switched_on(caller, processor)
            await self._check(caller, SwitchedOn(instance, processor), others)

    async def check_registration(self, caller: Caller, processor: Processor) -> None:
        """Raises ProcessorLoop when this version of a private processor would close a loop where it is switched on."""
        if processor.trigger != "event":
            return
        switched_on = await self._switched_on(caller, processor)
        for each in switched_on:
            if each.processor is processor:
                await self._check(caller, each, switched_on)

    async def _check(self, caller: Caller, start: SwitchedOn, others: Sequence[SwitchedOn]) -> None:
        if find_loop(start, _one_of_each(others), feeds) is None:  # wherever they are: no bucket needs to be read
            return
        placed = [await self._place(caller, each) for each in others]
        loop = find_loop(await self._place(caller, start), placed, feeds_within_scope)
        if loop is not None:
            raise ProcessorLoop(
                f"This would run in a loop: {' -> '.join(loop)}. Switch one of them off, or register each of them with "
                "a `max_depth`.",
                loop=loop,
            )

    async def _switched_on(self, caller: Caller, changed: Processor) -> list[SwitchedOn]:
        """Returns the caller's enabled instances, with `changed` in the place of its registered version."""
        instances = await self._store.find(INSTANCES, caller.user_id, {"enabled": True})
        processors = await self._lookup.find_many(caller.user_id, {instance.processor_id for instance in instances})
        processors |= {changed.id: changed}
        return [
            SwitchedOn(instance, processors[instance.processor_id])
            for instance in instances
            if instance.processor_id in processors
        ]

    async def _place(self, caller: Caller, each: SwitchedOn) -> SwitchedOn:
        bucket_id = each.instance.bucket_id
        if bucket_id is None:
            return each
        # In a bucket that is gone it reaches nothing but itself.
        containing = await self._state.buckets.containing(caller, [bucket_id])
        return replace(each, containing=containing or (bucket_id,))


def _one_of_each(switched_on: Sequence[SwitchedOn]) -> list[SwitchedOn]:
    """Returns one instance of each processor."""
    return list({each.processor.id: each for each in switched_on}.values())
