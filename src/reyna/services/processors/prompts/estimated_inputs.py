"""The processor, the blobs and the settings that an estimate is for, checked as the request itself would be."""

from collections.abc import Sequence
from typing import Any

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.processing.batch import RunRequest
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import NewRuns
from reyna.services.processors.models.model_setting import chosen_model, split_model
from reyna.services.processors.pipelines.pipeline_requests import PipelineRequests, check_input
from reyna.services.processors.registry.registry import Registry
from reyna.services.processors.registry.settings_validator import SettingsValidator
from reyna.services.processors.runs.input_blobs import InputBlobs


class EstimatedInput(msgspec.Struct, frozen=True):
    """The runs to estimate: of the first of so many processors, one after the other. `model` is None for that of the
    installation."""

    processor: Processor
    blobs: Sequence[Blob]
    settings: dict[str, Any]
    model: str | None
    stages: int = 1


class EstimatedInputs:
    """Finds the input of an estimate."""

    def __init__(
        self, registry: Registry, settings: SettingsValidator, inputs: InputBlobs, pipelines: PipelineRequests
    ) -> None:
        self._registry, self._settings, self._inputs, self._pipelines = registry, settings, inputs, pipelines

    async def find(self, caller: Caller, request: RunRequest) -> EstimatedInput:
        """Raises NotFound, Invalid and TooMuch as the request itself."""
        match request.parse():
            case NewRuns() as new:
                return await self._of_processor(caller, new)
            case chain:
                first = await self._pipelines.first_stage(caller, chain)
                model, settings = split_model(first.processor, first.stage.settings)
                return EstimatedInput(
                    first.processor, first.blobs, settings, chosen_model(first.stage.model or model), first.stages
                )

    async def _of_processor(self, caller: Caller, new: NewRuns) -> EstimatedInput:
        check_input(new)
        processor = await self._registry.get(caller, new.processor_id)
        await self._settings.validate(caller, processor, new.settings)
        if new.model is not None:
            await self._settings.check_model(caller, processor, new.model)
        blobs, settings = await self._inputs.find(caller, processor, new, new.settings)
        model, settings = split_model(processor, settings)
        return EstimatedInput(processor, blobs, settings, chosen_model(new.model or model))
