"""The tokens of earlier runs, for an estimate that nobody can make before."""

from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.prompts.estimate import TokenEstimate
from reyna.ports.store import Store
from reyna.services.processors.records import RUNS

MAX_EARLIER_RUNS: Final = 50


class RunHistory:
    """Reads the latest completed runs of a user."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def average(
        self, caller: Caller, processor: Processor, runs: int
    ) -> tuple[TokenEstimate | None, tuple[str, ...]]:
        """Returns the tokens of so many runs as the caller's latest ones of this processor had, and a note about it."""
        where = {"processor_id": processor.id, "status": "completed"}
        found = await self._store.find(
            RUNS, caller.user_id, where, order=("requested_at",), descending=True, limit=MAX_EARLIER_RUNS
        )
        if not found:
            return None, ()
        tokens = TokenEstimate(
            input_tokens=round(sum(run.cost.input_tokens for run in found) * runs / len(found)),
            output_tokens=round(sum(run.cost.output_tokens for run in found) * runs / len(found)),
            calls=runs,
        )
        return tokens, (f"Estimated from your latest runs of {processor.name} ({len(found):,}).",)
