"""The runs of an instance that have not started: cancelled when it is switched off or deleted."""

from reyna.domain.caller import Caller
from reyna.domain.processing.run import Run
from reyna.ports.store import Store
from reyna.services.processors.records import INSTANCES
from reyna.services.processors.runs.run_cancellation import RunCancellation


class WaitingRuns:
    """Cancels the waiting runs of an instance; those under way go on."""

    def __init__(self, store: Store, runs: RunCancellation) -> None:
        self._store, self._runs = store, runs

    async def cancel(self, caller: Caller, instance_id: str, processor_id: str) -> int:
        """Cancels them, unless the instance is enabled, and returns their number."""
        instance = await self._store.get(INSTANCES, caller.user_id, instance_id)
        if instance is not None and instance.enabled:
            return 0

        def waits(run: Run) -> bool:
            return run.instance_id == instance_id and run.status == "requested"

        return await self._runs.cancel_all(caller, {"processor_id": processor_id, "status": "requested"}, waits)
