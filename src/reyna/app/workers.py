"""Workers for processors in this process, and the language model that they share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from reyna.app.config import Settings
from reyna.app.models.opening import SystemModel
from reyna.domain.errors import WrongSetting
from reyna.domain.processing.model import RunModel
from reyna.domain.processing.processor import NewProcessor
from reyna.ports.bus import RETRY_DELAYS_SECONDS, Bus
from reyna.ports.language import Language
from reyna.sdk.command.loading import load_processor
from reyna.sdk.processor import Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer, retry_until_served

RESEARCH_ASSISTANT: Final = "reyna.library.research_assistant:research_assistant"
LIBRARY: Final = (
    "reyna.library.text_expansion:text_expansion",
    "reyna.library.pitch:pitch_writer",
    "reyna.library.pitch.export:pitch_export",
    "reyna.library.text_editing:text_rewriting",
    "reyna.library.text_editing:text_shortening",
    "reyna.library.text_editing:sensory_description",
    "reyna.library.text_editing:text_continuation",
    "reyna.library.text_editing:beat_expansion",
    "reyna.library.style_analysis:style_analyzer",
    RESEARCH_ASSISTANT,
    "reyna.library.codex_proposer:codex_proposer",
    "reyna.library.book_compiler:book_compiler",
)
PARALLEL_RUNS: Final = 4  # of one processor at the same time; the embedded model writes four texts side by side
SMALL_MODEL_SETTINGS: Final = {"method": "keep", "parallel": 4}  # the embedded model continues a text best


class Workers:
    """One worker for each of these processors (`module:name`), all with the language model of the settings.

    `demonstration`: the model is the one that comes with the studio. `open_model` opens a model of a user, which a run
    names. `defaults` are settings of processors that this installation prefers, `retry_delays` the seconds before each
    further attempt at a run that failed. `load` returns the processor of a name.
    """

    def __init__(
        self,
        names: Sequence[str],
        bus: Bus,
        signer: Signer,
        model: SystemModel,
        *,
        demonstration: bool = False,
        open_model: Callable[[RunModel], Awaitable[Language]] | None = None,
        parallel: int = PARALLEL_RUNS,
        defaults: Mapping[str, Any] = {},
        retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS,
        load: Callable[[str], Processor[Any]] = load_processor,
    ) -> None:
        self._names, self._bus, self._signer, self._model = names, bus, signer, model
        self._open_model, self._demonstration = open_model, demonstration
        self._parallel, self._defaults, self._retry_delays = parallel, dict(defaults), retry_delays
        self._load = load
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Starts the workers, once the services that they need answer. Raises CannotStart and Unserved."""
        language = await self._model.open(self._stack)
        for name in self._names:
            worker = Worker(
                self._load(name),
                self._bus,
                sign=self._signer.sign,
                services=lambda sign: connect_services(self._bus, sign),
                language=language,
                demonstration=self._demonstration,
                open_model=self._open_model,
                parallel=self._parallel,
                defaults=self._defaults,
                retry_delays=self._retry_delays,
            )
            await retry_until_served(worker.start)
            self._stack.push_async_callback(worker.stop)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def check_model(self) -> None:
        """Returns when the language model answers. Raises Fault and Refusal when it does not."""
        await self._model.check()


def library_registrations() -> list[NewProcessor]:
    """Returns the registrations of the processors that ship with the studio."""
    return [load_processor(name).registration for name in LIBRARY]


def load_installed_processor(name: str, settings: Settings) -> Processor[Any]:
    """Returns the processor at `module:name`; the research assistant with the permitted sources alone.

    Raises CannotStart, and WrongSetting for sources that are none.
    """
    if name != RESEARCH_ASSISTANT:
        return load_processor(name)
    from reyna.library.research_assistant import build_research_assistant
    from reyna.library.research_assistant.sources.network import NetworkSources, read_source_urls

    try:
        urls = read_source_urls(settings.research_sources)
    except ValueError as error:
        raise WrongSetting("REYNA_RESEARCH_SOURCES", str(error)) from None
    return build_research_assistant(NetworkSources(urls, contact=settings.research_contact))
