"""Time limits on a call to a language model: until its first text, between two pieces of text, and as a whole."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from reyna.domain.errors import TimedOut
from reyna.ports.language import Completion, Language, Prompt
from reyna.ports.streams import as_generator


class LanguageTimeouts(msgspec.Struct, frozen=True, kw_only=True):
    """The time limits of a call, in seconds."""

    connect: float = 5.0
    first_text: float = 180.0  # a local server loads a model of many gigabytes first
    between_texts: float = 60.0
    whole: float = 900.0


DEFAULT_TIMEOUTS: Final = LanguageTimeouts()


class TimedLanguage:
    """A Language decorator that ends a call with TimedOut. `connect` is left to the adapter, which knows when it is."""

    def __init__(self, language: Language, timeouts: LanguageTimeouts = DEFAULT_TIMEOUTS) -> None:
        self._language, self._timeouts = language, timeouts

    async def complete(self, prompt: Prompt) -> Completion:
        try:
            async with asyncio.timeout(self._timeouts.whole):
                return await self._language.complete(prompt)
        except TimeoutError:
            raise _too_late("did not finish its answer", self._timeouts.whole) from None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        clock, limits = asyncio.get_running_loop().time, self._timeouts
        end, limit, failing = clock() + limits.whole, limits.first_text, "did not begin its answer"
        async with aclosing(as_generator(self._language.stream(prompt))) as pieces:
            while True:
                at = clock() + limit
                try:
                    async with asyncio.timeout_at(min(at, end)):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if at > end:
                        raise _too_late("did not finish its answer", limits.whole) from None
                    raise _too_late(failing, limit) from None
                yield piece
                limit, failing = limits.between_texts, "fell silent in the middle of its answer"


def _too_late(failing: str, seconds: float) -> TimedOut:
    return TimedOut(f"The language model {failing} within {seconds:g} s.")
