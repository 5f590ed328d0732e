"""The Language port: a model that completes prompts."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt; `max_tokens` limits the answer."""

    system: str
    user: str
    max_tokens: int
    temperature: float = 0.7
    stop: tuple[str, ...] = ()


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `finished` is False when it was cut at `max_tokens`."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    finished: bool = True


class Language(Protocol):
    """Both methods raise Refusal for permanent errors (a wrong key, an unknown model), and Fault for others."""

    async def complete(self, prompt: Prompt) -> Completion: ...

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        """Yields pieces of text as they are written, then one Completion with the whole."""
        ...
