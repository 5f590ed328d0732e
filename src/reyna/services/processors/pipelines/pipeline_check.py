"""The checks of a pipeline: its processors are there, each takes what the one before it makes, and the rest fits."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.processing.pipeline import MAX_STAGES, PipelineStage
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.schema_patterns import takes_schema
from reyna.services.processors.pipelines.conditions.parsing import check_condition
from reyna.services.processors.registry.processor_lookup import ProcessorLookup
from reyna.services.processors.registry.settings_validator import SettingsValidator


class StagePaths(NamedTuple):
    """The places of a stage in a request, for its errors."""

    processor: str
    settings: str
    model: str
    when: str


def paths_of_saved(number: int) -> StagePaths:
    """Returns the places of a stage of a saved pipeline."""
    stage = f"/stages/{number}"
    return StagePaths(f"{stage}/processor_id", f"{stage}/settings", f"{stage}/model", f"{stage}/when")


def fits(source: Processor, target: Processor) -> bool:
    """Returns True when the target takes something that the source makes."""
    return any(takes_schema(target.input_schemas, made) for made in source.made_schemas)


def check_chain(processors: Sequence[Processor], paths: Sequence[StagePaths]) -> None:
    """Raises Invalid at the first processor that takes nothing that the one before it makes."""
    for number, (source, target) in enumerate(pairwise(processors), 1):
        if not fits(source, target):
            taken = ", ".join(target.input_schemas)
            message = f"{target.id} takes {taken}, and {source.id} before it makes {', '.join(source.made_schemas)}"
            raise Invalid.at(paths[number].processor, message, expected=f"a processor that makes {taken} before it")


class PipelineCheck:
    """Checks the stages of a pipeline for a user."""

    def __init__(self, lookup: ProcessorLookup, settings: SettingsValidator) -> None:
        self._lookup, self._settings = lookup, settings

    async def check(
        self, caller: Caller, stages: Sequence[PipelineStage], paths: Sequence[StagePaths], field: str
    ) -> list[Processor]:
        """Returns the processors of the stages. Raises Invalid, by path; `field` is the place of all stages."""
        if not 1 <= len(stages) <= MAX_STAGES:
            raise Invalid.at(field, "has no processor" if not stages else "is too long", expected=f"1 to {MAX_STAGES}")
        known = await self._lookup.find_many(caller.user_id, {stage.processor_id for stage in stages})
        for stage, path in zip(stages, paths, strict=True):
            if stage.processor_id not in known:
                raise Invalid.at(path.processor, f"there is no processor {stage.processor_id!r}")
        processors = [known[stage.processor_id] for stage in stages]
        check_chain(processors, paths)
        for stage, processor, path in zip(stages, processors, paths, strict=True):
            await self._check_stage(caller, stage, processor, path)
        return processors

    async def _check_stage(self, caller: Caller, stage: PipelineStage, processor: Processor, path: StagePaths) -> None:
        if stage.when is not None:
            check_condition(stage.when, path.when)
        try:
            await self._settings.validate(caller, processor, stage.settings)
        except Invalid as invalid:
            raise _moved(invalid, "/settings", path.settings) from None
        if stage.model is None:
            return
        try:
            await self._settings.check_model(caller, processor, stage.model)
        except Invalid as invalid:
            raise _moved(invalid, "/model", path.model) from None


def _moved(invalid: Invalid, field: str, place: str) -> Invalid:
    """Returns the refusal with the paths of its errors under another place."""
    errors = [
        replace(error, path=place + error.path.removeprefix(field) if error.path.startswith(field) else place)
        for error in invalid.errors
    ]
    return Invalid(invalid.detail, errors=errors)
