"""The prompts of a run that has not begun, as a worker says that they will be."""

from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.processing.prompts.estimate import RehearsalReport
from reyna.domain.processing.prompts.prompt import RunPrompts
from reyna.domain.processing.run import Run
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.prompts.asked_models import AskedModels
from reyna.services.processors.prompts.rehearsals import Rehearsals
from reyna.services.processors.registry.processor_lookup import ProcessorLookup

MORE_FOLLOW: Final = "These are the first prompts; what follows depends on the answers."
NO_BLOB: Final = "The note of this run does not exist any more."
WILL_BE_REFUSED: Final = "The run will be refused: {reason}"
ASKS_NO_MODEL: Final = "This run will ask no language model."


class PlannedPrompts:
    """Finds out the prompts of a run before it begins."""

    def __init__(self, lookup: ProcessorLookup, state: StateVerbs, models: AskedModels, rehearsals: Rehearsals) -> None:
        self._lookup, self._state, self._models, self._rehearsals = lookup, state, models, rehearsals

    async def find(self, caller: Caller, run: Run) -> RunPrompts:
        try:
            processor = await self._lookup.get_of_run(run)
            blob = await self._state.blobs.get(caller, run.blob_id)
        except NotFound:
            return RunPrompts(run_id=run.id, state="unknown", detail=NO_BLOB)
        report = await self._rehearsals.rehearse(processor, blob, run.settings, model=run.model)
        if report.unknown is not None:
            return RunPrompts(run_id=run.id, state="unknown", detail=report.unknown)
        model = await self._models.find(run.user_id, run.model)
        return RunPrompts(
            run_id=run.id,
            state="planned",
            items=tuple(replace(prompt, model=model and model.model) for prompt in report.prompts),
            complete=report.complete,
            detail=_detail_of(report),
        )


def _detail_of(report: RehearsalReport) -> str | None:
    if report.refused is not None:
        return WILL_BE_REFUSED.format(reason=report.refused)
    if not report.complete:
        return MORE_FOLLOW
    return None if report.prompts else ASKS_NO_MODEL
