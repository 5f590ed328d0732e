"""Removal of a user's own processor, with its instances and its open runs."""

from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Conflict, Forbidden
from reyna.domain.event import Message
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.run import OPEN, Run
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import Delete, Require, RequirementNotMet, Store
from reyna.services.processors.records import INSTANCES, PROCESSORS, RUNS
from reyna.services.processors.registry.processor_lookup import no_processor
from reyna.services.processors.registry.processor_versions import ProcessorVersions
from reyna.services.processors.runs.run_cancellation import RunCancellation
from reyna.storage.quota_limits import QuotaLimits

MAX_WRITE_ATTEMPTS: Final = 10  # instances may be switched on at the same moment


class ProcessorRemoval:
    """Removes a private processor; what it made stays."""

    def __init__(self, store: Store, runs: RunCancellation, versions: ProcessorVersions, limits: QuotaLimits) -> None:
        self._store, self._runs, self._versions, self._limits = store, runs, versions, limits

    async def remove(self, caller: Caller, processor: Processor, if_match: IfMatch | None = None) -> None:
        """Removes the processor and its instances in one write, then cancels its open runs.

        Raises Forbidden for a processor of the system, PreconditionFailed, and NotFound when it is removed already.
        """
        if processor.scope != "user" or processor.user_id != caller.user_id:
            raise Forbidden(f"{processor.id} belongs to the system.", id=processor.id)
        if if_match is not None:
            if_match.check(processor.revision, current=processor)
        await self._remove_with_instances(caller, processor)
        await self.clean_up(caller, processor.id)

    async def clean_up(self, caller: Caller, processor_id: str) -> bool:
        """Cancels the open runs of a removed processor, and deletes its versions and an instance created meanwhile.

        Does nothing when the processor is registered anew. Returns False when a run is left, whose output is being
        stored: then it is to be called again.
        """
        if await self._store.get(PROCESSORS, caller.user_id, processor_id) is not None:
            return True
        await self._versions.delete_all(caller.user_id, processor_id)
        open_runs = {"processor_id": processor_id, "status": OPEN}
        await self._runs.cancel_all(caller, open_runs, _is_of_private_processor)
        await self._delete_instances(caller, processor_id)
        left = await self._store.find(RUNS, caller.user_id, open_runs)
        return not any(_is_of_private_processor(run) for run in left)

    async def _delete_instances(self, caller: Caller, processor_id: str) -> None:
        if await self._store.get(PROCESSORS, SYSTEM_USER_ID, processor_id) is None:
            for instance in await self._store.find(INSTANCES, caller.user_id, {"processor_id": processor_id}):
                with suppress(RequirementNotMet):  # another copy has deleted it
                    await self._store.write(_deletion(instance), messages=[_dropped(caller, instance)])

    async def _remove_with_instances(self, caller: Caller, processor: Processor) -> None:
        for _ in range(MAX_WRITE_ATTEMPTS):
            instances = await self._store.find(INSTANCES, caller.user_id, {"processor_id": processor.id})
            try:
                await self._store.write(
                    Require(PROCESSORS, caller.user_id, processor.id, {"revision": processor.revision}),
                    Delete(PROCESSORS, caller.user_id, processor.id),
                    *(_deletion(instance) for instance in instances),
                    self._limits.increment(caller.user_id, "processors", -1),
                    messages=[
                        *(_dropped(caller, instance) for instance in instances),
                        processor.event("removed", caller).message(),
                    ],
                )
            except RequirementNotMet:
                now = await self._store.get(PROCESSORS, caller.user_id, processor.id)
                if now is None:
                    raise no_processor(processor.id) from None
                processor = now
                continue
            return
        raise Conflict("Too much happened to this processor at once. Try again.", id=processor.id)


def _deletion(instance: Instance) -> Delete:
    return Delete(INSTANCES, instance.user_id, instance.id)


def _dropped(caller: Caller, instance: Instance) -> Message:
    return replace(instance, enabled=False).event("changed", caller, dropped=True).message()


def _is_of_private_processor(run: Run) -> bool:
    return run.processor_scope == "user"
