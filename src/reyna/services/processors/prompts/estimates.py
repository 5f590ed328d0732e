"""Estimates: the tokens and the cost of runs before they are requested."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import ModelUse
from reyna.domain.costs.money import CURRENCY, format_amount
from reyna.domain.processing.batch import RunRequest
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.prompts.estimate import EstimatedCost, RehearsalReport, RunEstimate, TokenEstimate
from reyna.ports.prices import PricedModel
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.prompts.asked_models import AskedModels
from reyna.services.processors.prompts.estimate_sums import EstimateSums
from reyna.services.processors.prompts.estimated_inputs import EstimatedInputs
from reyna.services.processors.prompts.rehearsals import Rehearsals
from reyna.services.processors.prompts.run_history import RunHistory
from reyna.transport.rpc import long_running

MAX_SAMPLED_BLOBS: Final = 100  # of one estimate; more are represented by so many of them
MAX_PARALLEL_REHEARSALS: Final = 4
FIRST_STAGE_ONLY: Final = (
    "Only {name}, the first of {stages} stages, is estimated; the input of later ones does not exist yet."
)
ESTIMATE_SECONDS: Final = 6.0  # for all rehearsals of one estimate


class Estimates:
    """Says what runs would use. Nothing is requested, no model is called, and nothing is counted."""

    def __init__(
        self, inputs: EstimatedInputs, models: AskedModels, rehearsals: Rehearsals, history: RunHistory
    ) -> None:
        self._inputs, self._models, self._rehearsals, self._history = inputs, models, rehearsals, history

    @long_running
    async def compute(self, caller: Caller, new: RunRequest) -> RunEstimate:
        """Returns what a request for these runs would use, in about six seconds at most.

        Of more than 100 blobs, so many are looked at, evenly spread; of a pipeline, the first processor.
        Raises NotFound, Invalid and TooMuch as the request itself.
        """
        check_not_processor(caller)
        wanted = await self._inputs.find(caller, new)
        processor, blobs = wanted.processor, wanted.blobs
        sample = spread_evenly(blobs, MAX_SAMPLED_BLOBS)
        sums = EstimateSums(len(blobs), await self._rehearse_all(processor, sample, wanted.settings, wanted.model))
        tokens, notes = sums.tokens, sums.notes
        if tokens is None and blobs:
            tokens, said = await self._history.average(caller, processor, len(blobs))
            notes = (*notes, *said)
        if wanted.stages > 1:
            notes = (*notes, FIRST_STAGE_ONLY.format(name=processor.name, stages=wanted.stages))
        model = await self._models.find(caller.user_id, wanted.model)
        cost = await self._cost_of(model, tokens)
        if tokens and cost is None:
            notes = (*notes, f"The price of {model.model if model else 'the model'} is not known.")
        return RunEstimate(
            runs=len(blobs),
            calls=tokens.calls if tokens else None,
            input_tokens=tokens.input_tokens if tokens else None,
            output_tokens=tokens.output_tokens if tokens else None,
            cost=cost,
            model=model.model if model else None,
            refused=sums.refused,
            sampled=sums.sampled,
            notes=notes,
        )

    async def _cost_of(self, model: PricedModel | None, tokens: TokenEstimate | None) -> EstimatedCost | None:
        if tokens is None:
            return None
        use = ModelUse(calls=tokens.calls, input_tokens=tokens.input_tokens, output_tokens=tokens.output_tokens)
        amount = await self._models.amount_of(model, use)
        return None if amount is None else EstimatedCost(amount=format_amount(amount), currency=CURRENCY)

    async def _rehearse_all(
        self, processor: Processor, blobs: Sequence[Blob], settings: dict[str, Any], model: str | None
    ) -> list[RehearsalReport]:
        """Returns the reports that come in time."""
        slots = asyncio.Semaphore(MAX_PARALLEL_REHEARSALS)

        async def rehearse(blob: Blob) -> RehearsalReport:
            async with slots:
                return await self._rehearsals.rehearse(processor, blob, settings, model=model, only_tokens=True)

        tasks = [asyncio.create_task(rehearse(blob)) for blob in blobs]
        if not tasks:
            return []
        try:
            done, _ = await asyncio.wait(tasks, timeout=ESTIMATE_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
        return [task.result() for task in done]


def spread_evenly(blobs: Sequence[Blob], most: int) -> Sequence[Blob]:
    """Returns the blobs, or `most` of them at even distances."""
    if len(blobs) <= most:
        return blobs
    return [blobs[number * len(blobs) // most] for number in range(most)]
