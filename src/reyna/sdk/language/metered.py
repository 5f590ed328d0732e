"""A language model whose tokens are counted, for the cost of a run."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol

from reyna.domain.costs.cost import MAX_MODEL_CHARACTERS, ModelUse
from reyna.domain.errors import Fault
from reyna.domain.processing.run import Cost
from reyna.ports.language import Completion, EndpointUnavailable, Language, Prompt

CHARACTERS_PER_TOKEN: Final = 4  # of a prompt whose answer was broken off before its tokens were counted


class CallCosts(Protocol):
    """Is told of each call and of what it used, and may refuse it before it is made."""

    async def begin(self, prompt: Prompt) -> str | None: ...

    def add(self, use: ModelUse) -> None: ...

    def end(self, id: str | None) -> None: ...

    async def report_if_due(self) -> None: ...


class UncountedCalls:
    """The CallCosts of a processor that runs alone: nobody wants to know."""

    async def begin(self, prompt: Prompt) -> str | None:
        return None

    def add(self, use: ModelUse) -> None:
        pass

    def end(self, id: str | None) -> None:
        pass

    async def report_if_due(self) -> None:
        pass


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
        cached_tokens=one.cached_tokens + other.cached_tokens,
    )


class MeteredLanguage:
    """A Language decorator that sums the tokens of all calls of one run; without a model, every call raises Fault.

    `demonstration` is True for the small model that comes with the studio, which a processor may be too much for.
    `fault` is the last one of an endpoint that was asked, which tells an attempt that has failed from one that was not
    made since the endpoint is left alone. Each call begins and ends with `costs`, which may refuse it.
    """

    def __init__(
        self, language: Language | None, costs: CallCosts | None = None, *, demonstration: bool = False
    ) -> None:
        self._language, self._costs, self.demonstration = language, costs or UncountedCalls(), demonstration
        self.cost = Cost()
        self.fault: Fault | None = None

    async def complete(self, prompt: Prompt) -> Completion:
        """Returns the whole answer of the model. Raises Fault when it gives none."""
        model = self._model()
        call = await self._costs.begin(prompt)
        try:
            with self._noting_faults():
                completion = await model.complete(prompt)
            self._add_completion(completion)
        finally:
            self._costs.end(call)
        await self._costs.report_if_due()
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
        model = self._model()
        call = await self._costs.begin(prompt)
        pieces, counted = 0, False
        source = model.stream(prompt)
        try:
            with self._noting_faults():
                async for piece in source:
                    if isinstance(piece, Completion):
                        counted = True
                        self._add_completion(piece)
                    else:
                        pieces += 1
                    yield piece
        finally:
            if not counted and pieces:
                self._add_broken_off(prompt, pieces)
            self._costs.end(call)
            if isinstance(source, AsyncGenerator):
                await source.aclose()
        await self._costs.report_if_due()

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

    def _add_completion(self, completion: Completion) -> None:
        self._add(
            ModelUse(
                model=completion.model[:MAX_MODEL_CHARACTERS],
                calls=1,
                input_tokens=completion.input_tokens,
                output_tokens=completion.output_tokens,
                cached_tokens=completion.cached_tokens,
            )
        )

    def _add_broken_off(self, prompt: Prompt, pieces: int) -> None:
        """Counts a call whose tokens its endpoint did not say, since it was broken off."""
        tokens = (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN
        self._add(ModelUse(model=self.cost.model, calls=1, input_tokens=tokens, output_tokens=pieces))

    def _add(self, use: ModelUse) -> None:
        self._costs.add(use)
        self.add(
            Cost(
                model=use.model,
                input_tokens=use.input_tokens,
                output_tokens=use.output_tokens,
                cached_tokens=use.cached_tokens,
            )
        )


@contextmanager
def metered_step() -> Iterator[CostMeter]:
    """Yields a meter of the calls inside this block, also of those in tasks and threads that it starts."""
    meter = CostMeter()
    token = STEP_METER.set(meter)
    try:
        yield meter
    finally:
        STEP_METER.reset(token)
