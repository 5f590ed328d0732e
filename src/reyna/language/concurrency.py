"""The concurrency limit of an endpoint: so many answers are written at a time, the other calls wait in their order."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from reyna.ports.language import Completion, Language, Prompt
from reyna.ports.streams import as_generator


class LimitedLanguage:
    """A Language decorator that holds one of the endpoint's slots during each call; who waits longest is next.

    All models at one endpoint share its `slots`. Waiting for a slot has no time limit.
    """

    def __init__(self, language: Language, slots: asyncio.Semaphore) -> None:
        self._language, self._slots = language, slots

    async def complete(self, prompt: Prompt) -> Completion:
        async with self._slots:
            return await self._language.complete(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        async with self._slots, aclosing(as_generator(self._language.stream(prompt))) as pieces:
            async for piece in pieces:
                yield piece
