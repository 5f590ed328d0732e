"""Retries of calls to a language model after temporary errors, with back-off and jitter."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Final

from reyna.domain.errors import Fault
from reyna.ports.language import Completion, EndpointFault, EndpointUnavailable, Language, Prompt
from reyna.ports.streams import as_generator

RETRY_PAUSES_SECONDS: Final = (0.5, 2.0, 8.0)  # before the second, third and fourth attempt, give or take a quarter
MAX_PAUSE_SECONDS: Final = 30.0  # an endpoint that wants a longer one is left to the next attempt of the run


class RetryingLanguage:
    """A Language decorator that repeats a call after a Fault, once after each of `pauses`.

    A refusal is final. A stream that has yielded text is not repeated, since its beginning has been handed out; and a
    call that an open circuit breaker stopped is not, since it would be stopped again.
    """

    def __init__(
        self,
        language: Language,
        *,
        pauses: Sequence[float] = RETRY_PAUSES_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._language, self._pauses, self._sleep = language, pauses, sleep

    async def complete(self, prompt: Prompt) -> Completion:
        faults: list[Fault] = []
        while True:
            try:
                return await self._language.complete(prompt)
            except Fault as fault:
                faults.append(fault)
            await self._pause(faults)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        faults, has_begun = list[Fault](), False
        while True:
            try:
                async with aclosing(as_generator(self._language.stream(prompt))) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
                return
            except Fault as fault:
                if has_begun:
                    raise
                faults.append(fault)
            await self._pause(faults)

    async def _pause(self, faults: Sequence[Fault]) -> None:
        """Waits before the next attempt. Raises the last fault when there is none.

        When a circuit breaker has opened since, that is the one before: the endpoint was asked, and has failed.
        """
        pause = retry_pause(faults[-1], len(faults) - 1, self._pauses)
        if pause is None:
            raise faults[-2] if len(faults) > 1 and isinstance(faults[-1], EndpointUnavailable) else faults[-1]
        await self._sleep(pause)


def retry_pause(fault: Fault, attempt: int, pauses: Sequence[float]) -> float | None:
    """Returns the seconds before the next attempt, as the endpoint says or by our back-off; None for no more."""
    if attempt >= len(pauses) or isinstance(fault, EndpointUnavailable):
        return None
    requested = fault.retry_after if isinstance(fault, EndpointFault) else None
    if requested is not None:
        return requested if requested <= MAX_PAUSE_SECONDS else None
    return pauses[attempt] * random.uniform(0.75, 1.25)  # noqa: S311 - so that many clients spread
