"""Workers for processors in this process, and the language model that they share."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from reyna.domain.errors import CannotStart
from reyna.domain.processing.processor import NewProcessor
from reyna.ports.bus import Bus
from reyna.sdk import Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer, retry_until_served

if TYPE_CHECKING:
    from reyna.adapters.openai.language import OpenAILanguage

LIBRARY: Final = ("reyna.library.text_expansion:text_expansion",)
PARALLEL_RUNS: Final = 4  # of one processor at the same time; the embedded model writes four texts side by side
SMALL_MODEL_SETTINGS: Final = {"method": "keep", "parallel": 4}  # the embedded model continues a text best


class LanguageEndpoint(NamedTuple):
    """The address of a language model."""

    url: str
    key: str | None
    model: str


class Workers:
    """One worker for each of these processors (`module:name`), all with the same language model.

    `defaults` are settings of processors that this installation prefers.
    """

    def __init__(
        self,
        names: Sequence[str],
        bus: Bus,
        signer: Signer,
        endpoint: LanguageEndpoint,
        *,
        parallel: int = PARALLEL_RUNS,
        defaults: Mapping[str, Any] = {},
    ) -> None:
        self._names, self._bus, self._signer, self._endpoint = names, bus, signer, endpoint
        self._parallel, self._defaults = parallel, dict(defaults)
        self._language: OpenAILanguage | None = None
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Starts the workers, once the services that they need answer. Raises CannotStart and Unserved."""
        self._language = await open_language_model(self._stack, self._endpoint)
        for name in self._names:
            worker = Worker(
                load_processor(name),
                self._bus,
                sign=self._signer.sign,
                services=lambda sign: connect_services(self._bus, sign),
                language=self._language,
                parallel=self._parallel,
                defaults=self._defaults,
            )
            await retry_until_served(worker.start)
            self._stack.push_async_callback(worker.stop)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def check_model(self) -> None:
        """Returns when the language model answers. Raises Fault and Refusal when it does not."""
        if self._language is not None:
            await self._language.check()


async def load_language_adapter() -> type["OpenAILanguage"]:
    """Imports the adapter off the event loop: the client library takes most of a second."""
    module = await asyncio.to_thread(import_module, "reyna.adapters.openai.language")
    return cast("type[OpenAILanguage]", module.OpenAILanguage)


async def open_language_model(
    stack: AsyncExitStack, endpoint: LanguageEndpoint, *, retries: bool = True
) -> "OpenAILanguage":
    """Returns the language model at this address, which is closed with the stack."""
    adapter = await load_language_adapter()
    language = adapter(*endpoint) if retries else adapter(*endpoint, pauses=())
    stack.push_async_callback(language.close)
    return language


def load_processor(name: str) -> Processor[Any]:
    """Returns the processor at `module:name`. Raises CannotStart."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CannotStart(f"There is no processor {name}: {error}") from error
    if not isinstance(found, Processor):
        raise CannotStart(f"{name} is not a processor, but a {type(found).__name__}.")
    return found


def library_registrations() -> list[NewProcessor]:
    """Returns the registrations of the processors that ship with the studio."""
    return [load_processor(name).registration for name in LIBRARY]
