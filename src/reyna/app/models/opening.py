"""Opening of language models: the one of the settings, and one for a single call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from reyna.domain.errors import Invalid
from reyna.language.endpoint_words import SYSTEM_ADVICE
from reyna.language.endpoints import Endpoints
from reyna.language.guarded_http import AddressRule
from reyna.language.timeouts import LanguageTimeouts, TimedLanguage
from reyna.ports.language import Language, ModelEndpoint

if TYPE_CHECKING:
    from reyna.adapters.anthropic.language import AnthropicLanguage
    from reyna.adapters.openai.language import OpenAILanguage

SINGLE_TRY_TIMEOUTS: Final = LanguageTimeouts(whole=30.0)


async def load_language_adapter() -> type["OpenAILanguage"]:
    """Imports the adapter off the event loop: the client library takes most of a second."""
    module = await asyncio.to_thread(import_module, "reyna.adapters.openai.language")
    return cast("type[OpenAILanguage]", module.OpenAILanguage)


class SystemModel:
    """The model of the settings, or the embedded one; `endpoints` has the limits on calls of it."""

    def __init__(self, endpoint: ModelEndpoint, endpoints: Endpoints | None = None) -> None:
        self.endpoint = endpoint
        self._endpoints = endpoints or Endpoints()
        self._adapter: OpenAILanguage | AnthropicLanguage | None = None

    async def open(self, stack: AsyncExitStack) -> Language:
        """Returns the model with all that makes its calls hold up; it is closed with the stack."""
        self._adapter = await open_adapter(stack, self.endpoint)
        return self._endpoints.strengthen(self._adapter, self.endpoint)

    async def check(self) -> None:
        """Returns when the endpoint answers. Raises Fault and Refusal when it does not."""
        if self._adapter is not None:
            await self._adapter.check()


@asynccontextmanager
async def open_for_single_try(
    endpoint: ModelEndpoint, *, advice: str = SYSTEM_ADVICE, addresses: AddressRule | None = None
) -> AsyncIterator[Language]:
    """Yields the model at this endpoint, each call of which is tried once and takes 30 s at most."""
    async with AsyncExitStack() as stack:
        yield TimedLanguage(
            await open_adapter(stack, endpoint, advice=advice, addresses=addresses), SINGLE_TRY_TIMEOUTS
        )


async def open_adapter(
    stack: AsyncExitStack,
    endpoint: ModelEndpoint,
    *,
    advice: str = SYSTEM_ADVICE,
    addresses: AddressRule | None = None,
) -> "OpenAILanguage | AnthropicLanguage":
    """Returns the adapter for the endpoint, which is closed with the stack. Raises Invalid without its package."""
    adapter: OpenAILanguage | AnthropicLanguage
    if endpoint.provider == "anthropic":
        anthropic = await _load_anthropic_adapter()
        adapter = anthropic(endpoint.url, endpoint.key, endpoint.model, advice=advice, addresses=addresses)
    else:
        openai = await load_language_adapter()
        adapter = openai(endpoint.url, endpoint.key, endpoint.model, advice=advice, addresses=addresses)
    stack.push_async_callback(adapter.close)
    return adapter


async def _load_anthropic_adapter() -> type["AnthropicLanguage"]:
    try:
        module = await asyncio.to_thread(import_module, "reyna.adapters.anthropic.language")
    except ModuleNotFoundError as missing:
        if missing.name != "anthropic":
            raise
        raise Invalid("Models of Anthropic need a package: pip install 'reyna-studio[anthropic]'.") from None
    return cast("type[AnthropicLanguage]", module.AnthropicLanguage)
