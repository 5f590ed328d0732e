"""The language model that a run names, which is opened when the processor first calls it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from reyna.ports.language import Completion, Language, Prompt
from reyna.ports.streams import as_generator


class ChosenLanguage:
    """A Language that calls the model which `open` returns; it is opened once."""

    def __init__(self, open: Callable[[], Awaitable[Language]]) -> None:
        self._open = open
        self._opening = asyncio.Lock()
        self._language: Language | None = None

    async def complete(self, prompt: Prompt) -> Completion:
        return await (await self._opened()).complete(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        language = await self._opened()
        async with aclosing(as_generator(language.stream(prompt))) as pieces:
            async for piece in pieces:
                yield piece

    async def _opened(self) -> Language:
        async with self._opening:
            if self._language is None:
                self._language = await self._open()
            return self._language
