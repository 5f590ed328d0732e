"""A language model whose tokens are counted, for the cost of a run."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from reyna.domain.errors import Fault
from reyna.domain.processing.run import Cost
from reyna.ports.language import Completion, EndpointUnavailable, Language, Prompt

CHARACTERS_PER_TOKEN: Final = 4  # of a prompt whose answer was broken off before its tokens were counted


class CostMeter:
    """Sums the tokens of the calls that one step makes."""

    def __init__(self) -> None:
        self.cost = Cost()

    def add(self, cost: Cost) -> None:
        self.cost = sum_costs(self.cost, cost)


STEP_METER: Final[ContextVar[CostMeter | None]] = ContextVar("step_meter", default=None)  # of the step under way


def sum_costs(one: Cost, other: Cost) -> Cost:
    return Cost(
        model=other.model or one.model,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
    )


class MeteredLanguage:
    """A Language decorator that sums the tokens of all calls of one run; without a model, every call raises Fault.

    `fault` is the last one of an endpoint that was asked, which tells an attempt that has failed from one that was not
    made since the endpoint is left alone.
    """

    def __init__(self, language: Language | None) -> None:
        self._language = language
        self.cost = Cost()
        self.fault: Fault | None = None

    async def complete(self, prompt: Prompt) -> Completion:
        """Returns the whole answer of the model. Raises Fault when it gives none."""
        with self._noting_faults():
            completion = await self._model().complete(prompt)
        self._add(completion.model, completion.input_tokens, completion.output_tokens)
        return completion

    async def complete_json(self, prompt: Prompt, schema: Mapping[str, Any]) -> Any:
        """Returns an answer as a JSON value that fits this JSON Schema.

        An answer that does not fit is sent back to the model once. Raises UnusableAnswer for the second one.
        """
        # Imports the validator of JSON Schema, which processors that never ask for JSON do without.
        from reyna.sdk.language.structured_output import complete_json

        return await complete_json(self, prompt, schema)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        """Yields pieces of text, then one Completion.

        Close it (`contextlib.aclosing`) when you stop before its end: the model then stops writing, and its output so
        far is counted as one token for each piece.
        """
        pieces, counted = 0, False
        source = self._model().stream(prompt)
        try:
            with self._noting_faults():
                async for piece in source:
                    if isinstance(piece, Completion):
                        counted = True
                        self._add(piece.model, piece.input_tokens, piece.output_tokens)
                    else:
                        pieces += 1
                    yield piece
        finally:
            if not counted and pieces:
                self._add(self.cost.model, (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN, pieces)
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except EndpointUnavailable:
            raise
        except Fault as fault:
            self.fault = fault
            raise

    def _model(self) -> Language:
        if self._language is None:
            raise Fault("No language model is set up: see REYNA_LLM_URL.")
        return self._language

    def add(self, cost: Cost) -> None:
        """Counts this cost for the run, and for the step under way."""
        self.cost = sum_costs(self.cost, cost)
        if (meter := STEP_METER.get()) is not None:
            meter.add(cost)

    def _add(self, model: str | None, input_tokens: int, output_tokens: int) -> None:
        self.add(Cost(model=model, input_tokens=input_tokens, output_tokens=output_tokens))


@contextmanager
def metered_step() -> Iterator[CostMeter]:
    """Yields a meter of the calls inside this block, also of those in tasks and threads that it starts."""
    meter = CostMeter()
    token = STEP_METER.set(meter)
    try:
        yield meter
    finally:
        STEP_METER.reset(token)
