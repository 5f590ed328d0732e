"""The durable steps of one attempt at a run: each is looked up, or carried out and stored."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol

from reyna.domain.errors import Invalid
from reyna.domain.processing.run import Cost
from reyna.domain.processing.step import RunStep, check_step_name, encode_step_result
from reyna.sdk.language.metered import MeteredLanguage, metered_step
from reyna.sdk.threads import run_in_thread

OPEN_STEPS: Final[ContextVar[tuple[str, ...]]] = ContextVar("open_steps", default=())  # one inside the other


class StepStore(Protocol):
    """The stored steps of one run."""

    async def get(self, name: str) -> RunStep | None: ...

    async def put(self, name: str, result: Any, cost: Cost) -> RunStep: ...


class DurableSteps:
    """Carries out each step once. What a finished step has cost is counted once for the run, in whatever attempt."""

    def __init__(self, store: StepStore, language: MeteredLanguage) -> None:
        self._store, self._language = store, language
        self._counted: set[str] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, name: str, call: Callable[[], Awaitable[Any] | Any]) -> Any:
        """Returns the stored result of the step, after carrying it out if it has not been finished.

        Raises Invalid for its name, Invalid and TooLarge for a result that cannot be stored, and what `call` raises.
        """
        check_step_name(name)
        if name in OPEN_STEPS.get():
            raise Invalid(f"The step {name!r} is part of itself.")
        async with self._locks[name]:
            stored = await self._store.get(name)
            if stored is None:
                stored = await self._carry_out(name, call)
            elif name not in self._counted:
                self._language.add(stored.cost)
            self._counted.add(name)
            return stored.result

    async def _carry_out(self, name: str, call: Callable[[], Awaitable[Any] | Any]) -> RunStep:
        open_steps = OPEN_STEPS.set((*OPEN_STEPS.get(), name))
        try:
            with metered_step() as meter:
                result = await _call(name, call)
        finally:
            OPEN_STEPS.reset(open_steps)
        encode_step_result(result, name)
        return await self._store.put(name, result, meter.cost)


async def _call(name: str, call: Callable[[], Awaitable[Any] | Any]) -> Any:
    """Calls in a thread what is no coroutine function, since it may block."""
    result = call() if asyncio.iscoroutinefunction(call) else await run_in_thread(call, name=f"step {name}")
    return await result if isinstance(result, Awaitable) else result
